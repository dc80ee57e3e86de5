"""What an inspector needs to settle a flow: the texts as the provider saw and wrote them, and what it reported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from gateway.flow import Flow, PartKind, Span
from gateway.protocols.request import DecodedRequest
from gateway.services import Services

COUNTED = frozenset({PartKind.TEXT, PartKind.TOOL_CALL, PartKind.TOOL_RESULT})
"""Parts whose text the model reads as text."""


def settlement_item(flow: Flow, services: Services) -> dict[str, Any]:
    """One item for `gateway.metering.settle`. Only for a flow that was forwarded."""
    report, provider = flow.report, flow.provider
    request = _as_forwarded(flow, services)
    if provider is None:
        raise RuntimeError("only a forwarded flow is settled")
    timing = flow.timing
    delivered = report.delivered_text if report else ""
    known = services.verdicts.get(flow.who.tenant, services.detectors, delivered.encode()) if delivered else ()
    return {
        "flow": flow.id,
        "tenant": flow.who.tenant,
        "provider": provider.name,
        "price_provider": provider.price_provider or provider.name,
        "tokenizer": provider.tokenizer,
        "model": request.model,
        "protocol": request.protocol,
        "request": _messages(request),
        "tools": bool(request.caller_tools or request.provider_tools),
        "opaque": bool(flow.uninspected or request.references),
        "output_text": report.provider_text if report else "",
        "delivered_text": delivered,
        "inspect": known is None,
        "known_entities": entities(known or ()),
        "finish": report.finish if report else None,
        "tool_names": list(report.tool_names) if report else [],
        "thinking": bool(report and report.reasoning_text),
        "reported": report.usage.as_dict() if report and report.usage else None,
        "at": flow.time_us,
        "latency_ms": round((timing.ended - timing.started) * 1000),
        "first_byte_ms": round((timing.first_byte - timing.started) * 1000) if timing.first_byte else None,
        "labels": list(flow.labels),
        "fingerprint_key": services.fingerprint_key(flow.who.tenant).hex(),
    }


def entities(spans: Sequence[Span]) -> dict[str, int]:
    """How many entities of each label."""
    return dict(sorted(Counter(span.label for span in spans).items()))


def _as_forwarded(flow: Flow, services: Services) -> DecodedRequest:
    """The request as the provider saw it: redacted, if anything was."""
    if flow.request is None:
        raise RuntimeError("only a forwarded flow is settled")
    if flow.redacted is None or not flow.redacted.redactions:
        return flow.request
    decoded: DecodedRequest = services.decoders[flow.endpoint.protocol](flow.forwarded)
    return decoded


def _messages(request: DecodedRequest) -> list[dict[str, str]]:
    """One row a message: its role and its text."""
    return [
        {
            "role": segment.role,
            "text": "\n".join(part.text for part in segment.parts() if part.kind in COUNTED),
        }
        for segment in request.segments
        if segment.role
    ]
