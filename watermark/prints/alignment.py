"""Where a recorded picture or sound lies in another one, from the places of prints that both have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from watermark.prints.likeness import NEAR, distances
from watermark.prints.printed import Place, Printed

_OFF = 0.12  # of a region's side: how far two pairs may disagree about where the picture lies
_FAR = 0.1  # and of their distance, since a blob tells its size roughly
_SIZES = 0.25  # logarithm: how far they may disagree about its scale
_APART = 0.1  # of the shorter side: nearer ones do not tell scale and turn
_FEW = 2
_LARGER, _TURNED = (0.96, 1.0, 1.04), (-0.05, -0.025, 0.0, 0.025, 0.05)

Pair = tuple[Place, Place]
"""Where a print was taken in the query, and where in what was recorded."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """A place z = x + iy of the recorded picture is at scale * z + shift in the query, which lies in the way `turn`.

    `whole`: the two are alike as wholes. `regions`: of the query, that are alike and agree about where the picture lies.
    """

    turn: int
    scale: complex
    shift: complex
    whole: bool
    regions: tuple[Place, ...] = ()

    def there(self, x: float, y: float) -> complex:
        """A place of the query in the recorded picture."""
        return (complex(x, y) - self.shift) / self.scale

    def here(self, x: float, y: float) -> complex:
        """A place of the recorded picture in the query."""
        return self.scale * complex(x, y) + self.shift


def align(query: Sequence[Printed], stored: Printed) -> Alignment | None:
    """The likeliest place of a recorded picture in another: of the query that is alike as a whole, or that shares most."""
    found: list[Alignment] = []
    for turn, one in enumerate(query):
        pairs = _pairs(one, stored)
        if not pairs:
            continue
        whole = next(((here, there) for here, there in pairs if here[2] == there[2] == 0), None)
        regions = [(here, there) for here, there in pairs if here[2] and there[2]]
        if regions:
            found.append(_fitted(turn, regions, whole is not None))
        elif whole is not None:
            found.append(Alignment(turn, 1 + 0j, complex(*whole[0][:2]) - complex(*whole[1][:2]), True))
    return max(found, key=lambda one: (one.whole, len(one.regions)), default=None)


def alternatives(of: Alignment) -> tuple[Alignment, ...]:
    """Where it may lie as well, if one or two regions tell it: those say little of its turn, and its scale roughly."""
    if of.whole or len(of.regions) > _FEW:
        return (of,)
    middle = complex(np.mean([complex(*place[:2]) for place in of.regions]))
    there = of.there(middle.real, middle.imag)
    scales = [of.scale * larger * np.exp(1j * turn) for larger in _LARGER for turn in _TURNED]
    return (of, *(replace(of, scale=complex(scale), shift=complex(middle - scale * there)) for scale in scales))


def offset(query: Printed, stored: Printed) -> float | None:
    """How much later a recorded sound begins in another, in seconds: where most prints agree about it."""
    heard = Counter(round(8 * (here[0] - there[0])) for here, there in _pairs(query, stored))
    if not heard:
        return None
    return max(heard, key=lambda rows: (heard[rows] + (heard[rows - 1] + heard[rows + 1]) / 2, -abs(rows))) / 8


def _pairs(query: Printed, stored: Printed) -> list[Pair]:
    if not query.prints or not stored.prints:
        return []
    near = np.nonzero(distances(query.prints, stored.prints) <= NEAR)
    return [(query.places[i], stored.places[j]) for i, j in zip(*near, strict=True)]


def _fitted(turn: int, pairs: Sequence[Pair], whole: bool) -> Alignment:
    """By the most pairs that agree with one another."""
    here = np.array([complex(*one[:2]) for one, _ in pairs])
    there = np.array([complex(*other[:2]) for _, other in pairs])
    sides = np.array([one[2] for one, _ in pairs])
    scales = sides / np.array([other[2] for _, other in pairs])
    best: NDArray[np.intp] = np.array([0])
    for scale, place, other in zip(scales, here, there, strict=True):
        off = np.abs(here - (place + scale * (there - other)))
        close = (off < _OFF * sides + _FAR * np.abs(here - place)) & (np.abs(np.log(scales / scale)) < _SIZES)
        if close.sum() > best.size:
            best = np.nonzero(close)[0]
    scale, middle, away = complex(np.median(scales[best])), here[best].mean(), there[best].mean()
    spread = float((np.abs(there[best] - away) ** 2).sum())
    if spread > best.size * _APART**2:
        scale = complex(((here[best] - middle) * (there[best] - away).conj()).sum() / spread)
    regions = tuple(dict.fromkeys(pairs[index][0] for index in best))
    return Alignment(turn, scale, complex(middle - scale * away), whole, regions)
