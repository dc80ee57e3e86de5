"""Prints of 256 bits, of pictures and sounds alike, and how near two sets of them are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NEAR = 31
"""Bits of 256 in which two prints of one thing may differ: PDQ's own threshold. Unrelated ones differ in about 128."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """The nearest two prints of two sets, and how many of the query's are near one of the stored."""

    distance: int  # bits of 256
    shared: int

    @property
    def related(self) -> bool:
        """Whether chance is excluded, as far as docs/marking.md has measured it."""
        return self.shared > 0


def likeness(query: Sequence[bytes], stored: Sequence[bytes]) -> Likeness:
    """Compare two sets of prints, 32 bytes each."""
    if not query or not stored:
        return Likeness(256, 0)
    nearest = distances(query, stored).min(axis=1)
    return Likeness(int(nearest.min()), int((nearest <= NEAR).sum()))


def distances(query: Sequence[bytes], stored: Sequence[bytes]) -> NDArray[np.float32]:
    """In how many bits each of the one differs from each of the other."""
    ours, theirs = (_bits(side) for side in (query, stored))
    found: NDArray[np.float32] = ours.sum(axis=1)[:, None] + theirs.sum(axis=1)[None] - 2 * (ours @ theirs.T)
    return found


def _bits(prints: Sequence[bytes]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    table = np.frombuffer(b"".join(prints), np.uint8).reshape(len(prints), 32)
    return np.unpackbits(table, axis=1).astype(np.float32)
