"""TIFF 6.0 and BigTIFF: the label in the XMP tag (700) of the first directory, which is written anew at the end.

Strips and tiles stay where they are; so do all other directories.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from watermark.aigc import xmp
from watermark.errors import MalformedMedia

_XMP, _BYTE = 700, 1
_LARGEST_DIRECTORY = 4096  # entries
_UNITS = {1: 1, 2: 1, 6: 1, 7: 1}  # types in which packets are found


@dataclass(frozen=True, slots=True)
class _Layout:
    order: str  # < or >
    header: int  # where the first directory's offset stands
    word: str  # of offsets and counts
    count: str  # of a directory's entries

    @property
    def width(self) -> int:
        return struct.calcsize(self.word)

    @property
    def entry(self) -> int:
        return 4 + 2 * self.width

    def unpack(self, kind: str, data: bytes, at: int) -> int:
        try:
            found: int = struct.unpack_from(self.order + kind, data, at)[0]
        except struct.error as error:
            raise MalformedMedia("the TIFF is cut off") from error
        return found

    def pack(self, kind: str, value: int) -> bytes:
        return struct.pack(self.order + kind, value)


def read(data: bytes) -> list[str]:
    layout = _layout(data)
    entries, _ = _directory(data, layout)
    return [
        value for entry in entries if _tag(layout, entry) == _XMP for value in xmp.read(_value(data, layout, entry))
    ]


def write(data: bytes, value: str) -> bytes:
    layout = _layout(data)
    entries, following = _directory(data, layout)
    old = next((entry for entry in entries if _tag(layout, entry) == _XMP), None)
    packet = xmp.write(_value(data, layout, old) if old else None, value)
    body = bytearray(data)
    if old:
        _blank(body, layout, old)
    body += bytes(-len(body) % 16)
    place = len(body)
    body += packet + bytes(-len(packet) % 16)
    entry = layout.pack("H", _XMP) + layout.pack("H", _BYTE) + layout.pack(layout.word, len(packet))
    entry += layout.pack(layout.word, place)
    kept = [one for one in entries if _tag(layout, one) != _XMP]
    directory = sorted([*kept, entry], key=lambda one: _tag(layout, one))
    start = len(body)
    body += layout.pack(layout.count, len(directory)) + b"".join(directory) + layout.pack(layout.word, following)
    if layout.width == 4 and len(body) >= 1 << 32:
        raise MalformedMedia("the TIFF is too large for another directory")
    body[layout.header : layout.header + layout.width] = layout.pack(layout.word, start)
    return bytes(body)


def _layout(data: bytes) -> _Layout:
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None or len(data) < 16:
        raise MalformedMedia("this is no TIFF")
    version = struct.unpack_from(order + "H", data, 2)[0]
    if version == 42:
        return _Layout(order, 4, "I", "H")
    if version == 43:
        return _Layout(order, 8, "Q", "Q")
    raise MalformedMedia("this is no TIFF")


def _directory(data: bytes, layout: _Layout) -> tuple[list[bytes], int]:
    """The entries of the first directory and the offset of the next one."""
    start = layout.unpack(layout.word, data, layout.header)
    number = layout.unpack(layout.count, data, start)
    if not 0 < number <= _LARGEST_DIRECTORY:
        raise MalformedMedia("the TIFF's directory is of an impossible size")
    at = start + struct.calcsize(layout.count)
    following = layout.unpack(layout.word, data, at + number * layout.entry)
    return [data[at + i * layout.entry : at + (i + 1) * layout.entry] for i in range(number)], following


def _tag(layout: _Layout, entry: bytes) -> int:
    return layout.unpack("H", entry, 0)


def _extent(layout: _Layout, entry: bytes) -> tuple[int, int]:
    """Offset and length of the value; no offset where it stands in the entry itself."""
    length = layout.unpack(layout.word, entry, 4) * _UNITS.get(layout.unpack("H", entry, 2), 0)
    return (0, length) if length <= layout.width else (layout.unpack(layout.word, entry, 4 + layout.width), length)


def _value(data: bytes, layout: _Layout, entry: bytes) -> bytes:
    offset, length = _extent(layout, entry)
    return data[offset : offset + length] if offset else entry[4 + layout.width :][:length]


def _blank(body: bytearray, layout: _Layout, entry: bytes) -> None:
    """Overwrites the packet that no directory will name any more: exactly one copy."""
    offset, length = _extent(layout, entry)
    if offset and offset + length <= len(body) and b"xmpmeta" in body[offset : offset + length]:
        body[offset : offset + length] = bytes(length)
