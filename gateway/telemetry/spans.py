"""One OpenTelemetry span a call, with the journey's steps as events; W3C Trace Context in and out; no content.

Off unless `telemetry.otlp_endpoint` is set; the trace context then still travels, so that others can correlate.
Source: W3C Trace Context level 1, section 3.2 (traceparent).
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from opentelemetry import trace as otel
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

if TYPE_CHECKING:
    from gateway.flow import Flow
    from gateway.settings import Telemetry

TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")


@dataclass(slots=True)
class Trace:
    """The trace context of one call. `span` is None when telemetry is off."""

    trace_id: str  # 32 hex digits
    span_id: str  # 16 hex digits, ours
    sampled: bool
    span: otel.Span | None = None

    @property
    def traceparent(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.sampled else '00'}"

    def step(self, name: str) -> None:
        """The named step begins."""
        if self.span is not None:
            self.span.add_event(name)


class Tracing:
    """Makes spans and exports them. `exporter` None: spans are off, trace context still travels."""

    def __init__(self, settings: Telemetry, exporter: SpanExporter | None = None) -> None:
        self._tracer: otel.Tracer | None = None
        self._provider: TracerProvider | None = None
        if exporter is None and settings.otlp_endpoint:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

            exporter = OTLPSpanExporter(endpoint=settings.otlp_endpoint)
        if exporter is not None:
            self._provider = TracerProvider(
                sampler=ParentBased(TraceIdRatioBased(settings.sample)),
                resource=Resource.create({"service.name": "lexgate"}),
                shutdown_on_exit=False,
            )
            self._provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=8192))
            self._tracer = self._provider.get_tracer("lexgate")

    def begin(self, traceparent: str, flow: str, name: str) -> Trace:
        """Continues the caller's trace, or begins one."""
        if not traceparent and self._tracer is None:
            made = os.urandom(24).hex()
            return Trace(made[:32], made[32:], sampled=False)
        match = TRACEPARENT.fullmatch(traceparent)
        parent_trace, parent_span, flags = match.groups() if match else ("0" * 32, "0" * 16, "00")
        known = parent_trace != "0" * 32 and parent_span != "0" * 16
        if self._tracer is None:
            trace_id = parent_trace if known else os.urandom(16).hex()
            return Trace(trace_id, os.urandom(8).hex(), known and flags == "01")
        context = None
        if known:
            remote = otel.SpanContext(
                int(parent_trace, 16), int(parent_span, 16), True, otel.TraceFlags(int(flags, 16) & 1)
            )
            context = otel.set_span_in_context(otel.NonRecordingSpan(remote))
        span = self._tracer.start_span(
            name, context=context, kind=otel.SpanKind.SERVER, attributes={"lexgate.flow": flow}
        )
        own = span.get_span_context()
        return Trace(f"{own.trace_id:032x}", f"{own.span_id:016x}", own.trace_flags.sampled, span)

    def end(self, flow: Flow) -> None:
        """Ends a call's span with what is known of the call, none of it content."""
        span = flow.trace.span
        if span is None:
            return
        if span.is_recording():
            span.set_attributes(_attributes(flow))
            if flow.error is not None:
                span.set_status(otel.StatusCode.ERROR, flow.error.code)
        span.end()

    def close(self) -> None:
        """Exports what is left."""
        if self._provider is not None:
            self._provider.shutdown()


def _attributes(flow: Flow) -> dict[str, Any]:
    attributes: dict[str, Any] = {"lexgate.status": flow.status, "gen_ai.operation.name": "chat"}
    if flow.request is not None:
        attributes["gen_ai.request.stream"] = flow.request.stream
    if flow.provider is not None:
        attributes["gen_ai.provider.name"] = flow.provider.name
        attributes["lexgate.to"] = flow.provider.jurisdiction
    if flow.decision is not None:
        attributes["lexgate.decision"] = flow.decision.action
        attributes["lexgate.bundle"] = flow.decision.bundle
    if flow.classification is not None:
        attributes["lexgate.grade"] = flow.classification.grade
    if flow.report is not None and flow.report.usage is not None:
        attributes["gen_ai.usage.input_tokens"] = flow.report.usage.input
        attributes["gen_ai.usage.output_tokens"] = flow.report.usage.output
    return attributes
