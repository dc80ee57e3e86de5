"""The oracle of `native/lineage.c`, and what runs where it was not built: entries of a table in shared memory."""

from __future__ import annotations

import struct
import zlib
from mmap import mmap

ENTRY = struct.Struct(">16s16sI4x")  # name, flow, checksum of both
NAME = 16
PLACES = 4
BUCKET = ENTRY.size * PLACES

Cells = mmap | bytearray


def get(cells: Cells, name: bytes) -> bytes | None:
    """The flow (16 bytes) that a name was last put for. Raises ValueError for a name or table of another size."""
    bucket = _bucket(cells, name)
    for at in range(bucket, bucket + BUCKET, ENTRY.size):
        there, flow, checksum = ENTRY.unpack_from(cells, at)
        if there == name:
            return bytes(flow) if checksum == zlib.crc32(name + flow) else None
    return None


def put(cells: Cells, names: list[bytes], flow: bytes) -> None:
    """From now on these names mean this flow; the oldest flow of a full bucket makes room."""
    if len(flow) != NAME:
        raise ValueError("a flow of 16 bytes expected")
    for name in names:
        bucket = _bucket(cells, name)
        places = range(bucket, bucket + BUCKET, ENTRY.size)
        known = (at for at in places if cells[at : at + NAME] == name)
        at = next(known, min(places, key=lambda at: cells[at + NAME : at + 2 * NAME]))
        ENTRY.pack_into(cells, at, name, flow, zlib.crc32(name + flow))


def _bucket(cells: Cells, name: bytes) -> int:
    if len(name) != NAME:
        raise ValueError("a name of 16 bytes expected")
    if not len(cells) or len(cells) % BUCKET:
        raise ValueError("a table of whole buckets expected")
    return int.from_bytes(name[:4], "big") % (len(cells) // BUCKET) * BUCKET
