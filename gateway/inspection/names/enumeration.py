"""Where in a text things stand in a row: items of few words each, with commas, line ends or full stops between them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.flow import Span

_MOST_WORDS = 5
_LONGEST, _LONGEST_IN_HAN = 48, 8
"""Words and code points of an item, at most."""
_HAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_FEWEST = 5
"""Items of an enumeration, at least."""
_SMALL = 0.5
"""Share of items that begin with a small letter, at most: others are clauses of a sentence."""

_BETWEEN = re.compile(r"[,;、，；•|/\n\t]|(?<=\w\w)[.!?。…](?=\W|$)|['’\"]?[:：=][ \n]?|[(){}\[\]\"]| [-–—] ")
_LABEL = re.compile(r"[:：=]")
_OF_A_RECORD = re.compile(r"\d{3}|@")
"""Behind a label, and beside numbers and addresses, stands what belongs to somebody, not one thing of many."""


@dataclass(frozen=True, slots=True)
class Enumeration:
    """Items in a row: where each starts and ends."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def marked(self, spans: Sequence[Span]) -> float:
        """The share of items that one of the spans touches. `spans` in order of position."""
        touched, place = 0, 0
        for start, end in zip(self.starts, self.ends, strict=True):
            while place < len(spans) and spans[place].end <= start:
                place += 1
            touched += place < len(spans) and spans[place].start < end
        return touched / len(self.starts)


def enumerations(text: str) -> list[Enumeration]:
    """The enumerations of a text, in order."""
    found: list[Enumeration] = []
    row: list[tuple[int, int]] = []
    for item in _items(text):
        if item is not None:
            row.append(item)
            continue
        _close(text, row, found)
    _close(text, row, found)
    return found


def around(found: Sequence[Enumeration], span: Span) -> Enumeration | None:
    """The enumeration that a span stands in."""
    place = bisect_right(found, span.start, key=lambda each: each.starts[0]) - 1
    return found[place] if place >= 0 and found[place].ends[-1] >= span.end else None


def _items(text: str) -> Iterator[tuple[int, int] | None]:
    """Where an item stands; None where something stands that is none."""
    start = 0
    for match in (*_BETWEEN.finditer(text), None):
        end = len(text) if match is None else match.start()
        words = text[start:end].split() if end - start <= _LONGEST else None
        if words is None or len(words) > _MOST_WORDS or _OF_A_RECORD.search(text, start, end):
            yield None
        elif end - start > _LONGEST_IN_HAN and _HAN.search(text, start, end):
            yield None
        elif words:
            yield start, end
        if match is not None:
            start = match.end()
            if _LABEL.search(match.group()):
                yield None


def _close(text: str, row: list[tuple[int, int]], found: list[Enumeration]) -> None:
    if len(row) >= _FEWEST and sum(_begins_small(text, start) for start, _ in row) <= _SMALL * len(row):
        found.append(Enumeration(tuple(start for start, _ in row), tuple(end for _, end in row)))
    row.clear()


def _begins_small(text: str, at: int) -> bool:
    """Whether the first letter from `at` on is a small one."""
    while at < len(text) and not text[at].isalnum():
        at += 1
    return text[at : at + 1].islower()
