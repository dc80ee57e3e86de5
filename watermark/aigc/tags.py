"""MP3 and WAV: the label as ID3 user text (TXXX); FLAC: as a Vorbis comment. Frames and samples are not touched."""

from __future__ import annotations

import io
from importlib import import_module
from typing import Any

from watermark.aigc.label import NAME


def read_mp3(data: bytes) -> list[str]:
    id3 = _library("id3")
    try:
        return _texts(id3.ID3(io.BytesIO(data)))
    except id3.ID3NoHeaderError:
        return []


def write_mp3(data: bytes, value: str) -> bytes:
    id3, file = _library("id3"), io.BytesIO(data)
    try:
        tags = id3.ID3(file)
    except id3.ID3NoHeaderError:
        tags = id3.ID3()
    _set(tags, value)
    file.seek(0)
    if tags.version[:2] == (2, 3):
        tags.update_to_v23()
        tags.save(file, v2_version=3)
    else:
        tags.save(file)
    return file.getvalue()


def read_wav(data: bytes) -> list[str]:
    tags = _library("wave").WAVE(io.BytesIO(data)).tags
    return [] if tags is None else _texts(tags)


def write_wav(data: bytes, value: str) -> bytes:
    file = io.BytesIO(data)
    wave = _library("wave").WAVE(file)
    if wave.tags is None:
        wave.add_tags()
    _set(wave.tags, value)
    file.seek(0)
    wave.save(file)
    return file.getvalue()


def read_flac(data: bytes) -> list[str]:
    tags = _library("flac").FLAC(io.BytesIO(data)).tags
    return [] if tags is None else list(tags.get(NAME, []))


def write_flac(data: bytes, value: str) -> bytes:
    file = io.BytesIO(data)
    flac = _library("flac").FLAC(file)
    if flac.tags is None:
        flac.add_tags()
    flac.tags[NAME] = [value]
    file.seek(0)
    flac.save(file)
    return file.getvalue()


def _texts(tags: Any) -> list[str]:
    return [str(text) for frame in tags.getall("TXXX") if frame.desc.upper() == NAME for text in frame.text]


def _set(tags: Any, value: str) -> None:
    for frame in list(tags.getall("TXXX")):
        if frame.desc.upper() == NAME:
            tags.pop(frame.HashKey)
    tags.add(_library("id3").TXXX(encoding=3, desc=NAME, text=[value]))


def _library(part: str) -> Any:
    """A module of mutagen, which is optional and largely untyped."""
    return import_module(f"mutagen.{part}")
