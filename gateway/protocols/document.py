"""Strict reading of a request body: what two JSON readers could understand differently is refused.

orjson reads; it keeps the last of duplicate keys and turns integers of more than 64 bits into floats. Both would let
this gateway inspect something else than the provider reads, so duplicates are refused and long numbers are kept as
their literals. Errors name the place and the reason, never the content.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import orjson

from gateway.errors import BadRequest
from gateway.protocols.scanning import DUPLICATE, ESCAPED_KEY, LONG_NUMBER, NUL, TOO_DEEP, TOO_MANY, check
from gateway.protocols.vocabulary import KNOWN_KEYS

MAX_DEPTH = 64
TWICE = "an object of the body has the same key twice"
MAX_VALUES = 60_000
"""Values of all objects and arrays of a body: what one call may cost to read does not grow with what it may weigh."""


class Literal(str):
    """A number as it was written, where reading it as int or float would lose digits."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A body as read. `tree` holds `Literal` for numbers when one of them would not survive int or float."""

    tree: dict[str, Any] = field(repr=False)


def parse(body: bytes) -> Document:
    """Read a request body strictly. Raises BadRequest."""
    try:
        tree = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        # orjson's message may hold no content but the position is all a caller needs.
        raise BadRequest(f"the body is not valid JSON in UTF-8 (line {error.lineno}, column {error.colno})") from None
    if type(tree) is not dict:
        raise BadRequest("the body must be a JSON object")
    flags = check(body, MAX_DEPTH, MAX_VALUES)
    if flags:
        _refuse(flags, body, tree)
        if flags & LONG_NUMBER:
            tree = json.loads(body, parse_float=_literal, parse_int=_literal)
    return Document(tree)


def _refuse(flags: int, body: bytes, tree: dict[str, Any]) -> None:
    """Raise BadRequest for what two readers could understand differently, or could not bear to read."""
    if flags & TOO_MANY:
        raise BadRequest(f"the body has more than {MAX_VALUES} values", param=_largest(tree))
    if flags & TOO_DEEP:
        raise BadRequest(f"the body is nested deeper than {MAX_DEPTH} levels")
    if flags & NUL:
        raise BadRequest("the body holds a NUL character")
    if flags & DUPLICATE:
        raise BadRequest(TWICE)
    if flags & ESCAPED_KEY:
        _refuse_duplicates(body)


def _largest(tree: dict[str, Any]) -> str:
    """Which field of the body is the largest: where a caller should look."""
    key = max(tree, key=lambda name: len(orjson.dumps(tree[name])))
    return key if key in KNOWN_KEYS else ""


def _literal(text: str) -> Any:
    """Short numbers stay numbers, so that code that reads `max_tokens` sees an int."""
    if len(text) <= 15:
        return float(text) if any(mark in text for mark in ".eE") else int(text)
    return Literal(text)


def _refuse_duplicates(body: bytes) -> None:
    def pairs(items: list[tuple[str, Any]]) -> None:
        if len({key for key, _ in items}) != len(items):
            raise BadRequest(TWICE)

    json.loads(body, object_pairs_hook=pairs)
