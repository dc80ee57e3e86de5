"""The oracle of `native/lineage.c`, and what runs where it was not built: entries of a table in a file that is shared.

The file is read and written by system calls and not mapped: one that somebody cuts off while it is in use must not end a
process. What it does not have reads as nothing, and what cannot be written is not kept.
"""

from __future__ import annotations

import os
import struct
import zlib

ENTRY = struct.Struct(">16s16sI4x")  # name, flow, checksum of both
NAME = 16
PLACES = 4
BUCKET = ENTRY.size * PLACES
_STARTS = range(0, BUCKET, ENTRY.size)


def get(file: int, buckets: int, name: bytes) -> bytes | None:
    """The flow (16 bytes) that a name was last put for. Raises ValueError for a name of another size or no buckets."""
    bucket = _read(file, _place(buckets, name))
    for at in _STARTS:
        there, flow, checksum = ENTRY.unpack_from(bucket, at)
        if there == name:
            return bytes(flow) if checksum == zlib.crc32(name + flow) else None
    return None


def find(file: int, buckets: int, names: tuple[bytes, ...]) -> list[bytes]:
    """The flows of those names that have one, in their order."""
    return [flow for name in names if (flow := get(file, buckets, name)) is not None]


def put(file: int, buckets: int, names: list[bytes], flow: bytes) -> int:
    """From now on these names mean this flow, the oldest of a full bucket makes room; how many could be written."""
    if len(flow) != NAME:
        raise ValueError("a flow of 16 bytes expected")
    kept = 0
    for name in names:
        start = _place(buckets, name)
        bucket = _read(file, start)
        known = (at for at in _STARTS if bucket[at : at + NAME] == name)
        at = next(known, min(_STARTS, key=lambda at: bucket[at + NAME : at + 2 * NAME]))
        try:
            kept += os.pwrite(file, ENTRY.pack(name, flow, zlib.crc32(name + flow)), start + at) == ENTRY.size
        except OSError:
            continue
    return kept


def _read(file: int, start: int) -> bytes:
    try:
        return os.pread(file, BUCKET, start).ljust(BUCKET, b"\0")
    except OSError:
        return bytes(BUCKET)


def _place(buckets: int, name: bytes) -> int:
    if len(name) != NAME:
        raise ValueError("a name of 16 bytes expected")
    if buckets < 1:
        raise ValueError("a table of buckets expected")
    return int.from_bytes(name[:4], "big") % buckets * BUCKET
