"""What content came from which flow: one table in a file that all data workers share, kept over restarts.

Its size is fixed. Names are keyed hashes, so that the file tells nobody what was said, and an entry
belongs to one tenant because its key does. A name lives in one of four places; the oldest flow of the four makes room.
Workers write without a lock: an entry carries a checksum, and one that was torn by two writers reads as none.
"""

from __future__ import annotations

import os
import weakref
from pathlib import Path

from gateway.lineage.cells import BUCKET

try:
    from gateway.lineage._lineage import find, get, put
except ImportError:  # no compiler was there when this was installed
    from gateway.lineage.cells import find, get, put

BUCKETS = 32_768
SIZE = BUCKET * BUCKETS  # 5 MiB: some tens of thousands of calls


class LineageTable:
    """One worker's view of the shared table."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        weakref.finalize(self, os.close, self._file)
        os.posix_fallocate(self._file, 0, SIZE)  # a full disk is told of here

    def get(self, name: bytes) -> str | None:
        """The flow that this name (16 bytes) was last put for."""
        flow = get(self._file, BUCKETS, name)
        return None if flow is None else _written(flow)

    def find(self, names: tuple[bytes, ...]) -> list[str]:
        """The flows that these names were last put for, in their order; a name without one has none."""
        return [_written(flow) for flow in find(self._file, BUCKETS, names)]

    def put(self, names: list[bytes], flow: str) -> None:
        """From now on these names mean this flow (a UUIDv7, which is in the order of time)."""
        put(self._file, BUCKETS, names, bytes.fromhex(flow.replace("-", "")))


def _written(flow: bytes) -> str:
    text = flow.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
