"""The items of an OpenAI response as they appear, and how an answer that ends early is closed for its reader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.protocols.answer import Channels, MalformedAnswer
from gateway.protocols.responses_texts import Place

_NAMED = frozenset({"function_call", "custom_tool_call"})
_CALLER_RUN = _NAMED | {"local_shell_call", "shell_call", "apply_patch_call", "computer_call", "tool_search_call"}
_CLOSED_FOR_READERS = frozenset({"message", "reasoning"})
_PART_TYPES = {"text": "output_text", "refusal": "refusal"}
OUR_ITEM = "msg_lexgate_label"


@dataclass(slots=True)
class Item:
    """One item of the output. `shown`: as it was last said; `index`: where it stands; `closed`: its end was said."""

    number: int
    index: int
    shown: dict[str, Any] = field(default_factory=dict)
    closed: bool = False

    @property
    def kind(self) -> str:
        return str(self.shown.get("type", ""))

    @property
    def id(self) -> Any:
        return self.shown.get("id")


class Items:
    """All items of one response, found by their index in the output or, where a provider gives none, by their id."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels
        self._by_index: dict[int, Item] = {}
        self._by_id: dict[str, Item] = {}
        self._all: list[Item] = []
        self._places: dict[str | int, dict[Place, None]] = {}  # of each item, in order of appearance
        self.calls = False  # a tool that the caller runs is called

    def __iter__(self) -> Iterator[Item]:
        return iter(self._all)

    def of(self, index: object, item_id: object) -> Item:
        """The item with this index or id; a new one, if neither is known."""
        item = self._by_index.get(index) if type(index) is int else None
        if item is None and type(item_id) is str:
            item = self._by_id.get(item_id)
        if item is None:
            item = Item(len(self._all), index if type(index) is int else len(self._all))
            self._all.append(item)
        if type(index) is int:
            self._by_index.setdefault(index, item)
        if type(item_id) is str and item_id:
            self._by_id.setdefault(item_id, item)
        return item

    def note(self, item: Item, shown: dict[str, Any]) -> None:
        """What the provider says an item is. Raises MalformedAnswer where a tool that was restored is another one."""
        before, now = _tool_of(item.shown), _tool_of(shown)
        item.shown = shown
        if before == now:
            return
        outbound = self._channels.options.outbound
        if outbound & set(now) and self.places(item.number):
            raise MalformedAnswer  # what was restored cannot be taken back
        if now[0].endswith("_call"):
            self._channels.tool(now[1] or now[0])
            self.calls |= now[0] in _CALLER_RUN

    def restorable(self, number: int) -> bool:
        """Whether a call stays inside, as far as one can see: its tool is known, and none that carries out."""
        outbound = self._channels.options.outbound
        if not outbound or number < 0:
            return not outbound
        kind, name = _tool_of(self._all[number].shown)
        named = bool(name) if kind in _NAMED else bool(kind)
        return named and not outbound & {name, kind, kind.removesuffix("_call")}

    def texts(self, item: Item) -> list[Place]:
        """The places of a message's texts, in order."""
        places = [place for place in self.places(item.number) if place[1] == "content"]
        return sorted(places, key=lambda place: int(place[2]))

    def last_text(self) -> Place | None:
        """Where the last text of the last message stands."""
        messages = [item for item in self._all if item.kind == "message" and self.texts(item)]
        return self.texts(messages[-1])[-1] if messages else None

    def opened(self, place: Place) -> None:
        """A text has begun."""
        self._places.setdefault(place[0], {}).setdefault(place)

    def places(self, number: int) -> list[Place]:
        """The texts of one item."""
        return list(self._places.get(number, ()))

    def all_places(self) -> list[Place]:
        return [place for places in self._places.values() for place in places]

    def text(self, place: Place, suffix: Mapping[Place, str]) -> str:
        """What the caller got of a text."""
        channel = self._channels.get(place)
        return ("".join(channel.delivered) if channel is not None else "") + suffix.get(place, "")

    def ended(self, item: Item, suffix: Mapping[Place, str]) -> dict[str, Any]:
        """An item that ends early, with what the caller got of it."""
        content = [_part(place, self.text(place, suffix)) for place in self.texts(item)]
        if item.kind == "message":
            return {**item.shown, "status": "incomplete", "content": content}
        return {key: value for key, value in item.shown.items() if key not in {"content", "summary"}} | {"summary": []}

    def output(self, suffix: Mapping[Place, str]) -> list[dict[str, Any]]:
        """The output of a response that ends early: a call that was cut is none."""
        return [self.ended(item, suffix) for item in self._all if item.kind in _CLOSED_FOR_READERS]

    def closing(self, suffix: Mapping[Place, str]) -> Iterator[dict[str, Any]]:
        """The events that close what is open. Calls stay open: nobody should run what was cut."""
        for item in self._all:
            if item.closed or item.kind not in _CLOSED_FOR_READERS:
                continue
            item.closed = True
            if item.kind == "message":
                for place in self.texts(item):
                    yield from _text_ends(item, place, self.text(place, suffix))
            ended = self.ended(item, suffix)
            yield {"type": "response.output_item.done", "output_index": item.index, "item": ended}


def _tool_of(shown: Mapping[str, Any]) -> tuple[str, str]:
    """(type, name of the tool) as an item says it."""
    kind, name = shown.get("type"), shown.get("name") or ""
    if type(name) is not str:
        raise MalformedAnswer
    return (kind if type(kind) is str else "", name)


def _part(place: Place, text: str) -> dict[str, Any]:
    field_name = str(place[3])
    more: dict[str, Any] = {"annotations": []} if field_name == "text" else {}
    return {"type": _PART_TYPES[field_name], field_name: text, **more}


def _text_ends(item: Item, place: Place, text: str) -> Iterator[dict[str, Any]]:
    where = {"item_id": item.id, "output_index": item.index, "content_index": place[2]}
    part = _part(place, text)
    if place[3] == "text":
        yield {"type": "response.output_text.done", **where, "text": text, "logprobs": []}
    else:
        yield {"type": "response.refusal.done", **where, "refusal": text}
    yield {"type": "response.content_part.done", **where, "part": part}


def own_message(index: int, text: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """(events of a message of ours with this text, the message): where the last message is already closed."""
    part = {"type": "output_text", "text": text, "annotations": []}
    message = {"id": OUR_ITEM, "type": "message", "role": "assistant", "status": "completed", "content": [part]}
    where = {"item_id": OUR_ITEM, "output_index": index, "content_index": 0}
    events = [
        {
            "type": "response.output_item.added",
            "output_index": index,
            "item": message | {"status": "in_progress", "content": []},
        },
        {"type": "response.content_part.added", **where, "part": part | {"text": ""}},
        {"type": "response.output_text.delta", **where, "delta": text, "logprobs": []},
        {"type": "response.output_text.done", **where, "text": text, "logprobs": []},
        {"type": "response.content_part.done", **where, "part": part},
        {"type": "response.output_item.done", "output_index": index, "item": message},
    ]
    return events, message
