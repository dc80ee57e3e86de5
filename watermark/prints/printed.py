"""What a picture or a sound is known by: its prints, and where in it each of them was taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from watermark.prints.keyed import PRINT, keyed

Place = tuple[float, float, float]
"""Where a print was taken. Of a picture: the middle of a square and its side, in shorter sides of the picture; side 0 for
the whole. Of a sound: its beginning, in prints of a second each, 0, 0.
"""
Square = tuple[float, float, float, float]
"""Of a picture: middle, side (in shorter sides of it), and radians that it is turned."""
TILES = 6  # along the shorter side
_WORTH = 10_000  # places are said in so many parts
MOST = 10_000
"""Prints of one medium that are read out of a record."""


@dataclass(frozen=True, slots=True)
class Printed:
    """Prints by which a medium is found, each with its place; and, of a picture, those of the tiles that cover it.

    `tiles`: row by row, b"" where a tile is too plain to tell. `shape`: width and height in shorter sides; of a sound, its
    seconds and 0.
    """

    prints: tuple[bytes, ...] = ()
    places: tuple[Place, ...] = ()
    tiles: tuple[bytes, ...] = ()
    shape: tuple[float, float] = (0.0, 0.0)

    def under(self, key: bytes) -> Printed:
        """The same under a tenant's key."""
        told = [tile for tile in self.tiles if tile]
        moved = iter(keyed(told, key))
        tiles = tuple(next(moved) if tile else b"" for tile in self.tiles)
        return replace(self, prints=keyed(self.prints, key), tiles=tiles)

    def said(self) -> dict[str, Any]:
        """As the record says it; nothing where there is no print."""
        if not self.prints:
            return {}
        return {
            "prints": [print_.hex() for print_ in self.prints],
            "places": [[round(value * _WORTH) for value in place] for place in self.places],
            "shape": [round(value * _WORTH) for value in self.shape],
            **({"tiles": [tile.hex() for tile in self.tiles]} if self.tiles else {}),
        }


def read(said: Mapping[str, Any]) -> Printed:
    """What a record says; without any print where it cannot be read."""
    try:
        prints = tuple(bytes.fromhex(one) for one in said.get("prints", ())[:MOST])
        tiles = tuple(bytes.fromhex(one) for one in said.get("tiles", ())[:MOST])
        places = tuple(_place(one) for one in said.get("places", ())[:MOST])
        width, height = (value / _WORTH for value in said.get("shape", (0, 0)))
    except (TypeError, ValueError, AttributeError):
        return Printed()
    sizes = {len(print_) for print_ in prints} | {len(tile) for tile in tiles if tile}
    return (
        Printed(prints, places, tiles, (width, height))
        if sizes == {PRINT} and len(places) == len(prints)
        else Printed()
    )


def tiles(shape: tuple[float, float]) -> list[Place]:
    """The squares that cover a picture of this shape, row by row."""
    across, down = (max(1, round(length * TILES)) for length in shape)
    return [
        ((column + 0.5) * shape[0] / across, (row + 0.5) * shape[1] / down, 1 / TILES)
        for row in range(down)
        for column in range(across)
    ]


def _place(said: Sequence[int]) -> Place:
    x, y, side = (value / _WORTH for value in said)
    return x, y, side
