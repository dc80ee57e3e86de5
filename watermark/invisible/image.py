"""The invisible mark of picture files. GIF cannot carry it: its palettes leave no room for a faint pattern."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from watermark.errors import Unsupported
from watermark.invisible.detected import Detected
from watermark.invisible.pixels import LEAST, Plane, find, mark_plane
from watermark.pictures import Edit, edit_picture, read_picture

_RED, _GREEN, _BLUE = 0.299, 0.587, 0.114  # luminance, ITU-R BT.601
_SIXTEEN = 257.0  # steps of 16 bits in one of 8


def embed(data: bytes, media_type: str, payload: int, key: bytes) -> bytes:
    """The picture with 64 bits under a key in every frame. Raises MarkingFailed; Unsupported for GIF and small pictures.

    The mark is the same in each frame and picture of one payload; PSNR is 42.5 dB before the format's own losses.
    """
    if media_type == "image/gif":
        raise Unsupported("A GIF cannot carry an invisible mark.")
    edit = Edit(partial(_marked, payload=payload, key=key), partial(_marked_deep, payload=payload, key=key))
    return edit_picture(data, media_type, edit)


def detect(data: bytes, media_type: str, key: bytes) -> Detected | None:
    """The mark under this key in the first frame, or None. Raises MarkingFailed, Unsupported for what is no picture."""
    return find(np.asarray(read_picture(data, media_type).convert("L"), np.float32), key)


def _marked(image: Image.Image, payload: int, key: bytes) -> Image.Image:
    if image.mode in {"F", "I"}:
        raise Unsupported("A picture of floating-point or 32-bit samples cannot carry an invisible mark.")
    _large_enough(image.width, image.height)
    pixels = np.asarray(image)
    step = _SIXTEEN if pixels.dtype.itemsize == 2 else 1.0
    delta = mark_plane(_luminance(image), payload, key) * step
    channels = pixels[..., None] if pixels.ndim == 2 else pixels
    colours = {"LA": 1, "RGBA": 3, "CMYK": 3}.get(image.mode, int(channels.shape[2]))
    changed = _added(channels, -delta if image.mode == "CMYK" else delta, colours)
    out = Image.frombytes(image.mode, image.size, np.ascontiguousarray(changed.reshape(pixels.shape)).tobytes())
    out.info = image.info
    return out


def _marked_deep(pixels: NDArray[Any], payload: int, key: bytes) -> NDArray[Any]:
    _large_enough(pixels.shape[1], pixels.shape[0])
    luminance = (pixels[..., :3].astype(np.float32) @ np.array([_BLUE, _GREEN, _RED], np.float32)) / _SIXTEEN
    return _added(pixels, mark_plane(luminance.astype(np.float32), payload, key) * _SIXTEEN, 3)


def _added(channels: NDArray[Any], delta: Plane, colours: int) -> NDArray[Any]:
    """The channels with the same difference added to each colour, alpha and black left alone."""
    changed = channels.copy()
    top = np.iinfo(channels.dtype).max
    moved = channels[..., :colours].astype(np.float32) + delta[..., None]
    changed[..., :colours] = np.clip(np.rint(moved), 0, top).astype(channels.dtype)
    return changed


def _luminance(image: Image.Image) -> Plane:
    if image.mode.startswith("I;16"):
        return (np.asarray(image).astype(np.float32) / _SIXTEEN).astype(np.float32)
    return np.asarray(image.convert("RGB").convert("L"), np.float32)


def _large_enough(width: int, height: int) -> None:
    if min(width, height) < LEAST:
        raise Unsupported(f"A picture of {width} by {height} pixels is too small to carry an invisible mark.")
