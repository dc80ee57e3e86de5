"""Step 6: the body with the decision's obligations spliced in. What no obligation touches keeps its bytes."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.errors import Denied
from gateway.extraction.as_text import as_text
from gateway.flow import Flow
from gateway.ingress.known_requests import RULES, Sent
from gateway.protocols.cap import capped
from gateway.protocols.registry import upstream_body
from gateway.protocols.request import DecodedRequest
from gateway.redaction.placeholder import PlaceholderKey
from gateway.redaction.redact import Redacted
from gateway.redaction.redact import redact as redacted_body
from gateway.redaction.segment import Remembered
from gateway.services import Services

WEIGHT = 512
"""What a finding weighs in bytes when it is asked whether a body is large."""


async def redact(flow: Flow, services: Services) -> None:
    """Builds the body that will leave. Raises Denied when something must be redacted that cannot be edited in place."""
    request, decision, known = flow.request, flow.decision, flow.known
    if request is None or decision is None:
        raise RuntimeError("this step runs after decide")
    sent = known.sent if known is not None else None
    if sent is not None and sent.decision is decision and sent.principal is flow.principal:
        flow.redacted, flow.forwarded, flow.digests["forwarded"] = sent.redacted, sent.body, sent.digest
        return
    if flow.findings and decision.redact:
        flow.redacted = await _redacted(flow, request, decision.redact, services)
    else:
        flow.redacted = Redacted(request.body, remaining=flow.findings)
    if flow.redacted.unredactable and flow.replaceable:
        request = await _with_files_as_text(flow, request, decision.redact, services)
    if flow.redacted.unredactable:
        raise Denied(
            "a part that must be redacted cannot be edited in place",
            rule="lexgate.redact.opaque",
            remedy="send this content as text, or leave it out",
        )
    body = upstream_body(request, flow.redacted.body)
    flow.forwarded = body if decision.cap is None else capped(request, body, decision.cap)
    if flow.forwarded is flow.body:
        digest = flow.digests["received"]
    else:
        digest = await services.heavy.run(len(flow.forwarded), services.digest, flow.who.tenant, flow.forwarded)
    flow.digests["forwarded"] = digest
    if known is not None and all(each.lasting for each in flow.redacted.segments):
        known.sent = Sent(decision, flow.who, flow.redacted, flow.forwarded, digest)


async def _with_files_as_text(
    flow: Flow, request: DecodedRequest, operators: Mapping[str, str], services: Services
) -> DecodedRequest:
    """Tries again with texts in place of the files from which something must be taken out. Not remembered: it is rare."""
    if flow.redacted is None:
        raise RuntimeError("this comes after the first try")
    changed = await as_text(flow, request, flow.redacted.unredactable, services)
    if changed is None:
        return request
    who = flow.who
    key = PlaceholderKey(services.placeholder_key, who.tenant, f"{who.application}/{who.user}")
    size = len(changed.request.body) + WEIGHT * len(changed.findings)
    flow.redacted = await services.heavy.run(size, redacted_body, changed.request, changed.findings, operators, key)
    return changed.request


async def _redacted(flow: Flow, request: DecodedRequest, operators: Mapping[str, str], services: Services) -> Redacted:
    """The redacted body. What the same rule made of the same content of this principal before is remembered."""
    who, cache = flow.who, services.verdicts
    principal = f"{who.application}/{who.user}"
    rule = ",".join(f"{label}:{operator}" for label, operator in operators.items())
    version = services.version_for(services.segments_version, who.tenant)
    name = f"redacted/{version}/{principal}/{rule}"
    whole = flow.known.redacted if flow.known is not None else {}
    if name in whole:
        return whole[name]
    known: list[Remembered | None] = [cache.get(who.tenant, name, segment.content) for segment in request.segments]
    new = sum(len(segment.content) for segment, old in zip(request.segments, known, strict=True) if old is None)
    key = PlaceholderKey(services.placeholder_key, who.tenant, principal)
    size = new + WEIGHT * len(flow.findings)
    redacted = await services.heavy.run(size, redacted_body, request, flow.findings, operators, key, known)
    for segment, before, after in zip(request.segments, known, redacted.segments, strict=True):
        if after is not before and after.lasting:
            cache.put(who.tenant, name, segment.content, after, after.size)
    if len(whole) < RULES and all(each.lasting for each in redacted.segments):
        whole[name] = redacted
    return redacted
