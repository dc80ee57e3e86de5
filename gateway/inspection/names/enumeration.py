"""Where in a text things stand in a row: items of few words each, with commas, line ends or full stops between them.

A row is looked for only where something was marked: from there to both sides, item by item.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.flow import Span

_MOST_WORDS = 5
_LONGEST, _LONGEST_IN_HAN = 48, 8
"""Words and code points of an item, at most."""
_FEWEST, _MOST = 5, 400
"""Items of an enumeration."""
_REMEMBERED = 16
"""Rows that are looked through before another is made: what is asked for stands in order."""
_SMALL = 0.5
"""Share of items that begin with a small letter, at most: others are clauses of a sentence."""

# It begins with the set of all first signs and looks back behind them: `re` passes over letters quickly.
_BETWEEN = re.compile(
    r"[,;、，；•|/\n\t.!?。…'’\":：=(){}\[\] ](?:(?<= )[-–—] |(?<=[,;、，；•|/\n\t])|(?<=\w\w[.!?。…])(?=\W|$)"
    r"|(?<=['’\"])[:：=][ \n]?|(?<=[:：=])[ \n]?|(?<=[(){}\[\]\"]))"
)
_LABELS = frozenset(":：=")
_OF_A_RECORD = re.compile(r"\d{3}|@")
"""Behind a label, and beside numbers and addresses, stands what belongs to somebody, not one thing of many."""
_HAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Enumeration:
    """Items in a row: where each starts and ends."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def marked(self, spans: Sequence[Span]) -> float:
        """The share of items that one of the spans touches. `spans` in order of position."""
        touched, place = 0, bisect_right(spans, self.starts[0], key=lambda span: span.end)
        for start, end in zip(self.starts, self.ends, strict=True):
            while place < len(spans) and spans[place].end <= start:
                place += 1
            touched += place < len(spans) and spans[place].start < end
        return touched / len(self.starts)


class Rows:
    """The enumerations of one text, as far as they were asked for."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._known: list[tuple[int, int, Enumeration | None]] = []

    def around(self, start: int, end: int) -> Enumeration | None:
        """The enumeration that something stands in."""
        for low, high, row in reversed(self._known[-_REMEMBERED:]):
            if low <= start < high:
                return row if row is not None and row.ends[-1] >= end else None
        items = self._items(start)
        if not items:
            return None
        row = None
        if len(items) >= _FEWEST and sum(self._begins_small(at) for at, _ in items) <= _SMALL * len(items):
            row = Enumeration(tuple(at for at, _ in items), tuple(stop for _, stop in items))
        self._known.append((items[0][0], items[-1][1], row))
        return row if row is not None and row.ends[-1] >= end else None

    def _items(self, at: int) -> list[tuple[int, int]]:
        """The items around a place, in order; none where no item stands."""
        begin, is_labelled = self._begin(at)
        first = self._item(begin)
        if first is None:
            return []
        items = [first[:2]]
        goes_on, place = first[2:]
        while goes_on and len(items) < _MOST:
            item = self._item(place)
            if item is None:
                break
            if item[0] < item[1]:
                items.append(item[:2])
            goes_on, place = item[2:]
        before: list[tuple[int, int]] = []
        while not is_labelled and begin > 0 and len(items) + len(before) < _MOST:
            end = begin - 1
            begin, is_labelled = self._begin(end)
            item = self._item(begin)
            if item is None:
                break
            if item[0] < item[1]:
                before.append(item[:2])
        return [*reversed(before), *items]

    def _begin(self, at: int) -> tuple[int, bool]:
        """Where what stands at a place begins, and whether a label is before it."""
        low = max(0, at - _LONGEST - 1)
        marks = list(_BETWEEN.finditer(self._text, low, at))
        if not marks:
            return low, low > 0
        last = marks[-1]
        return last.end(), not _LABELS.isdisjoint(last.group())

    def _item(self, begin: int) -> tuple[int, int, bool, int] | None:
        """An item from there on: start, end, whether another may follow, and where. None: something stands there that is none."""
        text = self._text
        match = _BETWEEN.search(text, begin, begin + _LONGEST + 2)
        end = match.start() if match is not None else len(text)
        if end - begin > _LONGEST or text.count(" ", begin, end) > _MOST_WORDS or _OF_A_RECORD.search(text, begin, end):
            return None
        if end - begin > _LONGEST_IN_HAN and _HAN.search(text, begin, end):
            return None
        start = end if text[begin:end].isspace() else begin
        if match is None:
            return start, end, False, end
        return start, end, _LABELS.isdisjoint(match.group()), match.end()

    def _begins_small(self, at: int) -> bool:
        """Whether the first letter from `at` on is a small one."""
        while at < len(self._text) and not self._text[at].isalnum():
            at += 1
        return self._text[at : at + 1].islower()
