"""WebP (RFC 9649): the label in the XMP chunk of the extended format; the bitstream is not touched."""

from __future__ import annotations

from watermark.aigc import xmp
from watermark.errors import MalformedMedia

_XMP_FLAG, _ALPHA_FLAG = 0x04, 0x10


def read(data: bytes) -> list[str]:
    return [value for kind, body in _chunks(data) if kind == b"XMP " for value in xmp.read(body)]


def write(data: bytes, value: str) -> bytes:
    chunks = _chunks(data)
    packet = next((body for kind, body in chunks if kind == b"XMP "), None)
    kept = [(kind, body) for kind, body in chunks if kind != b"XMP "]
    if not kept:
        raise MalformedMedia("the WebP holds no picture")
    if kept[0][0] != b"VP8X":
        kept.insert(0, (b"VP8X", _extended(*kept[0])))
    header = kept[0][1]
    if len(header) < 10:
        raise MalformedMedia("the WebP's header is cut off")
    kept[0] = (b"VP8X", bytes([header[0] | _XMP_FLAG]) + header[1:])
    kept.append((b"XMP ", xmp.write(packet, value)))
    body = b"WEBP" + b"".join(_chunk(kind, part) for kind, part in kept)
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def _chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        raise MalformedMedia("this is no WebP")
    end = min(8 + int.from_bytes(data[4:8], "little"), len(data))
    found, at = [], 12
    while at + 8 <= end:
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        if at + 8 + length > len(data):
            raise MalformedMedia("the WebP is cut off")
        found.append((data[at : at + 4], data[at + 8 : at + 8 + length]))
        at += 8 + length + (length & 1)
    return found


def _chunk(kind: bytes, body: bytes) -> bytes:
    return kind + len(body).to_bytes(4, "little") + body + bytes(len(body) & 1)


def _extended(kind: bytes, body: bytes) -> bytes:
    """The header of the extended format for a simple file: its canvas is the one picture's size."""
    flags = 0
    if kind == b"VP8L" and body[:1] == b"\x2f" and len(body) >= 5:
        bits = int.from_bytes(body[1:5], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        flags = _ALPHA_FLAG if bits >> 28 & 1 else 0
    elif kind == b"VP8 " and body[3:6] == b"\x9d\x01\x2a" and len(body) >= 10:
        width = int.from_bytes(body[6:8], "little") & 0x3FFF
        height = int.from_bytes(body[8:10], "little") & 0x3FFF
    else:
        raise MalformedMedia("the WebP begins with neither a header nor a picture")
    if not width or not height:
        raise MalformedMedia("the WebP's picture is empty")
    return bytes([flags, 0, 0, 0]) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
