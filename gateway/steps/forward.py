"""Step 8: the call goes upstream; its answer arrives. Another attempt is a new decision and a new record."""

from __future__ import annotations

import time

from gateway.errors import UpstreamFailed
from gateway.flow import Flow
from gateway.services import Services

CREDENTIAL_REFUSED = frozenset({401, 403})
"""The provider refused *our* credential: nothing the caller could mend, and nothing they should see."""


async def forward(flow: Flow, services: Services) -> None:
    """Sends the redacted body. Raises Unreachable (nothing was sent), UpstreamFailed, UpstreamTimeout."""
    provider, request = flow.provider, flow.request
    if provider is None or request is None or not flow.intents:
        raise RuntimeError("this step runs after commit")
    flow.providers_tried.add(provider.name)
    headers = services.request_headers.of(provider, flow.endpoint.family, flow.caller.headers, flow.trace.traceparent)
    headers["content-type"] = request.media_type
    flow.timing.forwarded = time.perf_counter()
    flow.upstream = await services.upstream.post(provider, flow.endpoint.path, headers, flow.forwarded)
    if flow.upstream.status in CREDENTIAL_REFUSED:
        raise UpstreamFailed(f"provider {provider.name} refused the gateway's credential")
