"""Step 9: the answer is inspected as it arrives, and what was redacted is restored. Builds the answer's transformer.

The bytes themselves run through it in `gateway/delivery.py`, chunk by chunk, for streams and whole answers alike.
"""

from __future__ import annotations

from gateway.errors import UpstreamFailed
from gateway.flow import Finding, Flow
from gateway.inspection.subjects import normal_value
from gateway.services import Services

MEDIA_TYPES = {True: "text/event-stream", False: "application/json"}


async def guard(flow: Flow, services: Services) -> None:
    """Prepares guard and restoration for this answer. Raises UpstreamFailed for an answer of an unexpected kind."""
    request, upstream, redacted = flow.request, flow.upstream, flow.redacted
    if request is None or upstream is None or redacted is None:
        raise RuntimeError("this step runs after forward")
    media_type = upstream.headers.get("content-type", "").partition(";")[0].strip().lower()
    streamed = request.stream and upstream.status < 400
    if media_type != MEDIA_TYPES[streamed]:
        raise UpstreamFailed(f"the provider answered with {media_type or 'no media type'} instead of {MEDIA_TYPES[streamed]}")
    carried = _carried(flow.findings)
    entry_tools = services.outbound_tools.get(flow.who.application, frozenset())
    flow.answer = services.transformers[flow.endpoint.protocol](
        request=request,
        redacted=redacted,
        streamed=streamed,
        status=upstream.status,
        scanner=services.guard,
        allowed=lambda label, value: normal_value(label, value) in carried,
        outbound_tools=entry_tools,
        label=None,
        flow=flow.id,
        limit=services.settings.limits.answer_bytes,
    )


def _carried(findings: tuple[Finding, ...]) -> frozenset[str]:
    """What the request itself carried: an answer may repeat it."""
    return frozenset(normal_value(finding.span.label, finding.value) for finding in findings)
