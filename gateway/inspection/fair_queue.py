"""Whose turn it is: tenants share a thread by the time they used, and within a tenant the least served job goes first.

Virtual time as in start-time fair queueing: each tenant has a clock of the seconds it used, the one with the earliest
clock is next, and who comes (or comes again) starts at the clock of whoever is served then, if not later. So a tenant with many or
large jobs takes no more than its share while others wait, and a small job does not wait for large ones to end.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Job = TypeVar("Job")
_MOST_LEFT = 1024


@dataclass(slots=True)
class Turn(Generic[Job]):
    """A job in the queue, and the seconds it used so far."""

    tenant: str
    job: Job
    number: int
    used: float = 0.0

    def __lt__(self, other: Turn[Job]) -> bool:
        return (self.used, self.number) < (other.used, other.number)


@dataclass(slots=True)
class _Tenant(Generic[Job]):
    clock: float
    waiting: list[Turn[Job]] = field(default_factory=list)
    running: int = 0


class FairQueue(Generic[Job]):
    """Put from any thread, take from one (from several with `take_now`)."""

    def __init__(self) -> None:
        self._tenants: dict[str, _Tenant[Job]] = {}
        self._left: dict[str, float] = {}  # clocks of tenants that wait for nothing now and are ahead of time
        self._clock = 0.0
        self._number = 0
        self._waiting = 0  # jobs of all tenants
        self._closed = False
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._takers = 0  # threads that wait in `take`: who has none to tell need not ask

    def put(self, tenant: str, job: Job) -> None:
        """A new job."""
        with self._lock:
            self._number += 1
            self._add(Turn(tenant, job, self._number))
            if self._takers:
                self._changed.notify()

    def close(self) -> None:
        """Once all jobs are done, `take` gives None."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def take(self) -> Turn[Job] | None:
        """The job whose turn it is; waits for one. Give it `back` or say that it is `done`."""
        with self._changed:
            while True:
                turn = self._first(())
                if turn is not None or self._closed:
                    return turn
                self._takers += 1
                try:
                    self._changed.wait()
                finally:
                    self._takers -= 1

    def take_now(self, passed_over: Collection[str] = ()) -> Turn[Job] | None:
        """The same without waiting: None where no job waits but those of tenants that are `passed_over`."""
        with self._lock:
            return self._first(passed_over)

    def back(self, turn: Turn[Job], seconds: float) -> None:
        """The job used some seconds and is not done."""
        with self._lock:
            self._count(turn, seconds)
            self._add(turn)

    def done(self, turn: Turn[Job], seconds: float) -> None:
        """The job used some seconds and is done. Who waits for nothing any more is forgotten once time has caught up."""
        with self._lock:
            tenant = self._count(turn, seconds)
            if not tenant.waiting and not tenant.running:
                del self._tenants[turn.tenant]
                if len(self._left) >= _MOST_LEFT:
                    self._left = {name: clock for name, clock in self._left.items() if clock > self._clock}
                self._left[turn.tenant] = tenant.clock

    @property
    def contended(self) -> bool:
        """Whether another job waits."""
        return self._waiting > 0

    def _first(self, passed_over: Collection[str]) -> Turn[Job] | None:
        tenant: _Tenant[Job] | None = None
        for name, each in self._tenants.items():
            if each.waiting and (tenant is None or each.clock < tenant.clock) and name not in passed_over:
                tenant = each
        if tenant is None:
            return None
        tenant.running += 1
        self._clock = max(self._clock, tenant.clock)
        self._waiting -= 1
        return heapq.heappop(tenant.waiting)

    def _count(self, turn: Turn[Job], seconds: float) -> _Tenant[Job]:
        turn.used += seconds
        tenant = self._tenants[turn.tenant]
        tenant.clock += seconds
        tenant.running -= 1
        return tenant

    def _add(self, turn: Turn[Job]) -> None:
        tenant = self._tenants.get(turn.tenant)
        if tenant is None:
            left = self._left.pop(turn.tenant, 0.0)
            tenant = self._tenants[turn.tenant] = _Tenant(max(self._clock, left))
        heapq.heappush(tenant.waiting, turn)
        self._waiting += 1
