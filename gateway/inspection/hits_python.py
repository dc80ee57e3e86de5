"""What `native/hits.c` does, in Python: its oracle in the tests, and in its place where it was not built."""

from __future__ import annotations

from array import array


class Hits:
    """Takes each hit of one scan when called; not for two scans at a time."""

    def __init__(self) -> None:
        self._hits: list[tuple[int, int]] = []

    def __call__(self, number: int, start: int, *_: object) -> None:
        """Hyperscan's callback."""
        self._hits.append((start, number))

    def take(self, content: bytes, points: int, plan: bytes) -> list[tuple[int, int]]:
        """(number, code point) of what was hit, in order. `plan`: see `Needs.packed`, empty for none."""
        hits, self._hits = sorted(set(self._hits)), []
        placed = hits if len(content) == points else _in_code_points(content, hits)
        return _explained(placed, plan) if plan else [(number, at) for at, number in placed]


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
