"""Per-principal and per-tenant limits, shared by all data workers.

A memory-mapped file holds a directory of limited names, and for each of them one row per worker. A worker writes only
its own rows and reads everybody's, without a lock, so a limit is exact but for calls that arrive in two workers within
the same microseconds. Only giving a name its column takes a lock of the file, once per name and worker.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import mmap
import os
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from types import ModuleType

from gateway.errors import TooManyRequests

native: ModuleType | None
try:
    from gateway.admission import _limits as native
except ImportError:  # no compiler was there when this was installed
    native = None

ROW = struct.Struct("<QII")  # minute, calls in that minute, calls running now
CELL = struct.Struct("<Q")  # identity of the name that has this column, 0 for none
COLUMNS = 16_384
"""Limited names a file has room for at once. They are placed by hash with linear probing; when it is full, columns of
names that have made no call for a while are given to others, and when there are none new names are refused."""
FORGOTTEN_MINUTES = 2
PLANS = 4_096
"""Combinations of limits for which a plan is kept, some 300 bytes each: one for each principal, and a tenant."""
PLANNED = 8
"""Limits of a call that a plan can hold, as in native/limits.c."""
_UNREACHED = 2**64 - 1  # calls; a larger limit is none either
_LIMITED = struct.Struct("<6Q")  # as in native/limits.c: identity, cell, mine, calls, concurrent, how many others


@dataclass(frozen=True, slots=True)
class Place:
    """Where one name is counted: offsets in the map of its directory cell, of this worker's row and of the others'."""

    identity: int
    cell: int
    mine: int
    others: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Limit:
    """What one name may do. `name` is "principal:<key id>" or "tenant:<name>"."""

    name: str
    calls_per_minute: int
    concurrent: int


class LimitTable:
    """One worker's view of the shared table. Not for use from two threads."""

    def __init__(self, path: Path, workers: int, slot: int) -> None:
        size = (CELL.size + ROW.size * workers) * COLUMNS
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.ftruncate(self._file, size)
        self._map = mmap.mmap(self._file, size)
        self._workers = workers
        self._slot = slot
        self._places: dict[str, Place] = {}
        self._plans: dict[int, tuple[Sequence[Limit], bytes]] = {}  # by the identity of a tuple that lives as long
        for column in range(COLUMNS):  # a predecessor's running calls died with it; what it had counted stays counted
            minute, calls, running = ROW.unpack_from(self._map, self._offset(slot, column))
            if running:
                ROW.pack_into(self._map, self._offset(slot, column), minute, calls, 0)

    def enter(self, limits: Sequence[Limit], now: float) -> None:
        """Counts one call against every limit, or against none of them and raises TooManyRequests."""
        minute = int(now // 60)
        known = self._plans.get(id(limits))
        if native is not None and known is not None and known[0] is limits:
            said = native.enter(self._map, known[1], minute)
            if said == 0:
                return
            if said > 0:
                raise _refused(limits[(said - 1) // 2], now, at_once=said % 2 == 0)
            del self._plans[id(limits)]  # a name has lost its column
        counted = []
        for limit in limits:
            place = self._places.get(limit.name)
            if place is None or CELL.unpack_from(self._map, place.cell)[0] != place.identity:
                place = self._find(limit.name, minute)
            then, own, now_running = ROW.unpack_from(self._map, place.mine)
            own = own if then == minute else 0
            counted.append((place.mine, own, now_running))
            calls, running = own, now_running
            for other in place.others:
                then, more, now_running = ROW.unpack_from(self._map, other)
                calls += more if then == minute else 0
                running += now_running
            if calls >= limit.calls_per_minute or running >= limit.concurrent:
                raise _refused(limit, now, at_once=calls < limit.calls_per_minute)
        for mine, calls, running in counted:
            ROW.pack_into(self._map, mine, minute, calls + 1, running + 1)
        if native is not None and type(limits) is tuple and len(limits) <= PLANNED:
            self._keep_plan(limits)

    def _keep_plan(self, limits: tuple[Limit, ...]) -> None:
        """For the next call under the same limits. Principals of a configuration share their limits' tuple."""
        if len(self._plans) >= PLANS:
            self._plans.clear()
        plan = b""
        for limit in limits:
            place = self._places[limit.name]
            calls, concurrent = min(limit.calls_per_minute, _UNREACHED), min(limit.concurrent, _UNREACHED)
            plan += _LIMITED.pack(place.identity, place.cell, place.mine, calls, concurrent, len(place.others))
            plan += struct.pack(f"<{len(place.others)}Q", *place.others)
        self._plans[id(limits)] = (limits, plan)

    def leave(self, limits: Sequence[Limit]) -> None:
        """The call has ended. Its places are still its own: a name with running calls keeps its column."""
        known = self._plans.get(id(limits))
        if native is not None and known is not None and known[0] is limits:
            native.leave(self._map, known[1])
            return
        for limit in limits:
            mine = self._places[limit.name].mine
            minute, calls, running = ROW.unpack_from(self._map, mine)
            ROW.pack_into(self._map, mine, minute, calls, running - 1 if running else 0)

    def _find(self, name: str, minute: int) -> Place:
        """Where a name is counted. It gets its column with its first call. Raises TooManyRequests without room."""
        if len(self._places) >= 2 * COLUMNS:
            known = self._places.items()
            self._places = {name: at for name, at in known if CELL.unpack_from(self._map, at.cell)[0] == at.identity}
        with self._locked():
            column, identity = self._claim(name, minute)
        others = (self._offset(worker, column) for worker in range(self._workers) if worker != self._slot)
        place = Place(identity, column * CELL.size, self._offset(self._slot, column), tuple(others))
        self._places[name] = place
        return place

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def _claim(self, name: str, minute: int) -> tuple[int, int]:
        """The name's column: the one it has, else a free one, else one that was forgotten."""
        identity = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little") or 1
        first = identity % COLUMNS
        for column in chain(range(first, COLUMNS), range(first)):
            there = CELL.unpack_from(self._map, column * CELL.size)[0]
            if there in {identity, 0}:
                CELL.pack_into(self._map, column * CELL.size, identity)
                return column, identity
        for column in range(COLUMNS):
            if self._is_forgotten(column, minute):
                CELL.pack_into(self._map, column * CELL.size, identity)
                return column, identity
        raise TooManyRequests("more principals call at once than the limit table has room for", retry_after=60)

    def _is_forgotten(self, column: int, minute: int) -> bool:
        rows = [ROW.unpack_from(self._map, self._offset(worker, column)) for worker in range(self._workers)]
        return all(not running and then + FORGOTTEN_MINUTES <= minute for then, _, running in rows)

    @staticmethod
    def _offset(worker: int, column: int) -> int:
        return CELL.size * COLUMNS + (worker * COLUMNS + column) * ROW.size


def _refused(limit: Limit, now: float, *, at_once: bool) -> TooManyRequests:
    if at_once:
        return TooManyRequests(f"{limit.concurrent} calls at once are allowed", retry_after=1)
    return TooManyRequests(f"{limit.calls_per_minute} calls a minute are allowed", retry_after=int(60 - now % 60) + 1)
