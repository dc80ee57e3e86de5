"""Step 2: what is asked. The body as segments and parts; our own labels in resent history are stripped."""

from __future__ import annotations

from gateway.errors import UnsupportedMediaType
from gateway.flow import Flow
from gateway.services import Services


async def decode(flow: Flow, services: Services) -> None:
    """Reads the body and decodes it by the endpoint's protocol. Raises TooLarge, BadRequest, UnsupportedMediaType."""
    bounds = services.settings.limits
    media_type = flow.caller.header(b"content-type").partition(";")[0].strip().lower()
    if media_type != flow.endpoint.media_type:
        raise UnsupportedMediaType(f"the body of this endpoint is {flow.endpoint.media_type}")
    if flow.caller.header(b"content-encoding") not in {"", "identity"}:
        raise UnsupportedMediaType("compressed bodies are not accepted")
    flow.body = await flow.caller.read_body(bounds.body_bytes, bounds.body_seconds)
    size = len(flow.body)
    flow.digests["received"] = await services.heavy.run(size, services.digest, flow.who.tenant, flow.body)
    services.request_headers.check(flow.endpoint.family, flow.caller.headers)
    decoder = services.decoders[flow.endpoint.protocol]
    request = await services.heavy.run(size, decoder, flow.body, labels=services.own_labels)
    services.model_names.check(request.model)
    flow.request = request
