"""What happens to pictures on their way: each attack takes RGB pixels and dice, and gives RGB pixels."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[Any]
Attack = Callable[[Pixels, np.random.Generator], Pixels]


def through(picture: Pixels, kind: str, **options: Any) -> Pixels:
    target = io.BytesIO()
    Image.fromarray(picture).save(target, kind, **options)
    return np.asarray(Image.open(io.BytesIO(target.getvalue())).convert("RGB"))


def resized(picture: Pixels, scale: float) -> Pixels:
    size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))


def cropped(picture: Pixels, dice: np.random.Generator, lost: float = 0.3) -> Pixels:
    """A random part with 1 - lost of the area, of a random shape."""
    height, width = picture.shape[:2]
    kept = 1 - lost
    part = dice.uniform(kept, 1)
    rows, columns = round(height * kept / part), round(width * part)
    top, left = int(dice.integers(0, height - rows + 1)), int(dice.integers(0, width - columns + 1))
    return picture[top : top + rows, left : left + columns]


def turned(picture: Pixels, degrees: float) -> Pixels:
    """Turned about the middle, the corners black, as editors leave it."""
    return np.asarray(Image.fromarray(picture).rotate(degrees, Image.Resampling.BICUBIC))


def on_a_screen(picture: Pixels, dice: np.random.Generator) -> Pixels:
    """Shown at another size on a page of its own colour, with gamma and sharpening, and saved as a JPEG."""
    shown: Pixels = resized(picture, float(dice.uniform(0.6, 1.3))).astype(np.float32)
    shown = (255 * (shown / 255) ** dice.uniform(0.92, 1.08)).astype(np.float32)
    sharper = float(dice.uniform(0, 0.4))
    shown = cv2.addWeighted(shown, 1 + sharper, cv2.GaussianBlur(shown, (0, 0), 1.0), -sharper, 0)
    height, width = shown.shape[:2]
    page = np.full((height + int(dice.integers(20, 160)), width + int(dice.integers(20, 160)), 3), 245, np.float32)
    top, left = (int(dice.integers(0, page.shape[axis] - shown.shape[axis])) for axis in (0, 1))
    page[top : top + height, left : left + width] = shown
    return through(np.clip(np.rint(page), 0, 255).astype(np.uint8), "JPEG", quality=85)


ATTACKS: dict[str, Attack] = {
    "none": lambda picture, _: picture,
    "JPEG 50": lambda picture, _: through(picture, "JPEG", quality=50),
    "WebP 50": lambda picture, _: through(picture, "WEBP", quality=50),
    "AVIF 60": lambda picture, _: through(picture, "AVIF", quality=60),
    "crop 30 %": cropped,
    "scale 0.5 to 1.5": lambda picture, dice: resized(picture, float(dice.uniform(0.5, 1.5))),
    "scale, JPEG 75": lambda picture, dice: through(
        resized(picture, float(dice.uniform(0.5, 1.5))), "JPEG", quality=75
    ),
    "screenshot": on_a_screen,
    "flip": lambda picture, dice: np.ascontiguousarray(picture[:, ::-1] if dice.random() < 0.5 else picture[::-1]),
    "rotation to 3 degrees": lambda picture, dice: turned(picture, float(dice.uniform(-3, 3))),
    "quarter turn": lambda picture, dice: np.ascontiguousarray(np.rot90(picture, int(dice.integers(1, 4)))),
    "noise, blur": lambda picture, dice: np.clip(
        cv2.GaussianBlur(picture, (0, 0), 0.8) + dice.normal(0, 4, picture.shape), 0, 255
    ).astype(np.uint8),
    "all of it": lambda picture, dice: through(
        resized(turned(cropped(picture[:, ::-1], dice), float(dice.uniform(-3, 3))), float(dice.uniform(0.7, 1.3))),
        "JPEG",
        quality=75,
    ),
}
