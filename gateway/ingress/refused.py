"""Endpoints of the providers that are refused on purpose: why, and what to do instead.

What they have in common: content would come to rest at the provider, or answers would be fetched later, where nobody
inspects, decides, guards and records them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

UNKNOWN = "Lexgate does not know this endpoint"
_BATCH = "a batch is a file whose answers are fetched later, past the guard: send its calls one by one"
_FILES = "files would rest at the provider unread: send their content inline, as text where possible"

REFUSED: Mapping[str, str] = MappingProxyType(
    {
        "/v1/files": _FILES,
        "/v1/uploads": "uploads would rest at the provider unread: send their content inline, as text where possible",
        "/v1/vector_stores": "vector stores would rest at the provider unread: keep them yourself, with /v1/embeddings",
        "/v1/containers": "containers and their files would rest at the provider unread: run code on your own side",
        "/v1/skills": "skills would rest at the provider unread: send instructions with each call",
        "/v1/batches": _BATCH,
        "/v1/assistants": "assistants keep their state at the provider: use /v1/responses and send the conversation",
        "/v1/threads": "threads keep their state at the provider: use /v1/responses and send the conversation",
        "/v1/conversations": "conversations keep their state at the provider: send them as input of /v1/responses, "
        "or continue a response with previous_response_id",
        "/v1/responses": "kept responses are fetched past the guard: take the answer from the call itself",
        "/v1/chat/completions": "kept completions are fetched past the guard: take the answer from the call itself",
        "/v1/fine_tuning": "training data would become part of a model at the provider and cannot be taken back",
        "/v1/evals": "evaluations keep their data at the provider: run them on your own side, call by call",
        "/v1/realtime": "realtime sessions are audio over WebSockets, which cannot be inspected: use /v1/responses",
        "/v1/videos": "only jobs of your own can be asked for: POST /v1/videos, then GET or DELETE /v1/videos/ID",
        "/v1/audio/voices": "voices are recordings that would rest at the provider unread: use one that it offers",
        "/v1/organization": "the provider's account belongs to the operator of this gateway",
        "/v1/messages/batches": _BATCH,
        "/v1beta/batches": _BATCH,
        "/v1beta/files": _FILES,
        "/v1beta/cachedContents": "cached contents would rest at the provider: send them with each call, or keep the "
        "beginning of your calls the same, which the provider caches by itself",
        "/v1beta/fileSearchStores": "stores would rest at the provider unread: keep them yourself, with embeddings",
        "/v1beta/tunedModels": "training data would become part of a model at the provider and cannot be taken back",
        "/upload/v1beta/files": _FILES,
    }
)
"""By the beginning of the path."""
_BATCHING = (":batchGenerateContent", ":asyncBatchEmbedContent")


def reason_of(path: str) -> str:
    """Why a path is refused, in a sentence for the caller."""
    if path.endswith(_BATCHING):
        return _BATCH
    parts = path.split("/")
    for length in range(len(parts), 2, -1):
        reason = REFUSED.get("/".join(parts[:length]))
        if reason is not None:
            return reason
    return UNKNOWN
