"""What `native/hits.c` does, in Python: its oracle in the tests, and in its place where it was not built."""

from __future__ import annotations

import re
from array import array

LENGTH, BEGINS_WORD, ENDS_WORD = 0xFFFF, 1 << 16, 1 << 17
"""Of a literal: its length in bytes, and whether it counts only where a word begins, and ends."""
_WORD = re.compile(rb"[0-9A-Za-z_]")


class Hits:
    """Takes each hit of one scan when called; not for two scans at a time. `literals`: see `literals.packed`."""

    def __init__(self, literals: bytes | None = None) -> None:
        self._literals = None if literals is None else array("I", literals)
        self._hits: list[tuple[int, int]] = []

    def __call__(self, number: int, start: int, end: int = 0, *_: object) -> None:
        """Hyperscan's callback. It does not know where a literal starts, only where it ends."""
        if self._literals is not None:
            if number >= len(self._literals):
                raise ValueError("a number beyond the literals")
            start = max(0, end - (self._literals[number] & LENGTH))
        self._hits.append((start, number))

    def take(self, content: bytes, points: int, plan: bytes) -> list[tuple[int, int]]:
        """(number, code point) of what was hit, in order. `plan`: see `Needs.packed`, empty for none."""
        hits, self._hits = sorted(set(self._hits)), []
        if self._literals is not None:
            hits = [(start, number) for start, number in hits if _is_whole(content, start, self._literals[number])]
        placed = hits if len(content) == points else _in_code_points(content, hits)
        return _explained(placed, plan) if plan else [(number, at) for at, number in placed]


def _is_whole(content: bytes, start: int, literal: int) -> bool:
    """Whether a literal that is a word stands as one."""
    if literal & BEGINS_WORD and _WORD.match(content, start - 1) is not None and start:
        return False
    return not (literal & ENDS_WORD and _WORD.match(content, start + (literal & LENGTH)) is not None)


def _in_code_points(content: bytes, hits: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Byte offsets to code points in one walk over the text."""
    converted: list[tuple[int, int]] = []
    byte = point = 0
    for start, number in hits:
        point += sum((each & 0xC0) != 0x80 for each in content[byte:start])
        byte = max(byte, start)
        converted.append((point, number))
    return converted


def _explained(hits: list[tuple[int, int]], plan: bytes) -> list[tuple[int, int]]:
    """The hits of anchors that need no word or have one before them."""
    numbers = array("i", plan)
    anchors, words, groups, _, within = numbers[:5]
    needs, bounds = numbers[5 : 5 + anchors], numbers[5 + anchors : 6 + anchors + words]
    members = numbers[6 + anchors + words :]
    last: list[int | None] = [None] * groups
    kept: list[tuple[int, int]] = []
    for at, number in hits:
        if number >= anchors:
            for group in members[bounds[number - anchors] : bounds[number - anchors + 1]]:
                last[group] = at
            continue
        need = needs[number]
        stood = last[need] if need >= 0 else at
        if stood is not None and stood >= at - within:
            kept.append((number, at))
    return kept
