"""Step 9: the answer is inspected as it arrives, and what was redacted is restored. Sets the rules for it.

The bytes themselves run through them in `gateway/delivery.py`, chunk by chunk, for streams and whole answers alike.
"""

from __future__ import annotations

from gateway.errors import UpstreamFailed
from gateway.flow import Finding, Flow
from gateway.inspection.subjects import canonical
from gateway.redaction.channel import Rules
from gateway.services import Services

MEDIA_TYPES = {True: "text/event-stream", False: "application/json"}


async def guard(flow: Flow, services: Services) -> None:
    """Says what may pass and what is restored. Raises UpstreamFailed for an answer of an unexpected kind."""
    request, upstream, redacted = flow.request, flow.upstream, flow.redacted
    if request is None or upstream is None or redacted is None:
        raise RuntimeError("this step runs after forward")
    flow.streamed = request.stream and upstream.status < 400
    expected = MEDIA_TYPES[flow.streamed]
    media_type = upstream.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != expected:
        raise UpstreamFailed(f"the provider's answer is not {expected}")
    carried = _carried(flow.findings)
    flow.rules = Rules(redacted.placeholders, services.guard, lambda label, value: canonical(label, value) in carried)


def _carried(findings: tuple[Finding, ...]) -> frozenset[str]:
    """What the request itself carried: an answer may repeat it."""
    return frozenset(canonical(finding.span.label, finding.value) for finding in findings)
