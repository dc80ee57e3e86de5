"""What a file is by its first bytes. Names and headers are claims; magic bytes decide."""

from __future__ import annotations

import io
import re
import zipfile

_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (0, b"II+\x00", "image/tiff"),
    (0, b"MM\x00+", "image/tiff"),
    (8, b"WEBP", "image/webp"),
    (8, b"WAVE", "audio/wav"),
    (8, b"AVI ", "video/x-msvideo"),
    (0, b"fLaC", "audio/flac"),
    (0, b"OggS", "audio/ogg"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (0, b"ID3", "audio/mpeg"),
)
_BRANDS = {
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"heim": "image/heic",
    b"heis": "image/heic",
    b"hevc": "image/heic",
    b"mif1": "image/heic",
    b"msf1": "image/heic",
    b"qt  ": "video/quicktime",
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
}
_OFFICE = {
    "word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ppt/": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
_ALIASES = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/heif": "image/heic",
    "audio/mp3": "audio/mpeg",
    "audio/x-mp3": "audio/mpeg",
    "audio/x-wav": "audio/wav",
    "audio/wave": "audio/wav",
    "audio/vnd.wave": "audio/wav",
    "audio/x-flac": "audio/flac",
    "audio/m4a": "audio/mp4",
    "audio/x-m4a": "audio/mp4",
    "video/avi": "video/x-msvideo",
    "video/msvideo": "video/x-msvideo",
    "video/x-m4v": "video/mp4",
    "application/x-pdf": "application/pdf",
}
_SVG = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*|<!DOCTYPE[^>]*>\s*)*<svg[\s>]", re.DOTALL
)
_HEAD = 4096

DOCX, XLSX, PPTX = _OFFICE.values()
OFFICE = frozenset(_OFFICE.values())


def sniff(data: bytes, declared: str = "") -> str:
    """The media type of a whole file; "" if its bytes are of no known type.

    `declared` decides only where bytes cannot: an MP4 that holds sound alone may be audio/mp4.
    """
    for offset, magic, media_type in _MAGIC:
        if data.startswith(magic, offset) and (offset == 0 or data.startswith(b"RIFF")):
            return media_type
    if data[4:8] == b"ftyp":
        return _brand(data, canonical(declared))
    if data.startswith(b"PK\x03\x04"):
        return _office(data)
    if b"%PDF-" in data[:1024]:
        return "application/pdf"
    if _SVG.match(data[:_HEAD]):
        return "image/svg+xml"
    if len(data) > 4 and data[0] == 0xFF and data[1] & 0xE0 == 0xE0 and _is_mpeg_audio(data[1], data[2]):
        return "audio/mpeg"
    if data[4:8] in {b"moov", b"mdat", b"wide", b"free", b"skip"}:  # QuickTime before file types were written down
        return "video/quicktime"
    return ""


def canonical(media_type: str) -> str:
    """One name per type: parameters off, lower case, aliases resolved."""
    plain = media_type.partition(";")[0].strip().lower()
    return _ALIASES.get(plain, plain)


def _brand(data: bytes, declared: str) -> str:
    size = min(int.from_bytes(data[:4], "big"), len(data), 512)
    brands = [data[8:12], *(data[at : at + 4] for at in range(16, size - 3, 4))]
    if brands[0] in _BRANDS:
        found = _BRANDS[brands[0]]
        if found == "image/heic" and b"avif" in brands:
            return "image/avif"
        return found
    return declared if declared in {"audio/mp4", "video/mp4"} else "video/mp4"


def _office(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return ""
    if "[Content_Types].xml" not in names:
        return ""
    return next((kind for folder, kind in _OFFICE.items() if any(name.startswith(folder) for name in names)), "")


def _is_mpeg_audio(second: int, third: int) -> bool:
    """A frame header with a real version, layer, bit rate and sampling rate."""
    version, layer = second >> 3 & 3, second >> 1 & 3
    return version != 1 and layer != 0 and third >> 4 not in {0, 15} and third >> 2 & 3 != 3
