"""Strict reading of request targets and JSON bodies, before any framework sees them.

RFC 8259 leaves open what a duplicate key, a lone surrogate or a NaN means. Two readers that disagree on that are how
checks are bypassed, so all of them are refused.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn
from urllib.parse import unquote_to_bytes

from gateway.errors import BadRequest, UnsupportedMediaType

MAX_DEPTH = 64
MAX_TARGET = 8192
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def check_target(path: bytes, query: bytes) -> None:
    """Raise BadRequest for a path or query that is too long, not UTF-8 once decoded, or has control characters."""
    for what, raw in (("path", path), ("query", query)):
        if len(raw) > MAX_TARGET:
            raise BadRequest(f"{what}: longer than {MAX_TARGET} bytes")
        decoded = unquote_to_bytes(raw.replace(b"+", b" ") if what == "query" else raw)
        if _CONTROL.search(decoded):
            raise BadRequest(f"{what}: control characters are not allowed")
        try:
            decoded.decode("utf-8")
        except UnicodeDecodeError:
            raise BadRequest(f"{what}: not valid UTF-8") from None


def check_media_type(value: str) -> None:
    """Raise UnsupportedMediaType unless the body is said to be JSON in UTF-8."""
    media_type, _, parameters = value.partition(";")
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    if media_type.strip().lower() != "application/json" or charset not in {"", "utf-8"}:
        raise UnsupportedMediaType("send the body as Content-Type: application/json")


def parse(raw: bytes) -> Any:
    """The JSON document in `raw`. Raises BadRequest that says what is wrong, and where, without its content."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRequest(f"body: not valid UTF-8 at byte {error.start}") from None
    try:
        document = json.loads(
            text, object_pairs_hook=_unique, parse_constant=_constant, parse_float=_float, parse_int=_int
        )
    except json.JSONDecodeError as error:
        raise BadRequest(f"body: not valid JSON at character {error.pos}") from None
    except RecursionError:
        raise BadRequest(f"body: nested deeper than {MAX_DEPTH}") from None
    _walk(document)
    return document


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise BadRequest("body: an object has the same key twice")
    return document


def _constant(name: str) -> NoReturn:
    raise BadRequest(f"body: {name} is not JSON")


def _float(literal: str) -> float:
    value = float(literal)
    if value in {float("inf"), float("-inf")}:
        raise BadRequest("body: a number is out of range")
    return value


def _int(literal: str) -> int:
    if len(literal) > 20:  # a 64-bit integer has at most 19 digits and a sign
        raise BadRequest("body: a number is out of range")
    return int(literal)


def _walk(document: Any) -> None:
    """Every string is free of NUL and lone surrogates, and nothing is nested deeper than MAX_DEPTH."""
    waiting: list[tuple[Any, int]] = [(document, 1)]
    while waiting:
        value, depth = waiting.pop()
        if isinstance(value, str):
            if "\0" in value:
                raise BadRequest("body: a string holds U+0000")
            if _SURROGATE.search(value):
                raise BadRequest("body: a string holds half of a surrogate pair")
        elif isinstance(value, dict | list):
            if depth > MAX_DEPTH:
                raise BadRequest(f"body: nested deeper than {MAX_DEPTH}")
            children = [*value.keys(), *value.values()] if isinstance(value, dict) else value
            waiting.extend((child, depth + 1) for child in children)
