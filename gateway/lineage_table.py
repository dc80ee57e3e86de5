"""What content came from which flow: one table in shared memory for all data workers, kept over restarts.

A memory-mapped file of fixed size. Names are keyed hashes, so that the file tells nobody what was said, and an entry
belongs to one tenant because its key does. A name lives in one of four places; the oldest flow of the four makes room.
Workers write without a lock: an entry carries a checksum, and one that was torn by two writers reads as none.
"""

from __future__ import annotations

import mmap
import os
import struct
import zlib
from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

ENTRY = struct.Struct(">16s16sI4x")  # name, flow, checksum of both
PLACES = 4
BUCKETS = 32_768
SIZE = ENTRY.size * PLACES * BUCKETS  # 5 MiB: some tens of thousands of calls


class LineageTable:
    """One worker's view of the shared table."""

    def __init__(self, path: Path) -> None:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.posix_fallocate(file, 0, SIZE)  # a full disk is told of here, and never by a signal later
            self._map = mmap.mmap(file, SIZE)
        finally:
            os.close(file)

    def get(self, name: bytes) -> str | None:
        """The flow that this name (16 bytes) was last put for."""
        bucket = self._bucket(name)
        at = self._map.find(name, bucket, bucket + ENTRY.size * PLACES)
        if at < 0 or (at - bucket) % ENTRY.size:
            return None
        _, flow, checksum = ENTRY.unpack_from(self._map, at)
        return str(UUID(bytes=flow)) if checksum == zlib.crc32(name + flow) else None

    def put(self, names: Iterable[bytes], flow: str) -> None:
        """From now on these names mean this flow (a UUIDv7, which is in the order of time)."""
        raw = bytes.fromhex(flow.replace("-", ""))
        for name in names:
            bucket = self._bucket(name)
            at = self._map.find(name, bucket, bucket + ENTRY.size * PLACES)
            if at < 0 or (at - bucket) % ENTRY.size:
                at = min(range(bucket, bucket + ENTRY.size * PLACES, ENTRY.size), key=self._flow_at)
            ENTRY.pack_into(self._map, at, name, raw, zlib.crc32(name + raw))

    def _flow_at(self, at: int) -> bytes:
        return self._map[at + 16 : at + 32]

    @staticmethod
    def _bucket(name: bytes) -> int:
        return int.from_bytes(name[:4], "big") % BUCKETS * ENTRY.size * PLACES
