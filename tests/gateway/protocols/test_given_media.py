"""Files that a request brings along, in each way in which the protocols carry them."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from gateway.protocols.given_media import MOST, given_in
from gateway.protocols.registry import DECODERS

PIXELS = b"\x89PNG\r\n\x1a\n" + bytes(range(200))
CODE = base64.b64encode(PIXELS).decode()
URL = f"data:image/png;base64,{CODE}"


def chat(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": [{"type": "text", "text": "look"}, *blocks]}]}


@pytest.mark.parametrize(
    ("protocol", "tree", "declared"),
    [
        ("openai_chat", chat({"type": "image_url", "image_url": {"url": URL}}), "image/png"),
        ("openai_chat", chat({"type": "input_audio", "input_audio": {"data": CODE, "format": "wav"}}), "wav"),
        ("openai_chat", chat({"type": "file", "file": {"file_data": URL, "filename": "a.png"}}), "image/png"),
        (
            "openai_responses",
            {"model": "m", "input": [{"role": "user", "content": [{"type": "input_image", "image_url": URL}]}]},
            "image/png",
        ),
        (
            "anthropic_messages",
            {"max_tokens": 9}
            | chat({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": CODE}}),
            "image/png",
        ),
        (
            "gemini_generate",
            {"contents": [{"role": "user", "parts": [{"inlineData": {"mimeType": "image/png", "data": CODE}}]}]},
            "image/png",
        ),
    ],
)
def test_a_file_is_found_with_its_declared_type(protocol: str, tree: dict[str, Any], declared: str) -> None:
    assert given_in(DECODERS[protocol](json.dumps(tree).encode())) == [(declared, PIXELS)]


def test_links_words_and_texts_are_no_files() -> None:
    link = {"type": "image_url", "image_url": {"url": "https://x.example/a.png"}}
    assert given_in(DECODERS["openai_chat"](json.dumps(chat(link)).encode())) == []
    assert given_in(DECODERS["openai_chat"](json.dumps(chat()).encode())) == []


def test_only_so_many_are_looked_at() -> None:
    blocks = [{"type": "image_url", "image_url": {"url": URL}}] * (MOST + 4)
    assert len(given_in(DECODERS["openai_chat"](json.dumps(chat(*blocks)).encode()))) == MOST
