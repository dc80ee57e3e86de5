"""What this worker has seen of each provider: a circuit breaker each, moved by the outcomes of calls and by probes.

A failure speaks of the provider when it could not be reached, broke the connection, kept silent, or said itself that it
is down (502, 503, 504, 529). A 500 may be one request's fault and a 429 is a limit: neither is counted.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from gateway.errors import LexgateError, UpstreamTimeout
from gateway.settings import CircuitBreaker, Provider
from gateway.telemetry.metrics import Registry
from gateway.upstream.breaker import Bounds, Breaker, State
from gateway.upstream.port import Unreachable

DOWN = frozenset({502, 503, 504, 529})
SILENT = frozenset({500})
"""Statuses that tell neither that the provider works nor that it does not."""
CLASSES = tuple(f"{hundreds}xx" for hundreds in range(10))
"""Names of the classes of statuses."""
FIGURES = {State.CLOSED: 0.0, State.HALF_OPEN: 1.0, State.OPEN: 2.0}


class Resting(Unreachable):
    """The provider failed repeatedly and is left alone for a moment: nothing was sent."""

    status, code = 503, "lexgate_unavailable"


@dataclass(frozen=True, slots=True)
class Passage:
    """A call that a breaker let through, until the head of its answer. One of its methods is called, once for each call."""

    _health: Health
    _name: str
    _trial: bool

    def answered(self, status: int) -> None:
        """The head of an answer has come."""
        self._health.count(self._name, CLASSES[status // 100])
        if status in DOWN:
            self._fail()
        elif status in SILENT:
            self._abandon()
        else:
            self._health.succeeded(self._name)

    def failed(self, error: LexgateError) -> None:
        """The provider could not be reached, broke off, or did not begin to answer in time."""
        kind = "unreachable" if isinstance(error, Unreachable) else "timeout"
        self._health.count(self._name, kind if isinstance(error, Unreachable | UpstreamTimeout) else "broken")
        self._fail()

    def abandoned(self) -> None:
        """The call ended for a reason of ours or of its caller: nothing was learnt."""
        self._health.count(self._name, "abandoned")
        self._abandon()

    def _fail(self) -> None:
        now = self._health.clock()
        self._health.move(self._name, lambda breaker: breaker.failed(now, trial=self._trial))

    def _abandon(self) -> None:
        if self._trial:
            self._health.move(self._name, Breaker.abandoned)


class Health:
    """The breakers of one worker, by provider name. They live through a reload."""

    def __init__(
        self, settings: CircuitBreaker, metrics: Registry, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.clock = clock
        self._bounds = _bounds(settings)
        self._metrics = metrics
        self._breakers: dict[str, Breaker] = {}
        self._results: dict[tuple[str, str], list[float]] = {}
        self._passages: dict[str, Passage] = {}  # through breakers that never moved

    def configure(self, settings: CircuitBreaker) -> None:
        """Other bounds from now on. Breakers that changed them begin anew, closed."""
        if (bounds := _bounds(settings)) != self._bounds:
            self._bounds = bounds
            self._breakers.clear()

    def admits(self, provider: Provider) -> bool:
        """Whether a call may go to this provider now."""
        breaker = self._breakers.get(provider.name)
        return breaker is None or breaker.admits(self.clock())

    def wait(self, provider: Provider) -> float:
        """Seconds until a call may go to this provider."""
        breaker = self._breakers.get(provider.name)
        return 0.0 if breaker is None else breaker.wait(self.clock())

    def enter(self, provider: Provider) -> Passage:
        """A call is about to be sent. Raises Resting when it must not be."""
        breaker = self._breakers.get(provider.name)
        if breaker is None:
            passage = self._passages.get(provider.name)
            if passage is None:
                passage = self._passages[provider.name] = Passage(self, provider.name, False)
            return passage
        now = self.clock()
        if not breaker.admits(now):
            raise resting([self.wait(provider)], f"provider {provider.name}")
        entered = self._breakers[provider.name] = breaker.entered(now)
        return Passage(self, provider.name, entered.trial)

    def probed(self, provider: Provider, *, reached: bool) -> None:
        """A probe could connect, or not. One that could ends the rest: the next call is the trial."""
        now = self.clock()
        if reached:
            self.move(provider.name, lambda breaker: breaker.half_opened(now))
        else:
            self.move(provider.name, lambda breaker: breaker.failed(now))

    def count(self, name: str, result: str) -> None:
        """One request to a provider, by result."""
        figure = self._results.get((name, result))
        if figure is None:
            figure = self._metrics.counter("lexgate_attempts", provider=name, result=result)
            self._results[name, result] = figure
        figure[0] += 1

    def succeeded(self, name: str) -> None:
        """A call was answered."""
        if name in self._breakers:  # most providers never fail, and then nothing is kept of them
            self.move(name, Breaker.succeeded)

    def move(self, name: str, transition: Callable[[Breaker], Breaker]) -> None:
        """Applies one transition to a provider's breaker."""
        before = self._breakers.get(name) or Breaker(self._bounds)
        after = transition(before)
        if after is not before:
            self._breakers[name] = after
            if after.openings > before.openings:
                self._metrics.count("lexgate_breaker_openings", 1, provider=name)

    def publish(self) -> None:
        """Writes the state of every breaker that ever moved into the metrics."""
        now = self.clock()
        for name, breaker in self._breakers.items():
            self._metrics.gauge("lexgate_breaker_state", FIGURES[breaker.state(now)], provider=name)


def resting(waits: list[float], who: str) -> Resting:
    """The refusal of a call for which everybody who could serve it rests."""
    seconds = max(1, math.ceil(min(waits, default=1.0)))
    return Resting(f"{who} failed repeatedly and rests for a moment; nothing was sent", retry_after=seconds)


def _bounds(settings: CircuitBreaker) -> Bounds:
    return Bounds(settings.failures, settings.open_seconds, settings.longest_open_seconds)
