"""MP3 and WAV: the label as ID3 user text (TXXX); FLAC: as a Vorbis comment. Frames and samples are not touched."""

from __future__ import annotations

import io
from typing import Any

from watermark.aigc.label import NAME


def read_mp3(data: bytes) -> list[str]:
    from mutagen.id3 import ID3, ID3NoHeaderError

    try:
        return _texts(ID3(io.BytesIO(data)))
    except ID3NoHeaderError:
        return []


def write_mp3(data: bytes, value: str) -> bytes:
    from mutagen.id3 import ID3, ID3NoHeaderError

    file = io.BytesIO(data)
    try:
        tags = ID3(file)
    except ID3NoHeaderError:
        tags = ID3()
    _set(tags, value)
    file.seek(0)
    if tags.version[:2] == (2, 3):
        tags.update_to_v23()
        tags.save(file, v2_version=3)
    else:
        tags.save(file)
    return file.getvalue()


def read_wav(data: bytes) -> list[str]:
    from mutagen.wave import WAVE

    tags = WAVE(io.BytesIO(data)).tags
    return [] if tags is None else _texts(tags)


def write_wav(data: bytes, value: str) -> bytes:
    from mutagen.wave import WAVE

    file = io.BytesIO(data)
    wave = WAVE(file)
    if wave.tags is None:
        wave.add_tags()
    _set(wave.tags, value)
    file.seek(0)
    wave.save(file)
    return file.getvalue()


def read_flac(data: bytes) -> list[str]:
    from mutagen.flac import FLAC

    tags = FLAC(io.BytesIO(data)).tags
    return [] if tags is None else list(tags.get(NAME, []))


def write_flac(data: bytes, value: str) -> bytes:
    from mutagen.flac import FLAC

    file = io.BytesIO(data)
    flac = FLAC(file)
    if flac.tags is None:
        flac.add_tags()
    flac.tags[NAME] = [value]
    file.seek(0)
    flac.save(file)
    return file.getvalue()


def _texts(tags: Any) -> list[str]:
    return [str(text) for frame in tags.getall("TXXX") if frame.desc.upper() == NAME for text in frame.text]


def _set(tags: Any, value: str) -> None:
    from mutagen.id3 import TXXX

    for frame in list(tags.getall("TXXX")):
        if frame.desc.upper() == NAME:
            tags.pop(frame.HashKey)
    tags.add(TXXX(encoding=3, desc=NAME, text=[value]))
