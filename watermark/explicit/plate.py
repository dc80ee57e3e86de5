"""The notice as pixels: white letters on a dark plate, legible on any background, sized by the picture's shorter side.

GB 45438-2025 asks for a height of at least 5 % of the shortest side. We take the strictest reading: each capital, and
each letter of a script without case, has ink at least so high. The fonts are ours (font/), so nothing is looked up on
the machine.
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from watermark.errors import MarkingFailed

FONTS = Path(__file__).with_name("font")
SHARE = 0.05  # of the shorter side: height of the letters
LEAST = 8  # pixels of letter height below which nobody reads Chinese
_COMFORT = 12  # pixels that a small picture's letters get where there is room
_OPACITY = 208  # of 255: white letters keep a contrast of 12:1 on a plate over white

Mask = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Plate:
    """A notice ready to be laid on a picture: its place, and how opaque plate and letters are at each pixel."""

    left: int
    top: int
    back: Mask = field(repr=False)
    ink: Mask = field(repr=False)

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom."""
        height, width = self.ink.shape
        return self.left, self.top, self.left + width, self.top + height


def plate(notice: str, width: int, height: int) -> Plate:
    """The notice for a picture of this size, at the lower right. Raises MarkingFailed where no legible one has room."""
    shorter = min(width, height)
    least = max(math.ceil(SHARE * shorter), LEAST)
    for letter in dict.fromkeys((max(least, _COMFORT), least)):
        font = _sized(notice, letter)
        pad, margin = math.ceil(letter * 0.45), math.ceil(shorter * 0.02)
        for lines in _layouts(notice):
            ink = _inked(lines, font, pad)
            if ink.shape[1] + margin <= width and ink.shape[0] + margin <= height:
                back = np.full(ink.shape, _OPACITY, np.uint8)
                return Plate(width - margin - ink.shape[1], height - margin - ink.shape[0], back, ink)
    raise MarkingFailed(f"A picture of {width} by {height} pixels has no room for a legible notice.")


def laid(pixels: NDArray[Any], on: Plate, dark: Sequence[float], light: Sequence[float]) -> NDArray[Any]:
    """`pixels` (height, width, channels) of the plate's box with the plate on them, in their own type."""
    back, ink = (mask.astype(np.float32)[..., None] / 255 for mask in (on.back, on.ink))
    under = pixels.astype(np.float32)
    under += (np.asarray(dark, np.float32) - under) * back
    under += (np.asarray(light, np.float32) - under) * ink
    mixed: NDArray[Any] = np.rint(under).astype(pixels.dtype) if pixels.dtype.kind in "ui" else under
    return mixed


def font_for(notice: str) -> str:
    """Which of our fonts writes this notice. Raises MarkingFailed if none has all its characters."""
    table = runs()
    if notice in table:
        return str(table[notice]["font"])
    if notice and all(character in table for character in notice):
        return "cjk"
    raise MarkingFailed("The notice is empty or has characters that the labels' font does not have.")


@cache
def runs() -> dict[str, Any]:
    """Glyphs of our fonts by character, and by notice where a script is shaped; made by training/notice_font.py."""
    table: dict[str, Any] = json.loads((FONTS / "runs.json").read_text(encoding="utf-8"))
    return table


def _sized(notice: str, letter: int) -> ImageFont.FreeTypeFont:
    """The smallest size at which each tall letter has ink at least `letter` pixels high."""
    tall = [c for c in notice if unicodedata.category(c) in {"Lu", "Lo"}] or list(notice.strip())
    path = FONTS / f"notice-{font_for(notice)}.ttf"
    size = letter
    while True:
        font = ImageFont.truetype(path, size)
        found = min(_ink_height(font, character) for character in tall)
        if found >= letter:
            return font
        size += max(1, (letter - found) // 2)


def _ink_height(font: ImageFont.FreeTypeFont, character: str) -> int:
    _, top, _, bottom = font.getmask(character).getbbox() or (0, 0, 0, 0)
    return bottom - top


def _layouts(notice: str) -> Iterator[tuple[str, ...]]:
    """One line, then broken ever more: at spaces and hyphens, and anywhere where a script writes no spaces."""
    pieces = _pieces(notice)
    for count in range(1, min(len(pieces), 4) + 1):
        share = len(notice) / count
        lines: list[str] = []
        line = ""
        for piece in pieces:
            if line and len(line) + len(piece) / 2 > share and len(lines) < count - 1:
                lines.append(line.strip())
                line = ""
            line += piece
        yield (*lines, line.strip())


def _pieces(notice: str) -> list[str]:
    pieces: list[str] = [""]
    for character in notice:
        pieces[-1] += character
        if character in " -" or (unicodedata.east_asian_width(character) == "W" and character != "【"):
            pieces.append("")
    if pieces[-1] in {"", "]", "】"}:
        last = pieces.pop()
        if pieces:
            pieces[-1] += last
    return pieces


def _inked(lines: Sequence[str], font: ImageFont.FreeTypeFont, pad: int) -> Mask:
    """The letters' opacity, with the plate's border around them."""
    text = "\n".join(lines)
    measure = ImageDraw.Draw(Image.new("L", (1, 1)))
    left, top, right, bottom = measure.multiline_textbbox((0, 0), text, font=font, align="right")
    canvas = Image.new("L", (math.ceil(right - left) + 2 * pad, math.ceil(bottom - top) + 2 * pad))
    ImageDraw.Draw(canvas).multiline_text((pad - left, pad - top), text, fill=255, font=font, align="right")
    return np.asarray(canvas)
