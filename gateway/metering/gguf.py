"""Reads the metadata of a GGUF model file: the vocabulary, the merges and the chat template a model was shipped with.

Follows the GGUF specification of ggml (docs/gguf.md, versions 2 and 3): little endian; a magic, a version, two counts,
then typed key-value pairs. Tensors are not read.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

_MAGIC = b"GGUF"
_SCALARS: Mapping[int, struct.Struct] = {
    0: struct.Struct("<B"),
    1: struct.Struct("<b"),
    2: struct.Struct("<H"),
    3: struct.Struct("<h"),
    4: struct.Struct("<I"),
    5: struct.Struct("<i"),
    6: struct.Struct("<f"),
    7: struct.Struct("<?"),
    10: struct.Struct("<Q"),
    11: struct.Struct("<q"),
    12: struct.Struct("<d"),
}
_STRING, _ARRAY = 8, 9
_MAX_ITEMS = 4_000_000  # no vocabulary is larger: a broken length must not fill the memory


class BadModelFile(Exception):
    """The file is no GGUF file that this reader understands."""


def read_metadata(path: Path) -> dict[str, Any]:
    """All key-value pairs of a GGUF file. Raises BadModelFile, or OSError if it cannot be opened."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            return _pairs(data)
        except (struct.error, UnicodeDecodeError, KeyError, IndexError) as error:
            raise BadModelFile(f"{path.name} is not a readable GGUF file: {error}") from error


def _pairs(data: mmap.mmap) -> dict[str, Any]:
    if data[:4] != _MAGIC:
        raise BadModelFile("the file does not begin with GGUF")
    version, _tensors, count = struct.unpack_from("<IQQ", data, 4)
    if version not in (2, 3):
        raise BadModelFile(f"GGUF version {version} is not known")
    found: dict[str, Any] = {}
    at = 24
    for _ in range(count):
        key, at = _string(data, at)
        kind = struct.unpack_from("<I", data, at)[0]
        found[key], at = _value(data, at + 4, kind)
    return found


def _string(data: mmap.mmap, at: int) -> tuple[str, int]:
    length = struct.unpack_from("<Q", data, at)[0]
    raw = data[at + 8 : at + 8 + length]
    if len(raw) != length:
        raise BadModelFile("a string runs past the end of the file")
    return raw.decode(), at + 8 + length


def _value(data: mmap.mmap, at: int, kind: int) -> tuple[Any, int]:
    if kind == _STRING:
        return _string(data, at)
    if kind != _ARRAY:
        scalar = _SCALARS[kind]
        return scalar.unpack_from(data, at)[0], at + scalar.size
    item_kind, length = struct.unpack_from("<IQ", data, at)
    if length > _MAX_ITEMS:
        raise BadModelFile(f"an array of {length} items")
    read: Callable[[int], tuple[Any, int]] = lambda start: _value(data, start, item_kind)  # noqa: E731
    items: list[Any] = []
    at += 12
    for _ in range(length):
        item, at = read(at)
        items.append(item)
    return items, at
