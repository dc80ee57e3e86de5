"""Strict reading of a request body: what two JSON readers could understand differently is refused.

orjson reads; it keeps the last of duplicate keys and turns integers of more than 64 bits into floats. Both would let
this gateway inspect something else than the provider reads, so duplicates are refused and long numbers are kept as
their literals. Errors name the place and the reason, never the content.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

import orjson

from gateway.errors import BadRequest
from gateway.protocols.vocabulary import KNOWN_KEYS

MAX_DEPTH = 64
MAX_VALUES = 60_000
"""Values of all objects and arrays of a body: what one call may cost to read does not grow with what it may weigh."""
_ESCAPED_COLON = re.compile(rb"\\u003[aA]")
_ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_DIGITS_TO_ZERO = bytes.maketrans(b"123456789", b"000000000")


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
    has_float = _check_shape(tree)
    if b"\\u0000" in body and _ESCAPED_NUL.search(body):
        raise BadRequest("the body holds a NUL character")
    if _ESCAPED_COLON.search(body) or body.count(b":") != orjson.dumps(tree).count(b":"):
        # Dropping a duplicate never adds a colon, so equal counts prove that none was dropped.
        _refuse_duplicates(body)
    if has_float and b"0000000" in body.translate(_DIGITS_TO_ZERO):
        # A float that lost digits has a run of at least seven; so may a text, which then only costs time.
        tree = json.loads(body, parse_float=_literal, parse_int=_literal)
    return Document(tree)


def _check_shape(tree: dict[str, Any]) -> bool:
    """Refuse deep nesting; True if there is a float (level by level: no recursion on hostile input)."""
    level: list[Any] = [tree]
    has_float = False
    values = 0
    for _ in range(MAX_DEPTH):
        deeper: list[Any] = []
        for node in level:
            values += len(node)
            if values > MAX_VALUES:
                raise BadRequest(f"the body has more than {MAX_VALUES} values", param=_largest(tree))
            for child in node.values() if type(node) is dict else node:
                kind = type(child)
                if kind is dict or kind is list:
                    deeper.append(child)
                elif kind is float:
                    has_float = True
        if not deeper:
            return has_float
        level = deeper
    raise BadRequest(f"the body is nested deeper than {MAX_DEPTH} levels")


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
            raise BadRequest("an object of the body has the same key twice")

    json.loads(body, object_pairs_hook=pairs)
