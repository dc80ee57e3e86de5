"""Steps 1 to 4 at once, for a call like one before: a key that is known, a body that came before, nothing that is rare.

What `authenticate`, `decode`, `inspect` and `classify` leave in a flow, this leaves in it, and what they count, it counts. A
call about which there is anything else to say is left to them as it came: nothing has been counted then, nothing read.
"""

from __future__ import annotations

import time

from gateway.errors import TooManyRequests
from gateway.flow import Flow
from gateway.identity.directory import presented_key
from gateway.ingress.caller import SESSION_HEADERS
from gateway.ingress.exchange import Exchange
from gateway.services import Services

JSON = "application/json"
_JSON = JSON.encode()
RARE = frozenset(
    {*SESSION_HEADERS, b"lexgate-purpose", b"lexgate-label", b"lexgate-parent", b"content-encoding", b"traceparent"}
)
"""Fields of which a step has more to say."""


def known_call(flow: Flow, services: Services) -> bool:
    """Whether the call was taken. Raises TooManyRequests, counted as `authenticate` counts it; BadRequest, as `decode` does."""
    caller, endpoint = flow.caller, flow.endpoint
    if type(caller) is not Exchange or flow.principal is not None or flow.trace.span is not None:
        return False
    headers, body = caller.headers, caller.whole
    if body is None or len(body) > services.settings.limits.body_bytes or not headers.keys().isdisjoint(RARE):
        return False
    if headers.get(b"content-type") != _JSON or endpoint.media_type != JSON:
        return False
    entry = services.directory.find(presented_key(headers))
    if entry is None:
        return False
    who = entry.principal
    digest = services.digest(who.tenant, body)
    known = services.known_requests.named(who.tenant, digest, endpoint)
    if known is None or (known.findings and known.classification is None):
        return False
    try:
        services.limits.enter(entry.limits, time.time())
    except TooManyRequests:
        services.refusals.count(who.key_id, TooManyRequests.code)
        raise
    flow.limits = entry.limits
    flow.several_tenants = services.settings.several_tenants
    flow.principal = flow.who = who
    caller.read()
    flow.body, flow.digests["received"] = body, digest
    services.request_headers.check(endpoint.family, headers)
    request = flow.request = known.request
    flow.known = known
    flow.findings, flow.uninspected, flow.said = known.findings, known.uninspected, known.said
    flow.unread, flow.files, flow.replaceable = known.unread, known.files, known.replaceable
    services.call_metrics.verdicts_known[0] += len(request.segments)
    parents = services.lineage.parents(flow)
    if parents:
        flow.parents, flow.parents_by = tuple(parents), tuple(parents.values())
    flow.classification = (
        known.classification if known.findings else services.decided_calls.classification(flow.unread, flow.uninspected)
    )
    return True
