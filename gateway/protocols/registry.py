"""The protocols by name, as records and endpoints name them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from gateway.protocols import (
    anthropic_count_tokens,
    anthropic_messages,
    gemini,
    openai_audio,
    openai_chat,
    openai_images,
    openai_responses,
    openai_speech,
    openai_texts,
    openai_videos,
)
from gateway.protocols.request import DecodedRequest

DECODERS: Mapping[str, Callable[..., DecodedRequest]] = MappingProxyType(
    {
        openai_chat.PROTOCOL: openai_chat.decode,
        openai_responses.PROTOCOL: openai_responses.decode,
        openai_responses.COMPACT: openai_responses.decode_compact,
        openai_responses.COUNT: openai_responses.decode_count,
        openai_texts.COMPLETIONS: openai_texts.decode_completion,
        openai_texts.EMBEDDINGS: openai_texts.decode_embedding,
        openai_texts.MODERATIONS: openai_texts.decode_moderation,
        openai_audio.TRANSCRIPTIONS: openai_audio.decode_transcription,
        openai_audio.TRANSLATIONS: openai_audio.decode_translation,
        openai_images.GENERATIONS: openai_images.decode_generation,
        openai_images.EDITS: openai_images.decode_edit,
        openai_images.VARIATIONS: openai_images.decode_variation,
        openai_speech.PROTOCOL: openai_speech.decode,
        openai_videos.JOBS: openai_videos.decode_job,
        openai_videos.STATUS: openai_videos.decode_status,
        openai_videos.CONTENT: openai_videos.decode_content,
        openai_videos.PICTURE: openai_videos.decode_picture,
        openai_videos.DELETION: openai_videos.decode_deletion,
        anthropic_messages.PROTOCOL: anthropic_messages.decode,
        anthropic_count_tokens.PROTOCOL: anthropic_count_tokens.decode,
        gemini.GENERATE: gemini.decode,
        gemini.COUNT_TOKENS: gemini.decode_count_tokens,
        gemini.EMBED: gemini.decode_embed,
    }
)


_ASK_FOR_USAGE = frozenset({openai_chat.PROTOCOL, openai_texts.COMPLETIONS})


def upstream_body(request: DecodedRequest, body: bytes) -> bytes:
    """`body` (the request's own, or redacted) with what its protocol inserts; the identical object if nothing is."""
    return openai_chat.upstream_body(request, body) if request.protocol in _ASK_FOR_USAGE else body
