"""What the canned provider says on OpenAI's bare-text endpoints: legacy completions, embeddings, moderations."""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator
from typing import Any
from zlib import crc32

from tests.providers.answers import Answer, counts, tokens

Json = dict[str, Any]
CREATED = 1_790_000_000


def texts_of(request: Json) -> list[str]:
    """The texts of a prompt or an input, one or many."""
    value = request.get("prompt", request.get("input"))
    items = value if isinstance(value, list) else [value]
    return [str(item.get("text", "")) if isinstance(item, dict) else str(item) for item in items]


def as_chat(request: Json) -> Json:
    """The request as a chat, so that every behaviour of the provider answers it."""
    texts = "\n".join(texts_of(request))
    return {"model": request.get("model"), "messages": [{"role": "user", "content": texts}]}


def usage(said: Answer, request: Json) -> Json:
    """Bare texts have no overhead."""
    got = sum(tokens(text) for text in texts_of(request)) + said.behaviour.lie_input
    made = counts(said)[1]
    return {"prompt_tokens": got, "completion_tokens": made, "total_tokens": got + made}


def completion(said: Answer, request: Json) -> Json:
    """A whole completion: the prompt's texts again."""
    text = "".join(block.text for block in said.blocks)
    finish = "length" if said.finish == "length" else "stop"
    choice = {"index": 0, "text": text, "logprobs": None, "finish_reason": finish}
    return {**_base(said), "choices": [choice], "usage": usage(said, request)}


def completion_events(said: Answer, request: Json) -> Iterator[tuple[str, Json | str]]:
    """The same as a stream."""
    wants = (request.get("stream_options") or {}).get("include_usage") is True
    empty = {"usage": None} if wants else {}
    for piece in (piece for block in said.blocks for piece in block.chunks):
        yield "", {**_base(said), "choices": [_choice(piece, None)], **empty}
    yield "", {**_base(said), "choices": [_choice("", "stop")], **empty}
    if wants:
        yield "", {**_base(said), "choices": [], "usage": usage(said, request)}
    if "noend" not in said.behaviour.flags:
        yield "", "[DONE]"


def _choice(text: str, finish: str | None) -> Json:
    return {"index": 0, "text": text, "logprobs": None, "finish_reason": finish}


def _base(said: Answer) -> Json:
    return {"id": "cmpl-canned", "object": "text_completion", "created": CREATED, "model": said.model}


def embeddings(request: Json) -> Json:
    """Sixteen numbers a text, the same for the same text."""
    data = []
    for index, text in enumerate(texts_of(request)):
        numbers = [(crc32(f"{place}{text}".encode()) % 2001 - 1000) / 1000 for place in range(16)]
        coded = base64.b64encode(struct.pack("<16f", *numbers)).decode()
        vector = coded if request.get("encoding_format") == "base64" else numbers
        data.append({"object": "embedding", "index": index, "embedding": vector})
    got = sum(tokens(text) for text in texts_of(request))
    used = {"prompt_tokens": got, "total_tokens": got}
    return {"object": "list", "data": data, "model": request["model"], "usage": used}


def moderation(request: Json) -> Json:
    """Whatever says `harm` is flagged."""
    results = [
        {
            "flagged": "harm" in text,
            "categories": {"violence": "harm" in text},
            "category_scores": {"violence": 0.98765 if "harm" in text else 0.00001},
            "category_applied_input_types": {"violence": ["text"]},
        }
        for text in texts_of(request)
    ]
    return {"id": "modr-canned", "model": request.get("model", "omni-moderation-latest"), "results": results}
