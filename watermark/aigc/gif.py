"""GIF89a: the label in XMP's application extension (XMP specification part 3, §1.1.2), before the trailer."""

from __future__ import annotations

from watermark.aigc import xmp
from watermark.errors import MalformedMedia

_APPLICATION = b"\x21\xff\x0bXMP DataXMP"
_MAGIC = b"\x01" + bytes(range(0xFF, -1, -1)) + b"\x00"  # leads a walk along sub-blocks out of the raw packet


def read(data: bytes) -> list[str]:
    return [value for start, end in _walk(data)[0] for value in xmp.read(_packet(data[start:end]))]


def write(data: bytes, value: str) -> bytes:
    extensions, trailer = _walk(data)
    packet = _packet(data[slice(*extensions[0])]) if extensions else None
    kept, at = [], 6
    for start, end in extensions:
        kept.append(data[at:start])
        at = end
    kept.append(data[at:trailer])
    extension = _APPLICATION + xmp.write(packet, value) + _MAGIC
    return b"".join([b"GIF89a", *kept, extension, b"\x3b"])


def _packet(extension: bytes) -> bytes:
    return extension[len(_APPLICATION) :].removesuffix(_MAGIC)


def _walk(data: bytes) -> tuple[list[tuple[int, int]], int]:
    """Where XMP extensions stand, and the trailer (or the end of a file without one)."""
    if data[:6] not in {b"GIF87a", b"GIF89a"} or len(data) < 13:
        raise MalformedMedia("this is no GIF")
    at, found = 13 + _table(data[10]), []
    while at < len(data) and data[at] != 0x3B:
        start = at
        if data[at] == 0x21:
            at = _blocks(data, at + 2)
            if data.startswith(_APPLICATION, start):
                found.append((start, at))
        elif data[at] == 0x2C and at + 10 <= len(data):
            at = _blocks(data, at + 10 + _table(data[at + 9]) + 1)
        else:
            raise MalformedMedia("the GIF is damaged")
    return found, min(at, len(data))


def _table(flags: int) -> int:
    """Bytes of the colour table that these flags announce."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _blocks(data: bytes, at: int) -> int:
    """Past a chain of sub-blocks."""
    while at < len(data):
        length = data[at]
        at += 1 + length
        if not length:
            return at
    raise MalformedMedia("the GIF is cut off")
