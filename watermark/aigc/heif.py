"""AVIF and HEIC (ISO/IEC 23008-12): the label in an XMP item that describes the primary picture.

The packet stands in a media box of its own at the file's end; coded pictures are not touched, only moved. Where the
table of items has base offsets the place is written there and not in the extent: c2pa-rs 0.91, which signs afterwards,
moves both where a base is 0.
"""

from __future__ import annotations

from dataclasses import dataclass

from watermark.aigc import xmp
from watermark.aigc.boxes import Box, ItemLocation, box, boxes, child, children, item_locations, splice
from watermark.errors import MalformedMedia

_TYPE = b"application/rdf+xml"
_LARGEST = 4_000_000  # bytes of a packet that is read


@dataclass(frozen=True, slots=True)
class _Item:
    number: int
    wide: bool  # 32-bit item numbers


def read(data: bytes) -> list[str]:
    meta = _meta(data)
    located = {row.item: row for row in _rows(data, meta)}
    found: list[str] = []
    for item in _packets(data, meta):
        if item.number in located:
            found += xmp.read(_content(data, meta, located[item.number]))
    return found


def write(data: bytes, value: str) -> bytes:
    meta = _meta(data)
    located = {row.item: row for row in _rows(data, meta)}
    items = [item for item in _packets(data, meta) if item.number in located and located[item.number].extents]
    if items:
        return _replaced(data, meta, located[items[0].number], value)
    return _added(data, meta, value)


def _replaced(data: bytes, meta: Box, row: ItemLocation, value: str) -> bytes:
    """The existing item points to a new packet; its old bytes are blanked."""
    packet = xmp.write(_content(data, meta, row), value)
    if not row.offset_width or not row.length_width:
        raise MalformedMedia("the picture's table of items leaves no room to move")
    result = bytearray(data)
    for start, end in _spans(data, meta, row):
        if b"xmpmeta" in result[start:end]:
            result[start:end] = bytes(end - start)
    if row.method_at:
        result[row.method_at : row.method_at + 2] = bytes(2)
    first, then = (len(data) + 8, 0) if row.base_width else (0, len(data) + 8)
    result[row.base_at : row.base_at + row.base_width] = first.to_bytes(row.base_width, "big")
    step = row.offset_width + row.length_width
    for number, extent in enumerate(row.extents):
        offset, length = (then, len(packet)) if number == 0 else (0, 0)
        fields = offset.to_bytes(row.offset_width, "big") + length.to_bytes(row.length_width, "big")
        result[extent.offset_at : extent.offset_at + step] = fields
    return bytes(result + box(b"mdat", packet))


def _added(data: bytes, meta: Box, value: str) -> bytes:
    packet = xmp.write(None, value)
    number = 1 + max((row.item for row in _rows(data, meta)), default=0)
    number = max(number, 1 + max((item.number for item in _entries(data, meta)), default=0))
    primary = _primary(data, meta)
    place = len(data) + 8  # as it would be if nothing moved: `splice` moves it with all others
    grown = _meta_with(data, meta, number, primary, (place, len(packet)))
    return bytes(splice(data, meta.start, meta.end, grown) + box(b"mdat", packet))


def _meta_with(data: bytes, meta: Box, number: int, primary: int, place: tuple[int, int]) -> bytes:
    parts = [data[meta.body : meta.body + 4]]
    seen = set()
    for one in children(data, meta, 4):
        seen.add(one.kind)
        if one.kind == b"iinf":
            parts.append(_more_entries(data, one, number))
        elif one.kind == b"iloc":
            parts.append(_more_locations(data, one, number, place))
        elif one.kind == b"iref":
            parts.append(_more_references(data, one, number, primary))
        else:
            parts.append(data[one.start : one.end])
    if not {b"iinf", b"iloc"} <= seen:
        raise MalformedMedia("the picture has no table of items")
    if b"iref" not in seen:
        parts.append(box(b"iref", bytes(4), _reference(number, primary, 2)))
    return box(b"meta", *parts)


def _more_entries(data: bytes, one: Box, number: int) -> bytes:
    width = 2 if data[one.body] == 0 else 4
    count = int.from_bytes(data[one.body + 4 : one.body + 4 + width], "big") + 1
    wide = number > 0xFFFF
    fields = bytes([3 if wide else 2, 0, 0, 1]) + number.to_bytes(4 if wide else 2, "big") + bytes(2)  # hidden item
    entry = box(b"infe", fields, b"mime", b"XMP\x00", _TYPE, b"\x00")
    head = data[one.body : one.body + 4] + count.to_bytes(width, "big")
    return box(b"iinf", head, data[one.body + 4 + width : one.end], entry)


def _more_locations(data: bytes, one: Box, number: int, place: tuple[int, int]) -> bytes:
    version = data[one.body]
    sizes = int.from_bytes(data[one.body + 4 : one.body + 6], "big")
    offset, length, base, index = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    wide = 2 if version < 2 else 4
    if not offset or not length or number >= 1 << 8 * wide or place[0] >= 1 << 8 * offset:
        raise MalformedMedia("the picture's table of items leaves no room for another")
    count = int.from_bytes(data[one.body + 6 : one.body + 6 + wide], "big") + 1
    first, then = (place[0], 0) if base else (0, place[0])
    row = (
        number.to_bytes(wide, "big") + bytes(2 if version else 0) + bytes(2) + first.to_bytes(base, "big") + b"\x00\x01"
    )
    row += bytes(index if version else 0) + then.to_bytes(offset, "big") + place[1].to_bytes(length, "big")
    head = data[one.body : one.body + 6] + count.to_bytes(wide, "big")
    return box(b"iloc", head, data[one.body + 6 + wide : one.end], row)


def _more_references(data: bytes, one: Box, number: int, primary: int) -> bytes:
    width = 4 if data[one.body] else 2
    return box(b"iref", data[one.body : one.end], _reference(number, primary, width))


def _reference(number: int, primary: int, width: int) -> bytes:
    if max(number, primary) >= 1 << 8 * width:
        raise MalformedMedia("the picture has too many items")
    return box(b"cdsc", number.to_bytes(width, "big"), b"\x00\x01", primary.to_bytes(width, "big"))


def _meta(data: bytes) -> Box:
    found = [one for one in boxes(data) if one.kind == b"meta"]
    if len(found) != 1:
        raise MalformedMedia("the picture has no metadata box, or several")
    return found[0]


def _rows(data: bytes, meta: Box) -> list[ItemLocation]:
    one = child(data, meta, b"iloc", 4)
    if one is None:
        raise MalformedMedia("the picture has no table of items")
    return item_locations(data, one)


def _primary(data: bytes, meta: Box) -> int:
    one = child(data, meta, b"pitm", 4)
    if one is None:
        raise MalformedMedia("the picture names no primary item")
    width = 4 if data[one.body] else 2
    return int.from_bytes(data[one.body + 4 : one.body + 4 + width], "big")


def _entries(data: bytes, meta: Box) -> list[_Item]:
    one = child(data, meta, b"iinf", 4)
    if one is None:
        return []
    found = []
    for entry in boxes(data, one.body + (6 if data[one.body] == 0 else 8), one.end):
        wide = data[entry.body] >= 3
        number = int.from_bytes(data[entry.body + 4 : entry.body + (8 if wide else 6)], "big")
        found.append(_Item(number, wide))
    return found


def _packets(data: bytes, meta: Box) -> list[_Item]:
    """The items that are XMP packets."""
    one = child(data, meta, b"iinf", 4)
    entries = [] if one is None else boxes(data, one.body + (6 if data[one.body] == 0 else 8), one.end)
    found = []
    for entry, item in zip(entries, _entries(data, meta), strict=True):
        fields = data[entry.body + (10 if item.wide else 8) : entry.end]
        if fields.startswith(b"mime") and fields[4:].split(b"\x00")[1:2] == [_TYPE]:
            found.append(item)
    return found


def _content(data: bytes, meta: Box, row: ItemLocation) -> bytes:
    return b"".join(data[start:end] for start, end in _spans(data, meta, row))[:_LARGEST]


def _spans(data: bytes, meta: Box, row: ItemLocation) -> list[tuple[int, int]]:
    base = row.base
    if row.method == 1:
        inner = child(data, meta, b"idat", 4)
        if inner is None:
            raise MalformedMedia("the picture's metadata points nowhere")
        base += inner.body
    elif row.method != 0:
        return []
    spans = [(base + extent.offset, base + extent.offset + extent.length) for extent in row.extents if extent.length]
    if any(end > len(data) for _, end in spans):
        raise MalformedMedia("the picture's metadata lies beyond its end")
    return spans


def rebased(data: bytes) -> bytes:
    """The picture with the base offsets of its table of items in use, where they are there and 0; same meaning.

    c2pa-rs 0.91 moves base and extents of such a row when it puts a manifest before them, and the picture is lost.
    """
    result = bytearray(data)
    for row in _rows(data, _meta(data)):
        if row.method == 0 and row.base_width and row.base == 0 and row.extents:
            base = min(extent.offset for extent in row.extents)
            result[row.base_at : row.base_at + row.base_width] = base.to_bytes(row.base_width, "big")
            for extent in row.extents:
                place = slice(extent.offset_at, extent.offset_at + row.offset_width)
                result[place] = (extent.offset - base).to_bytes(row.offset_width, "big")
    return bytes(result)
