"""Per-principal and per-tenant limits, shared by all data workers without a lock.

A memory-mapped file holds one row per (worker, limited name). A worker writes only its own rows and reads everybody's,
so a limit is exact but for calls that arrive in two workers within the same microseconds.
"""

from __future__ import annotations

import hashlib
import mmap
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import TooManyRequests

ROW = struct.Struct("<QII")  # minute, calls in that minute, calls running now
COLUMNS = 16_384
"""Limited names a file has room for. Names are placed by hash with linear probing; a full file refuses new names."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What one name may do. `name` is "principal:<key id>" or "tenant:<name>"."""

    name: str
    calls_per_minute: int
    concurrent: int


class LimitTable:
    """One worker's view of the shared table. Not for use from two threads."""

    def __init__(self, path: Path, workers: int, slot: int) -> None:
        size = ROW.size * COLUMNS * workers
        with path.open("r+b" if path.exists() else "w+b") as file:
            file.truncate(size)
            self._map = mmap.mmap(file.fileno(), size)
        self._workers = workers
        self._slot = slot
        self._columns: dict[str, int] = {}
        self._rows: dict[str, tuple[int, tuple[int, ...]]] = {}  # where this worker's row stands, and the others'
        self._taken: set[int] = set()
        for column in range(COLUMNS):  # a predecessor's running calls died with it; what it had counted stays counted
            minute, calls, running = ROW.unpack_from(self._map, self._offset(slot, column))
            if running:
                ROW.pack_into(self._map, self._offset(slot, column), minute, calls, 0)

    def register(self, names: Sequence[str]) -> None:
        """Gives every name its column. All workers register the same names in the same order (sorted)."""
        for name in sorted(set(names) - self._columns.keys()):
            column = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=4).digest(), "big") % COLUMNS
            for _ in range(COLUMNS):
                if column not in self._taken:
                    break
                column = (column + 1) % COLUMNS
            else:
                raise TooManyRequests("more principals than the limit table has room for", retry_after=60)
            self._columns[name] = column
            others = (self._offset(worker, column) for worker in range(self._workers) if worker != self._slot)
            self._rows[name] = (self._offset(self._slot, column), tuple(others))
            self._taken.add(column)

    def enter(self, limits: Sequence[Limit], now: float) -> None:
        """Counts one call against every limit, or against none of them and raises TooManyRequests."""
        minute = int(now // 60)
        mine = []
        for limit in limits:
            place, others = self._rows[limit.name]
            then, own, now_running = ROW.unpack_from(self._map, place)
            own = own if then == minute else 0
            mine.append((place, own, now_running))
            calls, running = own, now_running
            for other in others:
                then, more, now_running = ROW.unpack_from(self._map, other)
                calls += more if then == minute else 0
                running += now_running
            if calls >= limit.calls_per_minute:
                wait = int(60 - now % 60) + 1
                raise TooManyRequests(f"{limit.calls_per_minute} calls a minute are allowed", retry_after=wait)
            if running >= limit.concurrent:
                raise TooManyRequests(f"{limit.concurrent} calls at once are allowed", retry_after=1)
        for place, calls, running in mine:
            ROW.pack_into(self._map, place, minute, calls + 1, running + 1)

    def leave(self, limits: Sequence[Limit]) -> None:
        """The call has ended."""
        for limit in limits:
            place = self._rows[limit.name][0]
            minute, calls, running = ROW.unpack_from(self._map, place)
            ROW.pack_into(self._map, place, minute, calls, running - 1 if running else 0)

    @staticmethod
    def _offset(worker: int, column: int) -> int:
        return (worker * COLUMNS + column) * ROW.size
