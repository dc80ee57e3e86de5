"""The guard's last look: strings of an answer that stand where no channel reads, under whatever name and at any depth."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import orjson

from gateway.protocols.answer import MalformedAnswer
from gateway.redaction.channel import Rules

SHORTEST = 8
"""Characters; nothing shorter is worth guarding."""
_WORDS = frozenset({"assistant", "tool_calls", "function", "function_call", "content_filter", "end_turn", "tool_use"})


def look(rules: Rules, values: Iterable[Any]) -> str | None:
    """The label of the first guarded match in any string or key of `values` that is not allowed."""
    guard = rules.guard
    if guard is None:
        return None
    stack = list(values)
    while stack:
        value = stack.pop()
        if type(value) is str:
            if len(value) < SHORTEST or value in _WORDS:
                continue
            for span in guard.find(value):
                if not rules.allowed(span.label, value[span.start : span.end]):
                    return span.label
        elif type(value) is dict:
            stack.extend(value)
            stack.extend(value.values())
        elif type(value) is list:
            stack.extend(value)
    return None


def other_lines(raw: bytes, name: str = "") -> list[str]:
    """The lines of an event that hold no data: names, comments, ids; without the event's own `name`."""
    if raw.startswith(b"data:") and raw.count(b"\n") == 2 and b"\r" not in raw:
        return []
    lines = raw.decode(errors="replace").splitlines()
    return [line for line in lines if line and not line.startswith("data:") and line != f"event: {name}"]


def refuse_duplicates(data: bytes, tree: dict[str, Any]) -> None:
    """Two readers may take different ones of equal keys. Raises MalformedAnswer."""
    if b"\\u003" in data or data.count(b":") != orjson.dumps(tree).count(b":"):
        json.loads(data, object_pairs_hook=_pairs)


def _pairs(items: list[tuple[str, Any]]) -> None:
    if len({key for key, _ in items}) != len(items):
        raise MalformedAnswer
