"""Perceptual prints of pictures: PDQ of the whole, and of regions that the picture itself chooses.

PDQ ("The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm", Facebook, 2019) knows a picture again
that was scaled or encoded anew, not one that was cropped. So the surroundings of its most distinct blobs (SIFT: Lowe,
2004; upright, in proportion to the blob's size) are hashed too: a crop still has some of them, with the same pixels in
them. Prints are taken after labelling, from what leaves.
"""

from __future__ import annotations

import cv2
import numpy as np
import pdqhash
from numpy.typing import NDArray
from PIL import Image

from watermark.pictures import read_picture

REGIONS = 24  # of one picture, at most
_QUALITY = 50  # of 100: below, PDQ's authors discard a print
_REGION_QUALITY = 70  # a region has less to tell it by
_WORKING = 512  # pixels of the shorter side
_AROUND = 6.0  # side of a region, in diameters of its blob
_LEAST = 0.18  # of the shorter side
_APART = 0.12  # of a region's side: nearer ones say the same

Pixels = NDArray[np.uint8]
_QUARTERS = (0, 1, 2, 3)


def image_prints(data: bytes, media_type: str) -> tuple[bytes, ...]:
    """The prints of a picture to be kept, 32 bytes each: the whole first, then regions. Raises MarkingFailed, Unsupported.

    Without any for a picture that is too plain to be known again.
    """
    return prints_of(_pixels(read_picture(data, media_type)))


def image_queries(data: bytes, media_type: str) -> tuple[bytes, ...]:
    """The prints to ask for a picture with: its own, and those of its mirror image and quarter turns."""
    picture = _pixels(read_picture(data, media_type))
    mirrored = np.ascontiguousarray(picture[:, ::-1])
    turned = [np.ascontiguousarray(np.rot90(side, turn)) for side in (picture, mirrored) for turn in _QUARTERS[1:]]
    wholes = [found for side in turned if (found := _print(side, _QUALITY)) is not None]
    return tuple(dict.fromkeys((*prints_of(picture), *prints_of(mirrored), *wholes)))


def prints_of(picture: Pixels) -> tuple[bytes, ...]:
    """The prints of RGB pixels: the whole first, if it is not too plain, then regions."""
    whole = _print(picture, _QUALITY)
    found = [whole] if whole is not None else []
    for region in _regions(picture):
        one = _print(region, _REGION_QUALITY)
        if one is not None and one not in found:
            found.append(one)
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


def _regions(picture: Pixels) -> list[Pixels]:
    """The surroundings of the most distinct blobs, as far as they lie within the picture."""
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
    return [_cut(picture, *place) for place in chosen]


def _cut(picture: Pixels, x: float, y: float, side: float) -> Pixels:
    """A square of the picture at 128 pixels a side."""
    scale = 128 / side
    matrix = np.array([[scale, 0, 64 - x * scale], [0, scale, 64 - y * scale]])
    smooth = cv2.GaussianBlur(picture, (0, 0), 0.4 / scale) if scale < 0.8 else picture
    return np.asarray(cv2.warpAffine(smooth, matrix, (128, 128), flags=cv2.INTER_LINEAR), np.uint8)
