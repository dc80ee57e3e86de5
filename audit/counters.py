"""Counters of distinct subjects, with reservations: how many people's data crossed which border in which period.

Calendar counters (period "2026") hold running totals. Rolling counters (period "rolling12m") keep for each subject the
month it was last seen and a total per month, so that reading one is at most 13 additions: the running month and the
twelve before it. That window is up to one month longer than twelve months: an upper bound, never an undercount.

A reservation is held in memory of the one process that writes the store; what is *kept* is written in the same
transaction as the intent. A reservation that was not kept by then belongs to a call that has not left, so nothing is
lost when this process dies: its workers lose their connection, abort their calls, and start anew.
Subjects are opaque keyed hashes. A counter belongs to a tenant.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from audit.errors import AppendRefused
from audit.store.sqlite import Connection

ROLLING = "rolling12m"
_MONTHS = 12

Key = tuple[str, str, str]
"""tenant, counter, period"""


@dataclass(frozen=True, slots=True)
class CounterUse:
    """What a call would add: subjects to one counter in one period ("2026" or "rolling12m")."""

    counter: str
    period: str
    subjects: frozenset[str]


@dataclass(frozen=True, slots=True)
class CounterState:
    """`before`: distinct subjects counted or reserved by other calls; `new`: how many of ours are not among them."""

    counter: str
    before: int
    new: int


@dataclass(frozen=True, slots=True)
class _Hold:
    key: Key
    bucket: int
    subjects: frozenset[str]


class Counters:
    """The counters of one store. Not thread-safe; `keep` must run inside the caller's transaction."""

    __slots__ = ("_connection", "_holds", "_pending", "counted")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.counted: list[tuple[str, str, str, str, int]] = []
        """What was counted since whoever commits last emptied this: arguments of `count`."""
        self._holds: dict[str, list[_Hold]] = {}
        self._pending: dict[Key, dict[str, int]] = {}  # subjects reserved, by how many flows

    def reserve(self, flow: str, tenant: str, uses: Sequence[CounterUse], now_us: int) -> tuple[CounterState, ...]:
        """Hold `uses` for `flow` (in place of what it held) and say where each counter stands without them."""
        self.release(flow)
        states, holds = [], []
        for use in uses:
            key = (tenant, use.counter, use.period)
            bucket = _bucket(use.period, now_us)
            pending = self._pending.get(key, {})
            reserved = sum(1 for s in pending if not self._is_counted(key, bucket, s))
            new = sum(1 for s in use.subjects if s not in pending and not self._is_counted(key, bucket, s))
            states.append(CounterState(use.counter, self._total(key, bucket) + reserved, new))
            if use.subjects:
                holds.append(_Hold(key, bucket, use.subjects))
        for hold in holds:
            pending = self._pending.setdefault(hold.key, {})
            for subject in hold.subjects:
                pending[subject] = pending.get(subject, 0) + 1
        if holds:
            self._holds[flow] = holds
        return tuple(states)

    def check_keep(self, flow: str, keep: Mapping[str, Collection[str]]) -> None:
        """AppendRefused unless everything in `keep` is reserved by `flow`."""
        held: dict[str, set[str]] = {}
        for hold in self._holds.get(flow, ()):
            held.setdefault(hold.key[1], set()).update(hold.subjects)
        for counter, subjects in keep.items():
            if not held.get(counter, set()).issuperset(subjects):
                raise AppendRefused(f"counter {counter!r}: these subjects were not reserved")

    def keep(self, flow: str, keep: Mapping[str, Collection[str]]) -> None:
        """Count what is kept of the flow's reservation for good and release the rest."""
        for hold in self._holds.get(flow, ()):
            for subject in keep.get(hold.key[1], ()):
                if subject in hold.subjects:
                    self.count(*hold.key, subject, hold.bucket)
        self.release(flow)

    def release(self, flow: str) -> None:
        """Free the flow's reservation, if it has one."""
        for hold in self._holds.pop(flow, ()):
            pending = self._pending[hold.key]
            for subject in hold.subjects:
                pending[subject] -= 1
                if not pending[subject]:
                    del pending[subject]
            if not pending:
                del self._pending[hold.key]

    @property
    def holding(self) -> Container[str]:
        """The flows that hold a reservation."""
        return self._holds

    def held(self) -> int:
        """How many flows hold a reservation."""
        return len(self._holds)

    def _is_counted(self, key: Key, bucket: int, subject: str) -> bool:
        found = self._bucket_of(key, subject)
        return found is not None and (bucket == 0 or found >= bucket - _MONTHS)

    def _bucket_of(self, key: Key, subject: str) -> int | None:
        row = self._connection.execute(
            "select bucket from counted where tenant = ? and counter = ? and period = ? and subject = ?",
            (*key, subject),
        ).fetchone()
        return None if row is None else int(row[0])

    def _total(self, key: Key, bucket: int) -> int:
        row = self._connection.execute(
            "select coalesce(sum(n), 0) from counted_total"
            " where tenant = ? and counter = ? and period = ? and bucket >= ?",
            (*key, bucket - _MONTHS if bucket else 0),
        ).fetchone()
        return int(row[0])

    def count(self, tenant: str, counter: str, period: str, subject: str, bucket: int) -> None:
        """Count a subject for good. Doing so again changes nothing."""
        key = (tenant, counter, period)
        found = self._bucket_of(key, subject)
        if found is not None and found >= bucket:
            return
        self.counted.append((*key, subject, bucket))
        execute = self._connection.execute
        if found is not None:
            execute(
                "update counted_total set n = n - 1 where tenant = ? and counter = ? and period = ? and bucket = ?",
                (*key, found),
            )
        execute("insert or replace into counted values (?, ?, ?, ?, ?)", (*key, subject, bucket))
        execute(
            "insert into counted_total values (?, ?, ?, ?, 1)"
            " on conflict (tenant, counter, period, bucket) do update set n = n + 1",
            (*key, bucket),
        )


def _bucket(period: str, now_us: int) -> int:
    if period != ROLLING:
        return 0
    now = datetime.fromtimestamp(now_us / 1_000_000, UTC)
    return now.year * 12 + now.month - 1
