"""The guard's last look: strings of an answer that stand where no channel reads, under whatever name and at any depth."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from gateway.protocols.answer import MalformedAnswer
from gateway.protocols.scanning import DUPLICATE, ESCAPED_KEY, TOO_DEEP, check
from gateway.redaction.channel import Rules

DEEPEST = 512
"""Levels that the quick search for equal keys goes down."""
_BETWEEN = "\x00\n\x00"
SHORTEST = 8
"""Characters; nothing shorter is worth guarding."""
_WORDS = frozenset({"assistant", "tool_calls", "function", "function_call", "content_filter", "end_turn", "tool_use"})


def look(rules: Rules, values: Iterable[Any]) -> str | None:
    """The label of the first guarded match in any string or key of `values` that is not allowed."""
    guard = rules.guard
    if guard is None:
        return None
    texts = _texts(values)
    # Nothing is found across what parts them, so one look at all tells whether any is worth its own.
    if not texts or (len(texts) > 1 and not guard.find(_BETWEEN.join(texts))):
        return None
    for text in texts:
        for span in guard.find(text):
            if not rules.allowed(span.label, text[span.start : span.end]):
                return span.label
    return None


def _texts(values: Iterable[Any]) -> list[str]:
    """Every string and key that is worth guarding."""
    texts: list[str] = []
    stack = list(values)
    for value in stack:
        kind = type(value)
        if kind is str:
            if len(value) >= SHORTEST and value not in _WORDS:
                texts.append(value)
        elif kind is dict:
            stack.extend(value)
            stack.extend(value.values())
        elif kind is list:
            stack.extend(value)
    return texts


def other_lines(raw: bytes, name: str = "") -> list[str]:
    """The lines of an event that hold no data: names, comments, ids; without the event's own `name`."""
    if raw.startswith(b"data:") and raw.count(b"\n") == 2 and b"\r" not in raw:
        return []
    lines = raw.decode(errors="replace").splitlines()
    return [line for line in lines if line and not line.startswith("data:") and line != f"event: {name}"]


def refuse_duplicates(data: bytes, tree: dict[str, Any]) -> None:
    """Two readers may take different ones of equal keys. Raises MalformedAnswer."""
    flags = check(data, DEEPEST, len(data))
    if flags & DUPLICATE:
        raise MalformedAnswer
    if flags & (ESCAPED_KEY | TOO_DEEP):
        json.loads(data, object_pairs_hook=_pairs)


def _pairs(items: list[tuple[str, Any]]) -> None:
    if len({key for key, _ in items}) != len(items):
        raise MalformedAnswer
