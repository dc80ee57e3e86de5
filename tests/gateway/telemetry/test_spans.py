"""One span a call, the caller's trace continued, nothing of the call's content in it."""

from __future__ import annotations

from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from gateway.settings import Telemetry
from gateway.telemetry.spans import Tracing

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_without_telemetry_the_trace_context_still_travels() -> None:
    trace = Tracing(Telemetry()).begin(PARENT, "flow", "/v1/messages")
    assert trace.span is None
    assert trace.trace_id == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert trace.span_id != "00f067aa0ba902b7"
    assert trace.traceparent.endswith("-01")


def test_a_malformed_parent_begins_a_new_trace() -> None:
    for value in ("", "garbage", "00-" + "0" * 32 + "-00f067aa0ba902b7-01", PARENT + "-extra"):
        trace = Tracing(Telemetry()).begin(value, "flow", "name")
        assert len(trace.trace_id) == 32
        assert trace.trace_id not in {"0" * 32, "4bf92f3577b34da6a3ce929d0e0e4736"}


def test_the_steps_are_events_of_one_span_under_the_callers() -> None:
    exporter = InMemorySpanExporter()
    tracing = Tracing(Telemetry(), exporter)
    trace = tracing.begin(PARENT, "0199", "/v1/chat/completions")
    for step in ("authenticate", "decode"):
        trace.step(step)
    assert trace.span is not None
    trace.span.end()
    tracing.close()
    (span,) = exporter.get_finished_spans()
    assert [event.name for event in span.events] == ["authenticate", "decode"]
    assert span.attributes == {"lexgate.flow": "0199"}
    assert span.parent is not None
    assert f"{span.parent.span_id:016x}" == "00f067aa0ba902b7"
    assert f"{span.context.trace_id:032x}" == trace.trace_id
