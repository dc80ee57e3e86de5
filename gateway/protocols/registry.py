"""The protocols by name, as records and endpoints name them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from gateway.protocols import anthropic_count_tokens, anthropic_messages, openai_chat, openai_responses
from gateway.protocols.request import DecodedRequest

DECODERS: Mapping[str, Callable[..., DecodedRequest]] = MappingProxyType(
    {
        openai_chat.PROTOCOL: openai_chat.decode,
        openai_responses.PROTOCOL: openai_responses.decode,
        anthropic_messages.PROTOCOL: anthropic_messages.decode,
        anthropic_count_tokens.PROTOCOL: anthropic_count_tokens.decode,
    }
)


def upstream_body(request: DecodedRequest, body: bytes) -> bytes:
    """`body` (the request's own, or redacted) with what its protocol inserts; the identical object if nothing is."""
    return openai_chat.upstream_body(request, body) if request.protocol == openai_chat.PROTOCOL else body
