"""PNG (ISO/IEC 15948): the label in the XMP chunk; pixels are not touched."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from watermark.aigc import xmp
from watermark.aigc.label import NAME
from watermark.errors import MalformedMedia

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_XMP = b"XML:com.adobe.xmp"
_TEXTS = (b"tEXt", b"iTXt", b"zTXt")
_LARGEST_TEXT = 4_000_000


def read(data: bytes) -> list[str]:
    found: list[str] = []
    for kind, _, body in _chunks(data):
        if kind in _TEXTS:
            keyword, text = _text(kind, body)
            if keyword == _XMP:
                found += xmp.read(text)
            elif keyword == NAME.encode():
                found.append(text.decode("utf-8", "replace"))
    return found


def write(data: bytes, value: str) -> bytes:
    kept, packet, header_end = [], None, 0
    for kind, whole, body in _chunks(data):
        if kind in _TEXTS:
            keyword, text = _text(kind, body)
            if keyword == NAME.encode():
                continue
            if keyword == _XMP:
                packet = packet or text
                continue
        kept.append(whole)
        if kind == b"IHDR":
            header_end = len(kept)
    if header_end != 1:
        raise MalformedMedia("the PNG does not begin with its header")
    chunk = _chunk(b"iTXt", _XMP + b"\x00\x00\x00\x00\x00" + xmp.write(packet, value))
    return b"".join([_SIGNATURE, kept[0], chunk, *kept[1:]])


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Kind, whole chunk and body of each chunk up to IEND."""
    at = len(_SIGNATURE)
    if not data.startswith(_SIGNATURE):
        raise MalformedMedia("this is no PNG")
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        kind, end = data[at + 4 : at + 8], at + 12 + length
        if end > len(data):
            break
        yield kind, data[at:end], data[at + 8 : end - 4]
        if kind == b"IEND":
            return
        at = end
    raise MalformedMedia("the PNG is cut off")


def _text(kind: bytes, body: bytes) -> tuple[bytes, bytes]:
    """Keyword and text; an unreadable text is empty."""
    keyword, _, rest = body.partition(b"\x00")
    if kind == b"tEXt":
        return keyword, rest
    if kind == b"zTXt":
        return keyword, _inflate(rest[1:])
    packed, rest = rest[:1] == b"\x01", rest[2:]
    text = rest.partition(b"\x00")[2].partition(b"\x00")[2]
    return keyword, _inflate(text) if packed else text


def _inflate(packed: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(packed, _LARGEST_TEXT)
    except zlib.error:
        return b""


def _chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")
