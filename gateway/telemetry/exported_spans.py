"""Spans that are exported over OTLP, by OpenTelemetry's SDK. Loaded only where `telemetry.otlp_endpoint` is set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry import trace as otel
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

if TYPE_CHECKING:
    from gateway.flow import Flow
    from gateway.settings import Telemetry


class ExportedSpans:
    """Begins spans, ends them, and exports them in batches from a thread of its own."""

    def __init__(self, settings: Telemetry, exporter: SpanExporter | None = None) -> None:
        if exporter is None:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

            exporter = OTLPSpanExporter(endpoint=settings.otlp_endpoint)
        self._provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(settings.sample)),
            resource=Resource.create({"service.name": "lexgate"}),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=8192))
        self._tracer = self._provider.get_tracer("lexgate")

    def begin(self, parent: tuple[str, str, str] | None, flow: str, name: str) -> otel.Span:
        """A call's span. `parent`: trace, span and flags of a traceparent in hex, None where a trace begins here."""
        context = None
        if parent is not None:
            trace, span, flags = (int(part, 16) for part in parent)
            remote = otel.SpanContext(trace, span, True, otel.TraceFlags(flags & 1))
            context = otel.set_span_in_context(otel.NonRecordingSpan(remote))
        return self._tracer.start_span(
            name, context=context, kind=otel.SpanKind.SERVER, attributes={"lexgate.flow": flow}
        )

    @staticmethod
    def end(span: otel.Span, flow: Flow) -> None:
        """Ends a call's span with what is known of the call, none of it content."""
        if span.is_recording():
            span.set_attributes(_attributes(flow))
            if flow.error is not None:
                span.set_status(otel.StatusCode.ERROR, flow.error.code)
        span.end()

    def close(self) -> None:
        """Exports what is left."""
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
