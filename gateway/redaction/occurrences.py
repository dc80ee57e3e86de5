"""Where any of many values stands in a text, in time that does not grow with how many values there are.

Few values are one expression. Many are looked up: each value is known by its first characters (two, four or eight of
them), and only where those stand are the values tried that begin so, the longest first.
"""

from __future__ import annotations

import re
from collections.abc import Collection

Occurrence = tuple[int, int, str]
"""(start, end, value) in code points."""

FEW = 24
_GRAMS = (8, 4, 2, 1)


class Occurrences:
    """A search for a fixed set of values: leftmost, then longest, disjoint."""

    __slots__ = ("_expression", "_known", "_lengths")

    def __init__(self, values: Collection[str]) -> None:
        self._expression: re.Pattern[str] | None = None
        self._known = frozenset(values) - {""}
        self._lengths: dict[int, dict[str, list[int]]] = {}
        if not self._known:
            return
        if len(self._known) <= FEW:
            ordered = sorted(self._known, key=lambda value: (-len(value), value))
            self._expression = re.compile("|".join(map(re.escape, ordered)))
            return
        lengths: dict[int, dict[str, set[int]]] = {}
        for value in self._known:
            size = next(gram for gram in _GRAMS if len(value) >= gram)
            lengths.setdefault(size, {}).setdefault(value[:size], set()).add(len(value))
        self._lengths = {
            size: {gram: sorted(known, reverse=True) for gram, known in grams.items()}
            for size, grams in lengths.items()
        }

    def find(self, text: str) -> list[Occurrence]:
        """All occurrences in order."""
        if self._expression is not None:
            if not any(value in text for value in self._known):
                return []
            return [(match.start(), match.end(), match[0]) for match in self._expression.finditer(text)]
        found: list[Occurrence] = []
        for size, grams in self._lengths.items():
            last = len(text) - size + 1
            for at in [place for place in range(last) if text[place : place + size] in grams]:
                for length in grams[text[at : at + size]]:
                    value = text[at : at + length]
                    if value in self._known:
                        found.append((at, at + len(value), value))
                        break
        return _disjoint(found) if found else found


def _disjoint(found: list[Occurrence]) -> list[Occurrence]:
    kept: list[Occurrence] = []
    behind = 0
    for occurrence in sorted(found, key=lambda each: (each[0], -each[1])):
        if occurrence[0] >= behind:
            kept.append(occurrence)
            behind = occurrence[1]
    return kept
