"""The endpoints of the data plane that carry content, each with the protocol that reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

FAMILIES = ("openai", "anthropic")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One path of the data plane: its API family, and the name of its protocol in records."""

    path: str
    family: str
    protocol: str
    media_type: str = "application/json"  # of its request bodies


ENDPOINTS: Mapping[str, Endpoint] = MappingProxyType(
    {
        endpoint.path: endpoint
        for endpoint in (
            Endpoint("/v1/chat/completions", "openai", "openai_chat"),
            Endpoint("/v1/responses", "openai", "openai_responses"),
            Endpoint("/v1/responses/compact", "openai", "openai_responses_compact"),
            Endpoint("/v1/responses/input_tokens", "openai", "openai_input_tokens"),
            Endpoint("/v1/completions", "openai", "openai_completions"),
            Endpoint("/v1/embeddings", "openai", "openai_embeddings"),
            Endpoint("/v1/moderations", "openai", "openai_moderations"),
            Endpoint("/v1/audio/transcriptions", "openai", "openai_transcriptions", "multipart/form-data"),
            Endpoint("/v1/audio/translations", "openai", "openai_translations", "multipart/form-data"),
            Endpoint("/v1/messages", "anthropic", "anthropic_messages"),
            Endpoint("/v1/messages/count_tokens", "anthropic", "anthropic_count_tokens"),
        )
    }
)


def family_of(path: str, headers: Mapping[bytes, bytes]) -> str:
    """The family in whose form an error on this path is said: Anthropic's own paths and header, else OpenAI's."""
    if path.startswith("/v1/messages") or b"anthropic-version" in headers:
        return "anthropic"
    return "openai"
