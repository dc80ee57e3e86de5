"""One OpenTelemetry span a call, with the journey's steps as events; W3C Trace Context in and out; no content.

Off unless `telemetry.otlp_endpoint` is set; the trace context then still travels, so that others can correlate.
Source: W3C Trace Context level 1, section 3.2 (traceparent).
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.telemetry.trace_ids import is_random

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span

    from gateway.flow import Flow
    from gateway.settings import Telemetry
    from gateway.telemetry.exported_spans import ExportedSpans

MADE = 32
"""Traces for which digits are drawn at once: a system call for each is more than the digits."""
TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")


@dataclass(slots=True)
class Trace:
    """The trace context of one call. `span` is None when telemetry is off."""

    trace_id: str  # 32 hex digits
    span_id: str  # 16 hex digits, ours
    sampled: bool
    span: Span | None = None

    @property
    def traceparent(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.sampled else '00'}"

    def step(self, name: str) -> None:
        """The named step begins."""
        if self.span is not None:
            self.span.add_event(name)


class Tracing:
    """Makes spans and exports them. `exporter` None: spans are off unless an endpoint is set, trace context still travels."""

    def __init__(self, settings: Telemetry, exporter: SpanExporter | None = None) -> None:
        self._exported: ExportedSpans | None = None
        self._ids = ""  # random digits for the next traces
        if exporter is not None or settings.otlp_endpoint:
            from gateway.telemetry.exported_spans import ExportedSpans  # OpenTelemetry's SDK: only where it is wanted

            self._exported = ExportedSpans(settings, exporter)

    def begin(self, traceparent: str, flow: str, name: str) -> Trace:
        """Continues the caller's trace, or begins one: also where something may be written in its id."""
        if not traceparent and self._exported is None:
            ids = self._ids or os.urandom(24 * MADE).hex()
            self._ids = ids[48:]
            return Trace(ids[:32], ids[32:48], sampled=False)
        match = TRACEPARENT.fullmatch(traceparent)
        parent_trace, parent_span, flags = match.groups() if match else ("0" * 32, "0" * 16, "00")
        known = parent_span != "0" * 16 and is_random(parent_trace)
        if self._exported is None:
            trace_id = parent_trace if known else os.urandom(16).hex()
            return Trace(trace_id, os.urandom(8).hex(), known and flags == "01")
        span = self._exported.begin((parent_trace, parent_span, flags) if known else None, flow, name)
        own = span.get_span_context()
        return Trace(f"{own.trace_id:032x}", f"{own.span_id:016x}", own.trace_flags.sampled, span)

    def end(self, flow: Flow) -> None:
        """Ends a call's span with what is known of the call, none of it content."""
        if self._exported is not None and flow.trace.span is not None:
            self._exported.end(flow.trace.span, flow)

    def close(self) -> None:
        """Exports what is left."""
        if self._exported is not None:
            self._exported.close()
