"""Which share of a changed picture its record's prints tell, and of one in which a part was transplanted."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.marks.attacks import ATTACKS, Pixels
from benchmarks.marks.pictures import photograph
from gateway.content.verdict import MOST_OF_MEDIA
from watermark.prints.alignment import align, alternatives
from watermark.prints.picture import image_prints, image_prints_at, image_queries
from watermark.prints.printed import Printed
from watermark.prints.share import cells, share_of_picture, squares

_LEFT = ("JPEG 50", "WebP 50", "crop 30 %", "scale 0.5 to 1.5", "scale, JPEG 75", "screenshot", "flip",
         "rotation to 3 degrees", "all of it")  # fmt: skip


def share(picture: Pixels, stored: Printed) -> int:
    """Parts per thousand of what a picture shows that are of a recorded one, as verification finds it."""
    data = _png(picture)
    queries = image_queries(data, "image/png")
    place = align(queries, stored)
    if place is None:
        return 0
    query, found = queries[place.turn], []
    for one in alternatives(place):
        seen, busy = image_prints_at(data, "image/png", place.turn, squares(one, stored), cells(query))
        found.append(share_of_picture(one, query, stored, seen, busy))
    return max(*found, MOST_OF_MEDIA if place.whole else 0)


def agreement(paths: Sequence[Path], side: int, seed: int = 1) -> None:
    """A table: what was done, how many pictures would be confirmed by prints alone, and the shares between them."""
    dice = np.random.default_rng(seed)
    pictures = [photograph(path, side) for path in paths]
    found: dict[str, list[int]] = {}
    for index, picture in enumerate(pictures):
        stored = image_prints(_png(picture), "image/png")
        other = _shaped(pictures[(index + 1) % len(pictures)], picture)
        for name in _LEFT:
            found.setdefault(name, []).append(share(ATTACKS[name](picture, dice), stored))
        for name, transplant in _TRANSPLANTS.items():
            found.setdefault(name, []).append(share(transplant(picture, other, stored), stored))
    print(f"{len(paths)} pictures, shorter side at most {side}; confirmed from {MOST_OF_MEDIA / 10:.0f} % on")
    print("\n| transform | confirmed | share: least, median, most |\n|---|---|---|")
    for name, shares in found.items():
        confirmed, low, middle, high = sum(one >= MOST_OF_MEDIA for one in shares), *np.percentile(shares, (0, 50, 100))
        print(f"| {name} | {confirmed} of {len(shares)} | {low / 10:.0f}, {middle / 10:.0f}, {high / 10:.0f} % |")


def _half(picture: Pixels, other: Pixels, _: Printed) -> Pixels:
    """The left half in another picture."""
    mixed = other.copy()
    mixed[:, : picture.shape[1] // 2] = picture[:, : picture.shape[1] // 2]
    return mixed


def _middle(picture: Pixels, other: Pixels, _: Printed) -> Pixels:
    """The middle, 36 % of the area, in another picture."""
    height, width = picture.shape[:2]
    part = np.s_[height // 5 : height - height // 5, width // 5 : width - width // 5]
    mixed = other.copy()
    mixed[part] = picture[part]
    return mixed


def _region(picture: Pixels, other: Pixels, stored: Printed) -> Pixels:
    """A region that has a print of its own, in another picture."""
    regions = sorted((place for place in stored.places if place[2]), key=lambda place: place[2])
    if not regions:
        return other
    x, y, side = (value * min(picture.shape[:2]) for value in regions[len(regions) // 3])
    part = np.s_[
        max(0, round(y - 0.55 * side)) : round(y + 0.55 * side), max(0, round(x - 0.55 * side)) : round(x + 0.55 * side)
    ]
    mixed = other.copy()
    mixed[part] = picture[part]
    return mixed


_TRANSPLANTS: dict[str, Callable[[Pixels, Pixels, Printed], Pixels]] = {
    "half of it in another picture": _half,
    "its middle (36 %) in another picture": _middle,
    "one region in another picture": _region,
}


def _shaped(picture: Pixels, like: Pixels) -> Pixels:
    size = (like.shape[1], like.shape[0])
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS)).copy()


def _png(picture: Pixels) -> bytes:
    target = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(target, "PNG", compress_level=1)
    return target.getvalue()
