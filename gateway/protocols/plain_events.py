"""A stream's events of one form: what was looked at in one of them is not looked at again in the next.

The deltas of a streamed text differ in that text, and perhaps in a number that counts them and a word that hides their
length. Once an event of a form has gone through every check, the next one of the same bytes around those has only its text
to be guarded and restored. Many at once cost hardly more than one; what comes out is the same, byte for byte, as one event
at a time gives.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import orjson

from gateway.protocols.plain_run import Automaton, Lane
from gateway.protocols.sse import read_event
from gateway.redaction.channel import TextChannel

PROBE: Final = "a text of another event"
"""Stands for what changes from event to event while a form is learned. Numbers and words have their own probes."""
_FIRST_NUMBER: Final = 830_947_265_140_000
_WORD: Final = "anotherWordOfAnotherEvent"
_MOST_HOLES: Final = 8
TEXT, NUMBER, COUNT, WORD = "t", "n", "q", "s"
"""A text; a number that nobody reads until the events have ended; the number of the event; a word that means nothing."""


class Hole(NamedTuple):
    """What changes from event to event: `holder[field]`, which stands somewhere in an event's JSON."""

    holder: dict[str, Any]
    field: str
    kind: str = TEXT

    def probe(self, number: int) -> Any:
        """What stands for it."""
        return PROBE if self.kind == TEXT else _WORD if self.kind == WORD else _FIRST_NUMBER + number

    @property
    def fits(self) -> bool:
        """Whether its value is of its kind."""
        value = self.holder[self.field]
        if self.kind in {TEXT, WORD}:
            return type(value) is str and (self.kind == TEXT or (value.isascii() and value.isalnum()))
        return type(value) is int and 0 <= value < _FIRST_NUMBER


class Probe(NamedTuple):
    """An event's bytes with probes in its holes. `shown`: as the caller gets them, where that differs."""

    raw: bytes
    probes: tuple[tuple[bytes, str], ...]  # as they are written, and the kinds of their holes
    shown: bytes

    def form(self) -> Form | None:
        """None where a probe does not stand once in each, in the same order."""
        order = sorted(self.probes, key=lambda probe: self.raw.find(probe[0]))
        came, shown = _split(self.raw, order), _split(self.shown, order)
        if came is None or shown is None:
            return None
        return Form(came, "".join(kind for _, kind in order).encode(), shown)


class Form(NamedTuple):
    """The bytes around what changes: as they come, and as the caller gets them. `holes`: what stands between them."""

    came: tuple[bytes, ...]
    holes: bytes
    shown: tuple[bytes, ...]

    def written(self, raw: bytes, text: str | None, shift: int = 0) -> bytes:
        """An event of this form as the caller gets it, with this text; None: its own. Raises ValueError for another form."""
        lane = Lane(None, self.came, self.holes, self.shown, False, False, shift)
        if not lane.one(raw, 0)[0]:
            raise ValueError("an event of this form expected")
        return lane.written(text)


def _split(raw: bytes, order: Sequence[tuple[bytes, str]]) -> tuple[bytes, ...] | None:
    parts: list[bytes] = []
    for probe, _ in order:
        before, found, raw = raw.partition(probe)
        if not found or probe in raw:
            return None
        parts.append(before)
    return (*parts, raw) if all(parts) and raw else None


def probe_of(raw: bytes, tree: dict[str, Any], holes: Sequence[Hole]) -> Probe | None:
    """An event's bytes with probes in its holes, whose values stand in its JSON, `tree`.

    None where one is written in another way than behind its key, with at most one space.
    """
    if len(holes) > _MOST_HOLES or not all(hole.fits for hole in holes):
        return None
    values = [hole.holder[hole.field] for hole in holes]
    probes: list[tuple[bytes, str]] = []
    try:
        for number, hole in enumerate(holes):
            probe = hole.probe(number)
            found = _with_probe(raw, tree, hole, probe)
            if found is None:
                return None
            raw = found
            written = orjson.dumps(probe)
            probes.append((written[1:-1] if hole.kind in {TEXT, WORD} else written, hole.kind))
    finally:
        for hole, value in zip(holes, values, strict=True):
            hole.holder[hole.field] = value
    return Probe(raw, tuple(probes), raw)


def _with_probe(raw: bytes, tree: dict[str, Any], hole: Hole, probe: Any) -> bytes | None:
    """The event with the probe in one hole, in its bytes as in its tree."""
    value, key = hole.holder[hole.field], orjson.dumps(hole.field)
    hole.holder[hole.field] = probe
    for written in _writings(value):
        for between in (b":", b": "):
            mark = key + between + written
            at = raw.find(mark)
            while at >= 0:
                changed = raw[:at] + key + between + orjson.dumps(probe) + raw[at + len(mark) :]
                if _says(changed, tree):
                    return changed
                at = raw.find(mark, at + 1)
    return None


def _writings(value: Any) -> tuple[bytes, ...]:
    """How a value may be written: as it is, or with all that is not ASCII escaped."""
    written = orjson.dumps(value)
    if written.isascii():
        return (written,)
    return written, json.dumps(value).encode()


def _says(raw: bytes, tree: dict[str, Any]) -> bool:
    data = read_event(raw).data
    try:
        return data is not None and bool(orjson.loads(data) == tree)
    except orjson.JSONDecodeError:
        return False


class PlainEvents:
    """Events of one form, and the channel of their texts."""

    __slots__ = ("_left", "channel", "end", "inside", "lane", "took")

    def __init__(
        self,
        form: Form,
        channel: TextChannel,
        automaton: Automaton | None,
        end: Callable[[], bytes],
        left: Callable[[bytes, int, bool], None] | None,
        shift: int,
    ) -> None:
        """`automaton`: see `plain_run`; None where nothing is guarded. `end`: what the caller gets once the guard has stopped.

        `left(last, count, changed)`: told of the last of `count` events as it came, and whether the text of any has changed.
        `shift`: by how much the number of an event moves.
        """
        self.end = end
        self.channel = channel
        self._left = left
        self.lane = Lane(automaton, form.came, form.holes, form.shown, channel.restores, channel.json, shift)
        self.inside = False  # whether the lane has the channel's state: then it can take events
        self.took = False  # whether it has taken any, as far as it has told

    def take(self, buffer: bytes, at: int, out: list[bytes]) -> int:
        """Appends to `out` the events from `at` on as they go on, as many as are of this form; where it ended."""
        lane = self.lane
        if self.inside:  # as nearly always
            end, events = lane.take(buffer, at)
            if end == len(buffer):
                out.append(events)
                return end
            if end > at:
                out.append(events)
                at = end
        channel = self.channel
        while channel.stopped is None:
            if self.inside or self._enter():
                end, events = lane.take(buffer, at)
                if end > at:
                    out.append(events)
                    at = end
                if at == len(buffer):
                    return at
            self.leave()
            end, text = lane.one(buffer, at)
            if end == at:
                return at
            new = channel.push(text) if text else ""
            out.append(lane.written(None if new == text else new))
            at = end
            _, _, _, _, last, changed = lane.leave()
            if self._left is not None:
                self._left(last, 1, changed)
        return at

    def _enter(self) -> bool:
        held = self.channel.clear
        if held is not None:
            self.lane.enter(held.encode(), self.channel.last_byte)
            self.inside = True
        return self.inside

    def leave(self) -> None:
        """The channel gets what its events said: from here on it can be asked. A second call does nothing."""
        if not self.inside:
            return
        self.inside = False
        provider, delivered, held, count, last, changed = self.lane.leave()
        if count:
            self.took = True
            self.channel.passed(provider, delivered, held)
            if self._left is not None:
                self._left(last, count, changed)
