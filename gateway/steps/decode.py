"""Step 2: what is asked. The body as segments and parts; our own labels in resent history are stripped.

A body that came before, byte for byte, is known with what was found in it.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from gateway.errors import Unavailable, UnsupportedMediaType
from gateway.flow import Flow
from gateway.heavy_work import LARGE
from gateway.protocols.given_media import provenance_of
from gateway.services import Services

MEDIA_TYPES = MappingProxyType({name: name.encode() for name in ("application/json", "multipart/form-data", "")})


async def decode(flow: Flow, services: Services) -> None:
    """Reads the body and decodes it by the endpoint's protocol.

    Raises TooLarge, BadRequest, UnsupportedMediaType; Unavailable where what the endpoint makes cannot be marked.
    """
    bounds = services.settings.limits
    headers = flow.caller.headers
    media_type, expected = headers.get(b"content-type", b""), MEDIA_TYPES[flow.endpoint.media_type]
    if media_type != expected and expected and media_type.partition(b";")[0].strip().lower() != expected:
        raise UnsupportedMediaType(f"the body of this endpoint is {flow.endpoint.media_type}")
    if b"content-encoding" in headers and headers[b"content-encoding"] not in {b"", b"identity"}:
        raise UnsupportedMediaType("compressed bodies are not accepted")
    flow.body = await flow.caller.read_body(bounds.body_bytes, bounds.body_seconds)
    size = len(flow.body)
    if size < LARGE:
        flow.digests["received"] = services.digest(flow.who.tenant, flow.body)
    else:
        flow.digests["received"] = await services.heavy.run(size, services.digest, flow.who.tenant, flow.body)
    services.request_headers.check(flow.endpoint.family, headers)
    known = services.known_requests.get(flow)
    if known is not None:
        flow.known, flow.request = known, known.request
        return
    decoder = services.decoders[flow.endpoint.protocol]
    request = await services.heavy.run(size, decoder, flow.body, labels=services.own_labels)
    if flow.endpoint.model:
        request = request.addressed(flow.endpoint.model, stream=flow.endpoint.stream, framing=flow.endpoint.framing)
    if flow.endpoint.job:
        request = replace(request, previous=flow.endpoint.job)  # its model is that of the job
    else:
        services.model_names.check(request.model)
    if request.makes and services.marking.missing:
        raise Unavailable(services.marking.missing)
    if request.uninspected:  # it brings files along: what they say of where they are from is a fact for policy
        request = replace(request, provenance=await services.heavy.run(size, provenance_of, request))
    flow.request = request
