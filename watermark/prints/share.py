"""How much of a picture or a sound is that of a record: what agrees where the record says, against all that is there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from watermark.prints.alignment import Alignment, offset
from watermark.prints.likeness import distances
from watermark.prints.printed import Place, Printed, Square, tiles

TILE_NEAR = 60
"""Bits in which the print of a tile may differ where it must be; not looked for among others, so 31 would be too few."""
SECOND_NEAR = 40
"""The same of a second of a sound: encoders and noise change some ten, another sound at least fifty."""
_UNTOLD = 0.5
"""What counts of a place that shows something, lies within the recorded picture and cannot be compared: half a tile of it
was cut off, as happens along the edges of a crop."""
_EDGE = 0.6
"""Of a cell's side: nearer to the recorded picture's edge than this a cell may show that edge and nothing else."""


def squares(of: Alignment, stored: Printed) -> list[Square]:
    """Where the recorded picture's tiles lie in the query."""
    turn, size = float(np.angle(of.scale)), abs(of.scale)
    places = [(of.here(x, y), side) for x, y, side in tiles(stored.shape)]
    return [(place.real, place.imag, side * size, turn) for place, side in places]


def cells(query: Printed) -> list[Square]:
    """The query's own tiles, in each of which it is asked whether there is anything to see."""
    return [(x, y, side, 0.0) for x, y, side in tiles(query.shape)]


def share_of_picture(
    of: Alignment, query: Printed, stored: Printed, seen: Sequence[bytes], busy: Sequence[bool]
) -> int:
    """Parts per thousand of what a picture shows that agree with a recorded one.

    `seen`: the query's prints at `squares`, under the same key as the stored, b"" for those not within it; `busy`: for
    each of its `cells` whether there is anything to see.
    """
    agrees = [_agree(one, tile) for one, tile in zip(seen, stored.tiles, strict=True)]
    frame = tiles(stored.shape)
    good = bad = 0.0
    for (x, y, side), shows in zip(tiles(query.shape), busy, strict=True):
        there = of.there(x, y)
        index = _tile_at(there, frame)
        agrees_here = agrees[index] if index is not None else None
        if agrees_here is not None:
            good, bad = good + agrees_here, bad + (not agrees_here)
        elif shows and _within(x, y, of.regions):
            good += 1
        elif shows:
            edge = _depth(there, stored.shape) * abs(of.scale) / side
            if abs(edge) > _EDGE:  # a picture's edge is something to see on any page
                bad += 1 if edge < 0 or (index is not None and seen[index]) else _UNTOLD
            elif edge > 0 and index is not None and not seen[index]:
                bad += _UNTOLD
    return round(1000 * good / (good + bad)) if good else 0


def share_of_sound(query: Printed, stored: Printed) -> int:
    """Parts per thousand of a sound's seconds that agree with those of a recorded one, in its order."""
    later = offset(query, stored)
    if later is None:
        return 0
    heard, kept = (dict(zip((round(8 * x) for x, _, _ in of.places), of.prints, strict=True)) for of in (query, stored))
    rows, begins = round(8 * query.shape[0]), round(8 * later)
    good = bad = 0.0
    seconds = [row for row in range(0, round(8 * stored.shape[0]) - 7, 8) if 0 <= row + begins <= rows - 8]
    for row in seconds:
        near = [heard[place] for place in range(row + begins - 1, row + begins + 2) if place in heard]
        if row in kept and near:
            agrees = float(distances(near, [kept[row]]).min()) <= SECOND_NEAR
            good, bad = good + agrees, bad + (not agrees)
        else:  # silence or a hum in the one and not in the other
            bad += row in kept or row + begins in heard
    within = range(seconds[0] + begins - 7, seconds[-1] + begins + 8) if seconds else range(0)
    bad += sum(place not in within for place in heard) / 8
    return round(1000 * good / (good + bad)) if good else 0


def comparable(stored: Printed) -> bool:
    """Whether a record says of a picture's tiles what is needed."""
    return 0 < len(stored.tiles) == len(tiles(stored.shape))


def _agree(seen: bytes, stored: bytes) -> bool | None:
    """Whether a tile is as recorded; None where that cannot be told."""
    if not seen or not stored:
        return None
    return (int.from_bytes(seen) ^ int.from_bytes(stored)).bit_count() <= TILE_NEAR


def _tile_at(place: complex, frame: Sequence[Place]) -> int | None:
    """The tile around a place: the nearest, if the place is in it."""
    far, index = min((max(abs(place.real - x), abs(place.imag - y)), i) for i, (x, y, _) in enumerate(frame))
    return index if far <= frame[index][2] * 0.6 else None


def _depth(place: complex, shape: tuple[float, float]) -> float:
    """How far a place is from the edge of a picture of this shape; below 0 where it is beside it."""
    return min(place.real, place.imag, shape[0] - place.real, shape[1] - place.imag)


def _within(x: float, y: float, regions: Sequence[Place]) -> bool:
    return any(max(abs(x - a), abs(y - b)) <= side / 2 for a, b, side in regions)
