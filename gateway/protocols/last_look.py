"""The guard's last look: strings of an answer that stand where no channel reads, under whatever name and at any depth."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Any

from gateway.protocols.plain_run import Automaton
from gateway.redaction.channel import Rules
from gateway.redaction.escaped import matches, reaching_out

_BETWEEN = "\x00\n\x00"
SHORTEST = 8
"""Characters; nothing shorter is worth guarding."""
_WORDS = frozenset({"assistant", "tool_calls", "function", "function_call", "content_filter", "end_turn", "tool_use"})
_NO_STRINGS = frozenset({int, float, bool, type(None)})
_TAIL = 512
"""Characters of a strand that are remembered: no guarded identifier and hardly a key is longer."""
_MOST_STRANDS = 256
_ITEM = ""
"""In a path: any item of a list."""

_Place = tuple[str, ...]


class LastLook:
    """The look at one answer, whole or event by event.

    Strings are judged each by itself, and those of one *strand* together: the items of a list, the values of one key in
    a list of objects, the same place in one event after the other. A secret in pieces is none of the pieces.
    """

    __slots__ = ("_rules", "_seen", "_tails", "alone")

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self.alone = True  # what the last look saw belongs to no strand: looking at the same again tells nothing new
        self._tails: dict[_Place, str] = {}
        self._seen: dict[_Place, str] = {}  # what the last look added to the strands

    def look(self, values: Iterable[Any]) -> str | None:
        """The label of the first guarded match in any string, key or strand of `values` that is not allowed."""
        if self._rules.guard is None:
            return None
        strands: dict[_Place, list[str]] = {}
        texts: list[str] = []
        for value in values:
            kind = type(value)
            if kind is str:
                if len(value) >= SHORTEST and value not in _WORDS:
                    texts.append(value)
            elif kind is dict or kind is list:
                _collect(value, texts, strands)
        label = self._first(texts) if texts else None
        self.alone = not strands
        self._seen = {place: "".join(pieces) for place, pieces in strands.items()}
        if label is not None or not strands:
            return label
        return next(filter(None, map(self._strand, strands, strands.values())), None)

    def repeats(self) -> bool:
        """Whether looking at the same again, however often, finds nothing: then it is enough to say how often (`repeated`)."""
        automaton = getattr(self._rules.guard, "automaton", None)
        if self._rules.guard is None or not self._seen:
            return True
        return automaton is not None and all(
            len(piece) <= _TAIL and self._never(automaton, self._tails.get(place, ""), piece)
            for place, piece in self._seen.items()
        )

    @staticmethod
    def _never(automaton: Automaton, tail: str, piece: str) -> bool:
        """Whether no match begins in a strand that goes on with this piece again and again, wherever its tail is cut."""
        if not piece:
            return True
        endless = tail + piece * (2 * _TAIL // len(piece) + 2)
        return not any(automaton.possible(endless[at:].encode(), -1) for at in range(len(tail) + len(piece)))

    def repeated(self, times: int) -> None:
        """What the last look saw came so many times more."""
        for place, piece in self._seen.items():
            if place in self._tails and piece:
                most = min(times, _TAIL // len(piece) + 1)
                self._tails[place] = (self._tails[place] + piece * most)[-_TAIL:]

    def _first(self, texts: list[str]) -> str | None:
        """Of texts that are judged each by itself. Nothing is found across what parts them, so one look comes first."""
        guard = self._rules.guard
        if guard is None or (len(texts) > 1 and not matches(guard, _BETWEEN.join(texts))):
            return None
        return next(filter(None, map(self._judged, texts)), None)

    def _strand(self, place: _Place, pieces: list[str]) -> str | None:
        before = self._tails.get(place, "")
        together = before + "".join(pieces)
        if before or len(self._tails) < _MOST_STRANDS:
            self._tails[place] = together[-_TAIL:]
        return self._judged(together) if before or len(pieces) > 1 else None

    def _judged(self, text: str) -> str | None:
        guard = self._rules.guard
        if guard is None or len(text) < SHORTEST:
            return None
        for span in matches(guard, text):
            for each in chain((span,), reaching_out(guard, text, span)):
                if not self._rules.allowed(each.label, text[each.start : each.end]):
                    return each.label
        return None


def _collect(whole: Any, texts: list[str], strands: dict[_Place, list[str]]) -> None:
    """The strings and keys of a list or object that are worth a look, and its strands."""
    stack: list[tuple[_Place, Any]] = [((), whole)]
    while stack:
        place, value = stack.pop()
        kind = type(value)
        if kind is str:
            if value in _WORDS:
                continue
            if len(value) >= SHORTEST:
                texts.append(value)
            strands.setdefault(place, []).append(value)
        elif kind is dict:
            texts.extend([key for key in value if len(key) >= SHORTEST])
            if not _NO_STRINGS.issuperset(map(type, value.values())):
                stack.extend([((*place, key), item) for key, item in reversed(value.items())])
        elif kind is list and not _NO_STRINGS.issuperset(map(type, value)):
            inside = (*place, _ITEM)
            stack.extend([(inside, item) for item in reversed(value)])


def other_lines(raw: bytes, name: str = "") -> list[str]:
    """The lines of an event that hold no data: names, comments, ids; without the event's own `name`."""
    if raw.startswith(b"data:") and raw.count(b"\n") == 2 and b"\r" not in raw:
        return []
    lines = raw.decode(errors="replace").splitlines()
    return [line for line in lines if line and not line.startswith("data:") and line != f"event: {name}"]
