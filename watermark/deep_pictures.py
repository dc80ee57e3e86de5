"""PNG and TIFF of 16 bits a channel in colour, which Pillow would cut to 8."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from watermark.errors import MarkingFailed

_PNG = b"\x89PNG\r\n\x1a\n"
_COLOURED = (2, 4, 6)  # colour types of PNG with more than one channel
_SIZES = {3: ("H", 2), 4: ("I", 4)}  # TIFF's shorts and longs
_TURNS: dict[int, tuple[int | None, int | None]] = {  # EXIF orientation: cv2.flip code, then cv2.rotate code
    1: (None, None), 2: (1, None), 3: (None, cv2.ROTATE_180), 4: (0, None), 5: (1, cv2.ROTATE_90_COUNTERCLOCKWISE),
    6: (None, cv2.ROTATE_90_CLOCKWISE), 7: (1, cv2.ROTATE_90_CLOCKWISE), 8: (None, cv2.ROTATE_90_COUNTERCLOCKWISE),
}  # fmt: skip


def is_deep(data: bytes) -> bool:
    """Whether this is a PNG or TIFF with several channels of 16 bits."""
    if data.startswith(_PNG):
        return len(data) > 25 and data[24] == 16 and data[25] in _COLOURED and b"acTL" not in data[:4096]
    return data[:4] in {b"II*\0", b"MM\0*"} and _tiff_bits(data) == 16


def edit_deep(data: bytes, edit: Callable[[NDArray[Any]], NDArray[Any]], most: int) -> bytes:
    """The file with its samples edited. PNG keeps its chunks of colour, text, time; a TIFF its pixels only.

    Raises MarkingFailed, also for more than `most` pixels.
    """
    png = data.startswith(_PNG)
    width, height = struct.unpack(">II", data[16:24]) if png else (_tiff_value(data, 256), _tiff_value(data, 257))
    if not width or not height or width * height > most:
        raise MarkingFailed(f"The picture has {width} by {height} pixels, which is over the limit.")
    pixels: NDArray[Any] | None = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype != np.uint16 or pixels.ndim != 3:
        raise MarkingFailed("The picture of 16 bits cannot be read, so it cannot be marked.")
    turned = _turned(pixels, (_orientation(data) if png else _tiff_value(data, 274)) or 1)
    done, encoded = cv2.imencode(".png" if png else ".tiff", edit(turned))
    if not done:
        raise MarkingFailed("The marked picture cannot be written.")
    return _with_chunks(encoded.tobytes(), data) if png else encoded.tobytes()


def _turned(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    flip, rotate = _TURNS.get(orientation, (None, None))
    if flip is not None:
        pixels = cv2.flip(pixels, flip)
    return cv2.rotate(pixels, rotate) if rotate is not None else pixels


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and body of each chunk of a PNG."""
    place = len(_PNG)
    while place + 12 <= len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        yield data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        place += 12 + length


def _with_chunks(encoded: bytes, source: bytes) -> bytes:
    """The new PNG with what the old one said about itself (not how it was turned: that is done)."""
    kept = {b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"cICP", b"pHYs", b"tEXt", b"zTXt", b"iTXt", b"tIME"}
    head = len(_PNG) + 25
    chunks = b"".join(_chunk(name, body) for name, body in _chunks(source) if name in kept)
    return encoded[:head] + chunks + encoded[head:]


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _orientation(data: bytes) -> int | None:
    return next((_tiff_value(body, 274) for name, body in _chunks(data) if name == b"eXIf"), None)


def _tiff_bits(data: bytes) -> int:
    """BitsPerSample of the first page where there are several samples; 0 otherwise."""
    samples = _tiff_value(data, 277) or 1
    return _tiff_value(data, 258) or 0 if samples >= 3 else 0


def _tiff_value(data: bytes, wanted: int) -> int | None:
    """The first value of a tag of shorts or longs in the first directory; None if it is not there."""
    order = "<" if data[:2] == b"II" else ">"
    try:
        (start,) = struct.unpack_from(order + "I", data, 4)
        (count,) = struct.unpack_from(order + "H", data, start)
        for index in range(count):
            place = start + 2 + 12 * index
            tag, kind, many = struct.unpack_from(order + "HHI", data, place)
            if tag == wanted and kind in _SIZES:
                letter, size = _SIZES[kind]
                place += 8
                if many * size > 4:
                    (place,) = struct.unpack_from(order + "I", data, place)
                return int(struct.unpack_from(order + letter, data, place)[0])
    except struct.error:
        return None
    return None
