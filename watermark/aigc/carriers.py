"""Which container carries the label how. Whatever a container's bytes do, the end is a file or a MalformedMedia."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar

from watermark.aigc import gif, heif, jpeg, movie, office, pdf, png, tags, tiff, webp
from watermark.aigc.label import AigcLabel, parse_all
from watermark.errors import MalformedMedia, Unsupported, WatermarkError
from watermark.media_types import DOCX, PPTX, XLSX

_T = TypeVar("_T")


class _Carrier(NamedTuple):
    read: Callable[[bytes], list[str]]
    write: Callable[[bytes, str], bytes]


_CARRIERS: Mapping[str, _Carrier] = {
    "image/png": _Carrier(png.read, png.write),
    "image/jpeg": _Carrier(jpeg.read, jpeg.write),
    "image/webp": _Carrier(webp.read, webp.write),
    "image/gif": _Carrier(gif.read, gif.write),
    "image/tiff": _Carrier(tiff.read, tiff.write),
    "image/avif": _Carrier(heif.read, heif.write),
    "image/heic": _Carrier(heif.read, heif.write),
    "video/mp4": _Carrier(movie.read, movie.write),
    "video/quicktime": _Carrier(movie.read, movie.write),
    "audio/mp4": _Carrier(movie.read, movie.write),
    "audio/mpeg": _Carrier(tags.read_mp3, tags.write_mp3),
    "audio/wav": _Carrier(tags.read_wav, tags.write_wav),
    "audio/flac": _Carrier(tags.read_flac, tags.write_flac),
    "application/pdf": _Carrier(pdf.read, pdf.write),
    DOCX: _Carrier(office.read, office.write),
    XLSX: _Carrier(office.read, office.write),
    PPTX: _Carrier(office.read, office.write),
}

AIGC_TYPES = frozenset(_CARRIERS)
"""The 17 types that can carry the label."""


def write_aigc(data: bytes, media_type: str, label: AigcLabel) -> bytes:
    """`data` with exactly this one label. Raises Unsupported, MalformedMedia."""
    if media_type not in _CARRIERS:
        raise Unsupported(f"content of type {media_type or 'unknown'} cannot carry the AIGC label")
    return _guarded(lambda: _CARRIERS[media_type].write(data, label.as_json()))


def read_aigc(data: bytes, media_type: str) -> tuple[AigcLabel, ...]:
    """The labels in a file: one if it is marked as the standard asks. Raises MalformedMedia; () for other types."""
    if media_type not in _CARRIERS:
        return ()
    return parse_all(_guarded(lambda: _CARRIERS[media_type].read(data)))


def _guarded(work: Callable[[], _T]) -> _T:
    """Maps what container libraries raise for hostile bytes; none of their messages, which may quote content."""
    try:
        return work()
    except WatermarkError:
        raise
    except ImportError as error:
        raise WatermarkError("the AIGC label needs `pip install lexgate[media]`") from error
    except Exception as error:
        raise MalformedMedia(f"the file cannot be read as what it says it is ({type(error).__name__})") from None
