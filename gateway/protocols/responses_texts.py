"""Where the texts of an OpenAI response stand in its events, its items and the response itself.

A response says each text several times: in deltas, in the `.done` of the text, of its part, of its item, and in the
final response. All of them are one *place*: the item's number and the path inside the item.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from gateway.flow import Path
from gateway.protocols.answer import MalformedAnswer

Place = tuple[str | int, ...]
"""An item's number, then the path inside it; of what belongs to no known text the event's type and indices."""

TEXT, REASONING, TOOL = "text", "reasoning", "tool"
INDEX = -1
"""Stands in a path for the index that the event gives."""


@dataclass(frozen=True, slots=True)
class Text:
    """One string of an event. `whole`: all of its text, where False stands for its next piece."""

    path: Path
    place: Place
    kind: str  # text | reasoning | tool
    restored: bool  # the caller, or a tool that the caller runs, reads it
    json: bool = False
    whole: bool = True


@dataclass(frozen=True, slots=True)
class _Streamed:
    """A text that comes in events `response.<name>.delta` and `.done`; `done`: the field of the latter."""

    inside: Path
    done: str
    kind: str
    restored: bool = True
    json: bool = False
    index: str = "content_index"


STREAMED: Mapping[str, _Streamed] = MappingProxyType(
    {
        "output_text": _Streamed(("content", INDEX, "text"), "text", TEXT),
        "refusal": _Streamed(("content", INDEX, "refusal"), "refusal", TEXT),
        "reasoning_text": _Streamed(("content", INDEX, "text"), "text", REASONING),
        "reasoning_summary_text": _Streamed(("summary", INDEX, "text"), "text", REASONING, index="summary_index"),
        "function_call_arguments": _Streamed(("arguments",), "arguments", TOOL, json=True),
        "custom_tool_call_input": _Streamed(("input",), "input", TOOL),
        "shell_call_command": _Streamed(("action", "commands", INDEX), "command", TOOL, index="command_index"),
        "apply_patch_call_operation_diff": _Streamed(("operation", "diff"), "diff", TOOL),
        "mcp_call_arguments": _Streamed(("arguments",), "arguments", TOOL, restored=False, json=True),
        "code_interpreter_call_code": _Streamed(("code",), "code", TOOL, restored=False),
    }
)
_PARTS = {"content_part": ("content", "content_index"), "reasoning_summary_part": ("summary", "summary_index")}
_PART_KINDS = {
    "output_text": ("text", TEXT),
    "input_text": ("text", TEXT),  # what a compacted conversation keeps of its user
    "refusal": ("refusal", TEXT),
    "reasoning_text": ("text", REASONING),
    "summary_text": ("text", REASONING),
}
_CALLS = {
    "function_call": ("arguments", True, True),
    "custom_tool_call": ("input", True, False),
    "mcp_call": ("arguments", False, True),
    "mcp_approval_request": ("arguments", False, True),
    "code_interpreter_call": ("code", False, False),
    "function_call_output": ("output", True, False),
    "custom_tool_call_output": ("output", True, False),
    "local_shell_call_output": ("output", True, False),
}
"""Items that carry a call, or its result, in one string: its field, whether the caller runs it, whether it is JSON."""
_ACTIONS = {
    "local_shell_call": ("action",),
    "shell_call": ("action",),
    "computer_call": ("action", "actions"),
    "apply_patch_call": ("operation",),
    "tool_search_call": ("arguments",),
}
"""Items that carry a call of the caller's tools in an object."""
_COME_WHOLE = frozenset({"local_shell_call", "computer_call", "tool_search_call"})
"""Of these, the ones that are whole from the beginning."""
_NO_TEXT = frozenset({"response.audio.delta"})
MOST_DEPTH = 16


def name_of(kind: str) -> tuple[str, str]:
    """(name, ending) of an event's type: `response.output_text.delta` is ("output_text", "delta")."""
    head, _, ending = kind.rpartition(".")
    return head.removeprefix("response."), ending


def index_of(event: Mapping[str, Any], key: str) -> int:
    """An index as the event gives it; 0 where it gives none. Raises MalformedAnswer."""
    index = event.get(key, 0)
    if type(index) is not int:
        raise MalformedAnswer
    return index


def texts_of(event: Mapping[str, Any], item: int) -> Iterator[Text]:
    """The texts of an event about the item with this number."""
    kind = str(event.get("type"))
    name, ending = name_of(kind)
    streamed, part = STREAMED.get(name), _PARTS.get(name)
    if streamed is not None:
        index = index_of(event, streamed.index)
        place = (item, *(index if step == INDEX else step for step in streamed.inside))
        field = "delta" if ending == "delta" else streamed.done
        if type(event.get(field)) is str:
            yield Text((field,), place, streamed.kind, streamed.restored, streamed.json, ending == "done")
    elif part is not None and type(event.get("part")) is dict:
        inside: Path = (part[0], index_of(event, part[1]))
        yield from texts_of_part(event["part"], ("part",), (item, *inside), whole=ending == "done")
    elif name == "output_item" and type(event.get("item")) is dict:
        yield from texts_of_item(event["item"], ("item",), item, whole=ending == "done")
    elif ending == "delta" and kind not in _NO_TEXT:
        yield from _unknown(event, name, item)


def _unknown(event: Mapping[str, Any], name: str, item: int) -> Iterator[Text]:
    """Pieces of a text that this gateway does not know: guarded over all its pieces, never restored."""
    where = tuple(value for key, value in event.items() if key.endswith("_index") and type(value) is int)
    delta = event.get("delta")
    if type(delta) is str:
        yield Text(("delta",), (item, name, *where), REASONING, restored=False, whole=False)
    elif type(delta) is dict:
        for key, value in delta.items():
            if type(value) is str:
                yield Text(("delta", key), (item, name, *where, key), REASONING, restored=False, whole=False)


def texts_of_part(part: Mapping[str, Any], path: Path, place: Place, *, whole: bool) -> Iterator[Text]:
    """The text of one part of a message or of reasoning."""
    field, kind = _PART_KINDS.get(str(part.get("type")), ("", ""))
    if field and type(part.get(field)) is str:
        yield Text((*path, field), (*place, field), kind, restored=True, whole=whole)


def texts_of_item(item: Mapping[str, Any], path: Path, number: int, *, whole: bool = True) -> Iterator[Text]:
    """The texts of one item of the output."""
    kind = str(item.get("type"))
    if kind in {"message", "reasoning"}:
        for field in ("summary", "content"):
            for index, part in enumerate(item[field] if type(item.get(field)) is list else ()):
                if type(part) is dict:
                    yield from texts_of_part(part, (*path, field, index), (number, field, index), whole=whole)
    elif kind in _CALLS:
        field, restored, json = _CALLS[kind]
        value = item.get(field)
        if type(value) is str:
            yield Text((*path, field), (number, field), TOOL, restored, json, whole)
        for index, part in enumerate(value if type(value) is list else ()):
            if type(part) is dict:
                yield from texts_of_part(part, (*path, field, index), (number, field, index), whole=whole)
    for field in _ACTIONS.get(kind, ()):
        if field in item:
            yield from _leaves(item[field], (*path, field), (number, field), whole=whole or kind in _COME_WHOLE)


def _leaves(value: Any, path: Path, place: Place, *, whole: bool) -> Iterator[Text]:
    if type(value) is str:
        if value and path[-1] != "type":
            yield Text(path, place, TOOL, restored=True, whole=whole)
    elif len(place) < MOST_DEPTH:
        pairs = value.items() if type(value) is dict else enumerate(value) if type(value) is list else ()
        for key, inner in pairs:
            yield from _leaves(inner, (*path, key), (*place, key), whole=whole)


def outside(event: Mapping[str, Any], taken: Iterable[Path]) -> Iterator[str]:
    """All strings and keys of an event but those at the paths `taken`."""
    known = frozenset(taken)
    above = {path[:length] for path in known for length in range(1, len(path))}
    near: list[tuple[Path, Any]] = [((), event)]
    far: list[Any] = []  # where nothing was taken, nobody asks for the path
    while near:
        at, node = near.pop()
        for key, inner in node.items() if type(node) is dict else enumerate(node):
            here = (*at, key)
            if type(key) is str:
                yield key
            if here in above:
                near.append((here, inner))
            elif here not in known:
                far.append(inner)
    while far:
        node = far.pop()
        if type(node) is str:
            yield node
        elif type(node) is dict:
            yield from node
            far.extend(node.values())
        elif type(node) is list:
            far.extend(node)
