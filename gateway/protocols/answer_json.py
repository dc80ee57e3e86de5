"""An answer, or one event of it, read as JSON: what two readers could take differently is not an answer."""

from __future__ import annotations

import json
from typing import Any

import orjson

from gateway.protocols.answer import MalformedAnswer
from gateway.protocols.scanning import DUPLICATE, ESCAPED_KEY, TOO_DEEP, check

DEEPEST = 250
"""Levels of an answer: orjson writes no more than 254, and an event that cannot be written anew could not be guarded."""


def loads(data: bytes) -> dict[str, Any]:
    """An answer or an event of one. Raises MalformedAnswer."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise MalformedAnswer from None
    if type(value) is not dict:
        raise MalformedAnswer
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
