"""The visible notice on pictures: PNG, JPEG, WebP, GIF, TIFF, AVIF, HEIC; each frame, any mode, upright."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from watermark.explicit.plate import laid, plate
from watermark.pictures import Edit, edit_picture


def label_image(data: bytes, media_type: str, notice: str, language: str) -> bytes:
    """The picture with the notice on it, in the same format. Raises MarkingFailed, Unsupported."""
    return edit_picture(
        data, media_type, Edit(partial(labelled, notice=notice), partial(_labelled_deep, notice=notice))
    )


def labelled(image: Image.Image, notice: str) -> Image.Image:
    """The picture with the notice on it."""
    on = plate(notice, image.width, image.height)
    region = image.crop(on.box)
    dark, light = _tones(image)
    array = np.asarray(region)
    pixels = array[..., None] if array.ndim == 2 else array
    mixed = np.ascontiguousarray(laid(pixels, on, dark, light).reshape(array.shape))
    image.paste(Image.frombytes(region.mode, region.size, mixed.tobytes()), on.box[:2])
    return image


def _labelled_deep(pixels: NDArray[Any], notice: str) -> NDArray[Any]:
    on = plate(notice, pixels.shape[1], pixels.shape[0])
    left, top, right, bottom = on.box
    colours = pixels.shape[2]
    region = pixels[top:bottom, left:right]
    pixels[top:bottom, left:right] = laid(region, on, (0, 0, 0, 65535)[:colours], (65535,) * colours)
    return pixels


def _tones(image: Image.Image) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """What dark and light are in this mode."""
    if image.mode in {"F", "I"}:
        low, high = image.getextrema()
        return (float(low),), (float(high) if high > low else float(low) + 1,)  # type: ignore[operator,arg-type]
    if image.mode.startswith("I;16"):
        return (0,), (65535,)
    return {
        "L": ((0,), (255,)),
        "LA": ((0, 255), (255, 255)),
        "RGB": ((0, 0, 0), (255, 255, 255)),
        "RGBA": ((0, 0, 0, 255), (255, 255, 255, 255)),
        "CMYK": ((0, 0, 0, 255), (0, 0, 0, 0)),
    }[image.mode]
