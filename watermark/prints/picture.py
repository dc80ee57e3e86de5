"""Perceptual prints of pictures: PDQ of the whole, and of regions that the picture itself chooses.

PDQ ("The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm", Facebook, 2019) knows a picture again
that was scaled or encoded anew, not one that was cropped. So the surroundings of its most distinct blobs (SIFT: Lowe,
2004; upright, in proportion to the blob's size) are hashed too: a crop still has some of them, with the same pixels in
them. Prints are taken after labelling, from what leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import pdqhash
from numpy.typing import NDArray
from PIL import Image

from watermark.pictures import read_picture
from watermark.prints.printed import Printed, Square, tiles

REGIONS = 24  # of one picture, at most
_QUALITY = 50  # of 100: below, PDQ's authors discard a print
_REGION_QUALITY = 70  # a region has less to tell it by
_WORKING = 512  # pixels of the shorter side
_AROUND = 6.0  # side of a region, in diameters of its blob
_LEAST = 0.18  # of the shorter side
_APART = 0.12  # of a region's side: nearer ones say the same

_TILE_QUALITY = 60
_BUSY = 75  # there is something to see: more than what a plain tile shows after an encoder

Pixels = NDArray[np.uint8]
TURNS = 8
"""Ways in which a picture may lie: four quarter turns, and those of its mirror image."""


def image_prints(data: bytes, media_type: str) -> Printed:
    """What a picture is to be known by: the whole first, then regions; and its tiles. Raises MarkingFailed, Unsupported.

    Without any print for a picture that is too plain to be known again.
    """
    picture = _pixels(read_picture(data, media_type))
    found = prints_of(picture)
    squares = [(*place, 0.0) for place in tiles(found.shape)]
    return replace(found, tiles=_printed(picture, squares, _TILE_QUALITY)) if found.prints else Printed()


def image_queries(data: bytes, media_type: str) -> tuple[Printed, ...]:
    """The prints to ask for a picture with, for each of the TURNS ways in which it may lie: regions of it as it is and of
    its mirror image, wholes of the others.
    """
    picture = _pixels(read_picture(data, media_type))
    sides = [_turned(picture, turn) for turn in range(TURNS)]
    return tuple(prints_of(side) if turn % 4 == 0 else _whole(side) for turn, side in enumerate(sides))


def image_prints_at(
    data: bytes, media_type: str, turn: int, squares: Sequence[Square], bare: Sequence[Square] = ()
) -> tuple[tuple[bytes, ...], tuple[bool, ...]]:
    """Of a picture that lies in one of the TURNS ways: the prints of squares, b"" for those that are not within it; and
    whether there is anything to see in the `bare` squares.
    """
    picture = _turned(_pixels(read_picture(data, media_type)), turn)
    return _printed(picture, squares, 0), tuple(bool(one) for one in _printed(picture, bare, _BUSY))


def prints_of(picture: Pixels) -> Printed:
    """The prints of RGB pixels: the whole first, if it is not too plain, then regions."""
    found, shorter = _whole(picture), min(picture.shape[:2])
    prints = dict(zip(found.prints, found.places, strict=True))
    for x, y, side in _regions(picture):
        one = _print(_cut(picture, x, y, side), _REGION_QUALITY)
        if one is not None:
            prints.setdefault(one, (x / shorter, y / shorter, side / shorter))
    return replace(found, prints=tuple(prints), places=tuple(prints.values()))


def _whole(picture: Pixels) -> Printed:
    height, width = picture.shape[:2]
    shape = (width / min(width, height), height / min(width, height))
    whole = _print(picture, _QUALITY)
    return (
        Printed((), shape=shape)
        if whole is None
        else Printed((whole,), ((shape[0] / 2, shape[1] / 2, 0.0),), (), shape)
    )


def _turned(picture: Pixels, turn: int) -> Pixels:
    side = picture[:, ::-1] if turn >= 4 else picture
    return np.ascontiguousarray(np.rot90(side, turn % 4))


def _printed(picture: Pixels, squares: Sequence[Square], least: int) -> tuple[bytes, ...]:
    height, width = picture.shape[:2]
    shorter, edge = min(height, width), 0.02
    found = []
    for x, y, side, angle in squares:
        reach = side / 2 * (abs(np.cos(angle)) + abs(np.sin(angle))) - edge * side
        within = min(x, y, width / shorter - x, height / shorter - y) >= reach
        cut = _cut(picture, x * shorter, y * shorter, side * shorter, angle) if within else None
        found.append((_print(cut, least) or b"") if cut is not None else b"")
    return tuple(found)


def _pixels(image: Image.Image) -> Pixels:
    """At most _WORKING pixels on the shorter side."""
    shorter = min(image.size)
    if shorter > _WORKING:
        size = (round(image.width * _WORKING / shorter), round(image.height * _WORKING / shorter))
        image = image.resize(size, Image.Resampling.BOX if shorter > 2 * _WORKING else Image.Resampling.LANCZOS)
    return np.asarray(image)


def _print(picture: Pixels, least: int) -> bytes | None:
    bits, quality = pdqhash.compute(np.ascontiguousarray(picture))  # type: ignore[attr-defined]
    return np.packbits(bits.astype(np.uint8)).tobytes() if quality >= least else None


def _regions(picture: Pixels) -> list[tuple[float, float, float]]:
    """The surroundings of the most distinct blobs, as far as they lie within the picture: middle and side, in pixels."""
    height, width = picture.shape[:2]
    shorter = min(height, width)
    if shorter < 64:
        return []
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    blobs = cv2.SIFT_create(contrastThreshold=0.02).detect(grey, None)  # type: ignore[attr-defined]
    chosen: list[tuple[float, float, float]] = []
    for blob in sorted(blobs, key=lambda one: -one.response * one.size):
        side = _AROUND * blob.size
        x, y = blob.pt
        if side < _LEAST * shorter or min(x, y, width - x, height - y) < side / 2:
            continue
        if all(max(abs(x - a), abs(y - b), abs(side - c)) > _APART * side for a, b, c in chosen):
            chosen.append((x, y, side))
        if len(chosen) == REGIONS:
            break
    return chosen


def _cut(picture: Pixels, x: float, y: float, side: float, angle: float = 0.0) -> Pixels:
    """A square of the picture at 128 pixels a side."""
    scale = 128 / side
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    matrix = np.array([[cos, sin, 64 - x * cos - y * sin], [-sin, cos, 64 + x * sin - y * cos]])
    smooth = cv2.GaussianBlur(picture, (0, 0), 0.4 / scale) if scale < 0.8 else picture
    border = cv2.BORDER_REPLICATE
    return np.asarray(cv2.warpAffine(smooth, matrix, (128, 128), flags=cv2.INTER_LINEAR, borderMode=border), np.uint8)
