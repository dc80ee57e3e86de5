"""What content came from which flow: one table in shared memory for all data workers, kept over restarts.

A memory-mapped file of fixed size. Names are keyed hashes, so that the file tells nobody what was said, and an entry
belongs to one tenant because its key does. A name lives in one of four places; the oldest flow of the four makes room.
Workers write without a lock: an entry carries a checksum, and one that was torn by two writers reads as none.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterable
from pathlib import Path

from gateway.lineage.cells import BUCKET

try:
    from gateway.lineage._lineage import get, put
except ImportError:  # no compiler was there when this was installed
    from gateway.lineage.cells import get, put

BUCKETS = 32_768
SIZE = BUCKET * BUCKETS  # 5 MiB: some tens of thousands of calls


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
        flow = get(self._map, name)
        if flow is None:
            return None
        text = flow.hex()
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def put(self, names: Iterable[bytes], flow: str) -> None:
        """From now on these names mean this flow (a UUIDv7, which is in the order of time)."""
        put(self._map, list(names), bytes.fromhex(flow.replace("-", "")))
