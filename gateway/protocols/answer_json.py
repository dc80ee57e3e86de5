"""An answer, or one event of it, read as JSON: what two readers could take differently is not an answer."""

from __future__ import annotations

import json
from typing import Any

import orjson

from gateway.protocols.answer import MalformedAnswer
from gateway.protocols.scanning import DUPLICATE, ESCAPED_KEY, TOO_DEEP, check, nodes

DEEPEST = 250
"""Levels of an answer: orjson writes no more than 254, and an event that cannot be written anew could not be guarded."""


MOST = 500_000
"""Objects, arrays and members of an answer. The parser holds all other calls of its process up for each of them; half as
many are the probabilities of twenty alternatives for thousands of tokens. Numbers and texts in arrays are not counted."""
_FEW = 65_536
"""Bytes of an answer that is not counted: it cannot have as many as would be noticed."""


def loads(data: bytes) -> dict[str, Any]:
    """An answer or an event of one. Raises MalformedAnswer."""
    value = parsed(data)
    if type(value) is not dict:
        raise MalformedAnswer
    return value


def parsed(data: bytes) -> Any:
    """The same of any JSON value. Raises MalformedAnswer, for one of more than MOST parts, too, before it is parsed."""
    if len(data) > _FEW and nodes(data, MOST) > MOST:
        raise MalformedAnswer
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise MalformedAnswer from None
    _refuse_duplicates(data)
    return value


def _refuse_duplicates(data: bytes) -> None:
    """Two readers may take different ones of equal keys. Raises MalformedAnswer, for an answer nested beyond DEEPEST too."""
    flags = check(data, DEEPEST, len(data))
    if flags & (DUPLICATE | TOO_DEEP):
        raise MalformedAnswer
    if flags & ESCAPED_KEY:
        json.loads(data, object_pairs_hook=_pairs)


def _pairs(items: list[tuple[str, Any]]) -> None:
    if len({key for key, _ in items}) != len(items):
        raise MalformedAnswer
