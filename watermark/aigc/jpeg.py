"""JPEG (ISO/IEC 10918-1): the label in the XMP segment (APP1); the scan is not touched."""

from __future__ import annotations

from watermark.aigc import xmp
from watermark.errors import MalformedMedia

_XMP = b"http://ns.adobe.com/xap/1.0/\x00"
_APP0, _APP1, _SOS, _EOI = 0xE0, 0xE1, 0xDA, 0xD9
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a length
_LARGEST = 65_533


def read(data: bytes) -> list[str]:
    found: list[str] = []
    for marker, _, body in _segments(data)[0]:
        if marker == _APP1 and body.startswith(_XMP):
            found += xmp.read(body[len(_XMP) :])
    return found


def write(data: bytes, value: str) -> bytes:
    segments, scan = _segments(data)
    packet = next((body[len(_XMP) :] for mark, _, body in segments if mark == _APP1 and body.startswith(_XMP)), None)
    kept = [one for one in segments if not (one[0] == _APP1 and one[2].startswith(_XMP))]
    body = _XMP + xmp.write(packet, value)
    if len(body) > _LARGEST:
        raise MalformedMedia("the picture's XMP leaves no room for a label")
    segment = b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body
    first = 0
    while first < len(kept) and kept[first][0] in {_APP0, _APP1}:  # after JFIF and Exif, as readers expect
        first += 1
    whole = [one for _, one, _ in kept]
    return b"".join([data[:2], *whole[:first], segment, *whole[first:], data[scan:]])


def _segments(data: bytes) -> tuple[list[tuple[int, bytes, bytes]], int]:
    """Marker, whole segment and body of each segment before the first scan, and where that begins."""
    if not data.startswith(b"\xff\xd8"):
        raise MalformedMedia("this is no JPEG")
    found: list[tuple[int, bytes, bytes]] = []
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        start, marker = at, data[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        if marker in {_SOS, _EOI}:
            return found, start
        if marker in _ALONE:
            at += 2
            found.append((marker, data[start:at], b""))
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        at += 2 + length
        if length < 2 or at > len(data):
            break
        found.append((marker, data[start:at], data[start + 4 : at]))
    raise MalformedMedia("the JPEG is cut off or damaged")
