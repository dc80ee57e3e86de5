"""Step 8: the call goes upstream; its answer arrives. Another attempt is a new decision and a new record."""

from __future__ import annotations

import time

from gateway.errors import UpstreamFailed, UpstreamTimeout
from gateway.flow import Flow
from gateway.services import Services

JSON = "application/json"
"""What the header fields of a call say already."""


async def forward(flow: Flow, services: Services) -> None:
    """Sends the redacted body. Raises Unreachable (nothing was sent), UpstreamFailed, UpstreamTimeout."""
    if flow.kept is not None:
        flow.upstream = flow.kept
        return
    provider, request = flow.provider, flow.request
    if provider is None or request is None or not flow.intents:
        raise RuntimeError("this step runs after commit")
    key = flow.provider_key = services.key_pools.of(provider).take(request.model, services.health.clock())
    headers = services.request_headers.of(key.value, flow.endpoint.family, flow.caller.headers, flow.trace.traceparent)
    if not request.media_type:
        del headers["content-type"]
    elif request.media_type != JSON:
        headers["content-type"] = request.media_type
    passage = services.health.enter(provider)
    flow.timing.forwarded = time.perf_counter()
    path = provider.path(flow.endpoint.path)
    try:
        flow.upstream = await services.upstream.post(provider, path, headers, flow.forwarded, flow.endpoint.method)
    except (UpstreamFailed, UpstreamTimeout) as error:
        passage.failed(error)
        raise
    except BaseException:
        passage.abandoned()
        raise
    passage.answered(flow.upstream.status)
