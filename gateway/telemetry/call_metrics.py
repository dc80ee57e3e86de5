"""What one ended call moves in the metrics. Numbers and names of ours only, never content."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.flow import Flow
    from gateway.telemetry.metrics import Histogram, Registry

BATCH = 32
"""Calls that wait to be counted, with all that is known of them."""
LARGE = 65_536
"""Bytes of a request and its answer's end beyond which a call does not wait: a batch of them would be kept for nothing."""
MOST_KINDS = 4096
"""Kinds of calls whose figures are kept at hand. Their number is the configuration's: protocols, providers, ends."""


@dataclass(frozen=True, slots=True)
class _Figures:
    """What all calls of one kind move."""

    calls: list[float]
    seconds: Histogram
    own_seconds: Histogram
    grades: list[float] | None
    first_byte: Histogram | None
    tokens: tuple[list[float], list[float]] | None


class CallMetrics:
    """Counts calls by how they ended, and what was found, redacted, stopped and used in them."""

    def __init__(self, metrics: Registry) -> None:
        self._metrics = metrics
        self._kinds: dict[tuple[str | None, ...], _Figures] = {}
        self._waiting: list[Flow] = []
        self._labels: dict[tuple[str, str], list[float]] = {}
        self.verdicts_known = metrics.counter("lexgate_cache", cache="verdict", result="hit")

    def ended(self, flow: Flow) -> None:
        """A call has ended; it is counted with others: what runs for one call alone runs from cold caches."""
        if len(flow.body) + len(flow.terminal) > LARGE:
            self.count(flow)
            return
        self._waiting.append(flow)
        if len(self._waiting) >= BATCH:
            self.count_all()

    def count_all(self) -> None:
        """Counts the calls that wait for it, before anybody reads the figures."""
        waiting, self._waiting = self._waiting, []
        for flow in waiting:
            self.count(flow)

    def count(self, flow: Flow) -> None:
        """Counts a call that has ended."""
        kind = (
            flow.endpoint.protocol,
            flow.decision.action if flow.decision else "none",
            flow.status if flow.principal is not None else "unauthenticated",
            flow.classification.grade if flow.classification is not None else None,
            flow.provider.name if flow.provider is not None and flow.intents else None,
        )
        figures = self._kinds.get(kind)
        if figures is None:
            figures = self._figures(*kind)
        figures.calls[0] += 1
        timing, observed = flow.timing, []
        if timing.ended:
            observed.append((figures.seconds, timing.ended - timing.started))
        if timing.forwarded and flow.intents == 1:  # what a later attempt had waited for is not our time
            observed.append((figures.own_seconds, timing.forwarded - timing.started))
        if timing.first_byte and figures.first_byte is not None:
            observed.append((figures.first_byte, timing.first_byte - timing.forwarded))
        for (bounds, cell), seconds in observed:
            cell[bisect_left(bounds, seconds)] += 1
            cell[-1] += seconds
        if flow.error is not None:
            self._metrics.count("lexgate_refusals", 1, code=flow.error.code)
        if figures.grades is not None and flow.classification is not None:
            figures.grades[0] += 1
            for label, number in flow.classification.entities.items():
                self._labelled("lexgate_findings", label)[0] += number
        if figures.tokens is not None:
            self._exchange(flow, *figures.tokens)

    def refused(self, protocol: str, code: str) -> None:
        """A call was refused before it was one, e.g. because there is no log that it could be recorded in."""
        self._metrics.count("lexgate_calls", 1, protocol=protocol, status="failed", decision="none")
        self._metrics.count("lexgate_refusals", 1, code=code)

    def _exchange(self, flow: Flow, sent: list[float], written: list[float]) -> None:
        if flow.redacted is not None:
            for label, number in flow.redacted.redactions.items():
                self._labelled("lexgate_redactions", label)[0] += number
        report = flow.report
        if report is None:
            return
        if report.stopped:
            self._metrics.count("lexgate_guard_stops", 1, label=report.stopped)
        if report.usage is not None:
            sent[0] += report.usage.input
            written[0] += report.usage.output

    def _labelled(self, name: str, label: str) -> list[float]:
        """The figure of one label. A registry keeps so many of a family, and those are as many as are kept at hand."""
        figure = self._labels.get((name, label))
        if figure is None:
            figure = self._metrics.counter(name, label=label)
            if len(self._labels) < MOST_KINDS:
                self._labels[name, label] = figure
        return figure

    def _figures(
        self, protocol: str | None, decision: str | None, status: str | None, grade: str | None, provider: str | None
    ) -> _Figures:
        metrics, name = self._metrics, protocol or ""
        figures = _Figures(
            metrics.counter("lexgate_calls", protocol=name, status=status or "", decision=decision or ""),
            metrics.histogram("lexgate_call_seconds", protocol=name),
            metrics.histogram("lexgate_own_seconds", protocol=name),
            None if grade is None else metrics.counter("lexgate_grades", grade=grade),
            None if provider is None else metrics.histogram("lexgate_first_byte_seconds", provider=provider),
            None
            if provider is None
            else (
                metrics.counter("lexgate_tokens", provider=provider, kind="input"),
                metrics.counter("lexgate_tokens", provider=provider, kind="output"),
            ),
        )
        if len(self._kinds) < MOST_KINDS:
            self._kinds[protocol, decision, status, grade, provider] = figures
        return figures
