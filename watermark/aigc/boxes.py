"""Boxes of ISO base media files (ISO/IEC 14496-12) and QuickTime, and the offsets that move when one of them grows."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from watermark.errors import MalformedMedia

_MOST = 100_000  # boxes in one file
_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Box:
    """One box of a file: its type, and where it, its body and the next box begin."""

    kind: bytes
    start: int
    body: int
    end: int


def boxes(data: bytes | bytearray, start: int = 0, end: int | None = None) -> list[Box]:
    """The boxes that stand side by side from `start` to `end`. Raises MalformedMedia for lengths that cannot be."""
    end = len(data) if end is None else end
    found: list[Box] = []
    while start + 8 <= end:
        size, kind = int.from_bytes(data[start : start + 4], "big"), bytes(data[start + 4 : start + 8])
        header = 8
        if size == 1:
            size, header = int.from_bytes(data[start + 8 : start + 16], "big"), 16
        elif size == 0:
            size = end - start
        if size < header or start + size > end or len(found) >= _MOST:
            raise MalformedMedia("a box is longer than what holds it, or there are too many")
        found.append(Box(kind, start, start + header, start + size))
        start += size
    return found


def children(data: bytes | bytearray, parent: Box, skip: int = 0) -> list[Box]:
    """The boxes inside one, after `skip` bytes of its own fields."""
    return boxes(data, parent.body + skip, parent.end)


def child(data: bytes | bytearray, parent: Box, kind: bytes, skip: int = 0) -> Box | None:
    return next((one for one in children(data, parent, skip) if one.kind == kind), None)


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    if len(body) + 8 < 1 << 32:
        return (len(body) + 8).to_bytes(4, "big") + kind + body
    return b"\x00\x00\x00\x01" + kind + (len(body) + 16).to_bytes(8, "big") + body


def splice(data: bytes, start: int, end: int, new: bytes) -> bytearray:
    """`data` with `new` in place of [start, end), and every absolute offset beyond that moved along."""
    delta = len(new) - (end - start)
    result = bytearray(data[:start] + new + data[end:])
    if delta:
        _Mover(result, end, delta).run()
    return result


@dataclass(frozen=True, slots=True)
class _Mover:
    """Moves what pointed at or beyond `beyond` (before the change) by `delta`."""

    data: bytearray
    beyond: int
    delta: int

    def run(self) -> None:
        for top in boxes(self.data):
            if top.kind in {b"moov", b"moof", b"mfra"}:
                self._tree(children(self.data, top), 1)
            elif top.kind == b"meta":
                self._tree(children(self.data, top, 4), 1)

    def _tree(self, found: Iterable[Box], depth: int) -> None:
        if depth > _DEEPEST:
            return
        for one in found:
            if one.kind in {b"trak", b"mdia", b"minf", b"stbl", b"traf"}:
                self._tree(children(self.data, one), depth + 1)
            elif one.kind == b"stco":
                self._table(one.body + 8, self._word(one.body + 4), 4, one.end)
            elif one.kind == b"co64":
                self._table(one.body + 8, self._word(one.body + 4), 8, one.end)
            elif one.kind == b"tfhd" and self._word(one.body) & 1:
                self._move(one.body + 8, 8)
            elif one.kind == b"tfra":
                self._random_access(one)
            elif one.kind == b"iloc":
                self._locations(one)

    def _table(self, at: int, count: int, width: int, end: int) -> None:
        if at + count * width > end:
            raise MalformedMedia("a table of offsets is longer than its box")
        offsets = struct.unpack_from(f">{count}{'I' if width == 4 else 'Q'}", self.data, at)
        moved = [offset + self.delta if offset >= self.beyond else offset for offset in offsets]
        if moved and max(moved) >= 1 << 8 * width:
            raise MalformedMedia("an offset leaves no room to move")
        struct.pack_into(f">{count}{'I' if width == 4 else 'Q'}", self.data, at, *moved)

    def _random_access(self, one: Box) -> None:
        version, sizes, count = self.data[one.body], self._word(one.body + 8), self._word(one.body + 12)
        wide = 8 if version else 4
        step = 2 * wide + sum((sizes >> shift & 3) + 1 for shift in (4, 2, 0))
        if one.body + 16 + count * step > one.end:
            raise MalformedMedia("a table of offsets is longer than its box")
        for number in range(count):
            self._move(one.body + 16 + number * step + wide, wide)

    def _locations(self, one: Box) -> None:
        for item in item_locations(self.data, one):
            if item.method == 0 and item.base_width and item.base >= self.beyond:
                self._move(item.base_at, item.base_width)
            elif item.method == 0:
                for extent in item.extents:
                    if item.base + extent.offset >= self.beyond:
                        self._put(extent.offset_at, item.offset_width, extent.offset + self.delta)

    def _move(self, at: int, width: int) -> None:
        value = int.from_bytes(self.data[at : at + width], "big")
        if value >= self.beyond:
            self._put(at, width, value + self.delta)

    def _put(self, at: int, width: int, value: int) -> None:
        if not width or not 0 <= value < 1 << 8 * width:
            raise MalformedMedia("an offset leaves no room to move")
        self.data[at : at + width] = value.to_bytes(width, "big")

    def _word(self, at: int) -> int:
        return int.from_bytes(self.data[at : at + 4], "big")


@dataclass(frozen=True, slots=True)
class Extent:
    """A run of an item's bytes, and where its offset is written."""

    offset: int
    length: int
    offset_at: int


@dataclass(frozen=True, slots=True)
class ItemLocation:
    """One row of an item location box (§8.11.3), with the places of its fields."""

    item: int
    method: int  # 0 file, 1 idat, 2 item
    base: int
    extents: tuple[Extent, ...]
    method_at: int  # 0 where the version has none
    base_at: int
    base_width: int
    offset_width: int
    length_width: int


def item_locations(data: bytes | bytearray, one: Box) -> list[ItemLocation]:
    """All rows of an `iloc` box. Raises MalformedMedia."""
    reader = _Fields(data, one.body, one.end)
    version = reader.take(1)
    reader.take(3)
    sizes = reader.take(2)
    offset_width, length_width, base_width, index_width = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    if not {offset_width, length_width, base_width} <= {0, 4, 8} or version > 2:
        raise MalformedMedia("the table of items has impossible field sizes")
    found = []
    for _ in range(reader.take(2 if version < 2 else 4)):
        item, method_at = reader.take(2 if version < 2 else 4), reader.at if version else 0
        method = reader.take(2) & 15 if version else 0
        reader.take(2)
        base_at, base = reader.at, reader.take(base_width)
        extents = []
        for _ in range(reader.take(2)):
            if version:
                reader.take(index_width)
            offset_at, offset = reader.at, reader.take(offset_width)
            extents.append(Extent(offset, reader.take(length_width), offset_at))
        found.append(
            ItemLocation(item, method, base, tuple(extents), method_at, base_at, base_width, offset_width, length_width)
        )
    return found


class _Fields:
    """Big-endian numbers one after the other, never past the end."""

    __slots__ = ("at", "data", "end")

    def __init__(self, data: bytes | bytearray, at: int, end: int) -> None:
        self.data, self.at, self.end = data, at, end

    def take(self, width: int) -> int:
        if self.at + width > self.end:
            raise MalformedMedia("a table is longer than its box")
        self.at += width
        return int.from_bytes(self.data[self.at - width : self.at], "big")
