"""A first cheap look at a text: near which of its tokens a name may stand. The network is worked out there alone.

A small network of integers over the sums of the embeddings, taught by the large one: three tokens wide, then five of its
rows three apart, then one number a token. A token is looked at if one beside it, or it itself, is marked; every other one
is taken for no part of a name. All sums are integers below 2**24, which 32-bit floats hold exactly, in whatever order they are
taken; so `native/tagger_sieve.h` marks the same tokens.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

NOTHING = np.float32(-64.0)
"""Score of every tag but O where no name stands near; O has 0."""

BESIDE = 3
"""Tokens to either side of a marked one that are looked at with it."""

_STEPS = (-1, 0, 1)  # tokens that the first layer sees
_FAR_STEPS = (-6, -3, 0, 3, 6)  # rows of the first layer that the second one sees
_EMPTY = 8  # rows between texts: no layer sees further
_BYTE = 255
_BITS = 32
_SHAPES = {
    "wide": (288, 96),
    "wide_begin": (96,),
    "narrow": (480, 32),
    "narrow_begin": (32,),
    "last": (32,),
    "single": (3,),
    "teacher": (32,),
}

Rows = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Sieve:
    """The weights, all of them integers. `shifts`: by how many bits what a layer says is cut to eight bits."""

    wide: NDArray[np.int8]  # (3 * inner width, 96)
    wide_begin: NDArray[np.int32]
    narrow: NDArray[np.int8]  # (5 * 96, 32)
    narrow_begin: NDArray[np.int32]
    last: NDArray[np.int32]  # 32
    single: NDArray[np.int32]  # what the last sum begins with, and the two shifts
    teacher: NDArray[np.uint8]  # which network it was taught by: `network.Network.taught`

    @classmethod
    def load(cls, path: Path, teacher: bytes) -> Sieve:
        """Raises OSError or ValueError for a file that is missing, none of ours, or of another network."""
        with np.load(path) as arrays:
            value = {name: np.ascontiguousarray(arrays[name]) for name in arrays.files}
        if {name: each.shape for name, each in value.items()} != _SHAPES:
            raise ValueError("the sieve of the names model has another form than is read here")
        if not (value["single"][1:] < _BITS).all() or not (value["single"][1:] >= 0).all():
            raise ValueError("the sieve of the names model cuts more bits than there are")
        if value["teacher"].tobytes() != teacher:
            raise ValueError("the sieve was taught by another names model: run `training.sieve`")
        return cls(**value)

    @property
    def arrays(self) -> tuple[Any, ...]:
        """As `native/tagger.c` takes them."""
        return self.wide, self.wide_begin, self.narrow, self.narrow_begin, self.last, self.single

    def near(self, sums: NDArray[np.int16], first: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which tokens are looked at. `sums`: of their embeddings; text `i` owns rows `first[i]` to `first[i + 1]`."""
        texts = len(first) - 1
        place = np.arange(len(sums)) + _EMPTY * (np.repeat(np.arange(texts), np.diff(first)) + 1)
        seen = np.zeros((len(sums) + _EMPTY * (texts + 1), sums.shape[1]), np.float32)
        seen[place] = np.clip(sums, -128, 127)
        return spread(self._marked(seen)[place], first, BESIDE)

    def _marked(self, seen: Rows) -> NDArray[np.bool_]:
        begin, wide_shift, narrow_shift = self.single.tolist()
        wide = _lowered(_around(seen, _STEPS) @ self.wide.astype(np.float32), self.wide_begin, wide_shift)
        narrow = _lowered(_around(wide, _FAR_STEPS) @ self.narrow.astype(np.float32), self.narrow_begin, narrow_shift)
        marked: NDArray[np.bool_] = narrow.astype(np.int32) @ self.last + begin >= 0
        return marked


def spread(flags: NDArray[np.bool_], first: NDArray[np.int64], reach: int) -> NDArray[np.bool_]:
    """Which tokens have one of these within reach in their own text."""
    text = np.repeat(np.arange(len(first) - 1), np.diff(first))
    place = np.arange(len(flags)) + reach * (text + 1)
    wide = np.zeros(len(flags) + reach * len(first), np.int64)
    wide[place] = flags
    total = np.concatenate(([0], np.cumsum(wide)))
    result: NDArray[np.bool_] = total[place + reach + 1] > total[place - reach]
    return result


def _around(rows: Rows, steps: tuple[int, ...]) -> Rows:
    """Each row with those so many steps away side by side; zeros where there is none."""
    reach = max(steps)
    wide = np.zeros((len(rows) + 2 * reach, rows.shape[1]), np.float32)
    wide[reach : reach + len(rows)] = rows
    return np.concatenate([wide[reach + step : reach + step + len(rows)] for step in steps], axis=1)


def _lowered(sums: Rows, begin: NDArray[np.int32], shift: int) -> Rows:
    whole = np.maximum(sums.astype(np.int32) + begin, 0) >> shift
    lowered: Rows = np.minimum(whole, _BYTE).astype(np.float32)
    return lowered
