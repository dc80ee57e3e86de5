"""What one ended call moves in the metrics. Numbers and names of ours only, never content."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.flow import Flow
    from gateway.metrics import Registry


def count_call(metrics: Registry, flow: Flow) -> None:
    """Counts a call by how it ended, and what was found, redacted, stopped and used in it."""
    protocol = flow.endpoint.protocol
    decision = flow.decision.action if flow.decision else "none"
    status = flow.status if flow.principal is not None else "unauthenticated"
    metrics.count("lexgate_calls", 1, protocol=protocol, status=status, decision=decision)
    if flow.timing.ended:
        metrics.observe("lexgate_call_seconds", flow.timing.ended - flow.timing.started, protocol=protocol)
    if flow.timing.forwarded and flow.intents == 1:  # what a later attempt had waited for is not our time
        metrics.observe("lexgate_own_seconds", flow.timing.forwarded - flow.timing.started, protocol=protocol)
    if flow.error is not None:
        metrics.count("lexgate_refusals", 1, code=flow.error.code)
    if flow.classification is not None:
        metrics.count("lexgate_grades", 1, grade=flow.classification.grade)
        for label, number in flow.classification.entities.items():
            metrics.count("lexgate_findings", number, label=label)
    _count_exchange(metrics, flow)


def _count_exchange(metrics: Registry, flow: Flow) -> None:
    provider, report = flow.provider, flow.report
    if provider is None or not flow.intents:
        return
    if flow.timing.first_byte:
        waited = flow.timing.first_byte - flow.timing.forwarded
        metrics.observe("lexgate_first_byte_seconds", waited, provider=provider.name)
    if flow.redacted is not None:
        for label, number in flow.redacted.redactions.items():
            metrics.count("lexgate_redactions", number, label=label)
    if report is not None and report.stopped:
        metrics.count("lexgate_guard_stops", 1, label=report.stopped)
    if report is not None and report.usage is not None:
        metrics.count("lexgate_tokens", report.usage.input, provider=provider.name, kind="input")
        metrics.count("lexgate_tokens", report.usage.output, provider=provider.name, kind="output")
