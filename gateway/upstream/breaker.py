"""A circuit breaker as a pure state machine: no clock of its own, no lock, no provider.

  closed       calls go. `failures` in a row without a success between them open it
  open         nothing goes until `open_until`; each opening in a row lasts twice as long, up to a longest
  half open    one call at a time goes as a trial: its success closes the breaker, its failure opens it again

Times are seconds on any clock that does not run backwards.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

STILL = 30.0
"""A failure counts as one in a row with those before it for so many seconds; what failed long ago says nothing now."""


class State(StrEnum):
    """What a breaker lets through."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class Bounds:
    """When a breaker opens and for how long. Seconds."""

    failures: int = 5
    open_s: float = 5.0
    longest_open_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Breaker:
    """One breaker at one moment. Every transition returns the next one."""

    bounds: Bounds = Bounds()
    failures: int = 0
    last_failure: float = 0.0
    openings: int = 0  # in a row, without a success between them
    open_until: float = 0.0
    trial: bool = False

    def state(self, now: float) -> State:
        if not self.openings:
            return State.CLOSED
        return State.OPEN if now < self.open_until else State.HALF_OPEN

    def admits(self, now: float) -> bool:
        """Whether a call may go now."""
        state = self.state(now)
        return state is State.CLOSED or (state is State.HALF_OPEN and not self.trial)

    def wait(self, now: float) -> float:
        """Seconds until a call may go, 0 when one may; while a trial runs, one more opening is assumed."""
        if self.admits(now):
            return 0.0
        return max(self.open_until - now, 0.0) or self.bounds.open_s

    def entered(self, now: float) -> Breaker:
        """A call that was admitted begins. Half open, it is the trial."""
        return replace(self, trial=True) if self.state(now) is State.HALF_OPEN else self

    def succeeded(self) -> Breaker:
        """A call was answered: the provider works."""
        return Breaker(self.bounds) if self.openings or self.failures else self

    def failed(self, now: float, *, trial: bool = False) -> Breaker:
        """A call failed in a way that speaks of the provider. One that began before the opening changes nothing.

        `trial`: the call was the trial.
        """
        if trial and self.openings:
            return self._opened(now)
        if self.openings:
            return self
        in_a_row = self.failures + 1 if now - self.last_failure <= STILL else 1
        counted = replace(self, failures=in_a_row, last_failure=now)
        return counted._opened(now) if in_a_row >= self.bounds.failures else counted

    def abandoned(self) -> Breaker:
        """The trial ended without telling anything of the provider, e.g. because its caller left."""
        return replace(self, trial=False)

    def half_opened(self, now: float) -> Breaker:
        """The provider was seen to be there again: the next call is the trial, now."""
        return replace(self, open_until=now) if self.state(now) is State.OPEN else self

    def _opened(self, now: float) -> Breaker:
        lasts = min(self.bounds.longest_open_s, self.bounds.open_s * 2.0 ** min(self.openings, 16))
        return replace(
            self, failures=0, last_failure=now, openings=self.openings + 1, open_until=now + lasts, trial=False
        )
