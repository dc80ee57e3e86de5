"""Files in requests carry their bytes, name and claimed type; each protocol has a block of text for their place."""

from __future__ import annotations

import json

import pytest

from gateway.flow import PartKind, Payload
from gateway.protocols.file_block import replaced, text_block
from gateway.protocols.registry import DECODERS

PDF = "JVBERi0xLjcKJeLjz9MK" + "AAEC" * 40


def bodies() -> dict[str, tuple[str, dict]]:
    url = f"data:application/pdf;base64,{PDF}"
    chat = [{"type": "text", "text": "a"}, {"type": "file", "file": {"filename": "a.pdf", "file_data": url}}]
    document = {
        "type": "document",
        "title": "a.pdf",
        "source": {"type": "base64", "media_type": "application/pdf", "data": PDF},
    }
    return {
        "chat": ("openai_chat", {"model": "m", "messages": [{"role": "user", "content": chat}]}),
        "responses": (
            "openai_responses",
            {
                "model": "m",
                "input": [{"role": "user", "content": [{"type": "input_file", "filename": "a.pdf", "file_data": url}]}],
            },
        ),
        "anthropic": (
            "anthropic_messages",
            {"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": [document]}]},
        ),
        "anthropic in a tool's result": (
            "anthropic_messages",
            {
                "model": "m",
                "max_tokens": 5,
                "messages": [
                    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": [document]}]}
                ],
            },
        ),
        "gemini": (
            "gemini_generate",
            {"contents": [{"role": "user", "parts": [{"inlineData": {"mimeType": "application/pdf", "data": PDF}}]}]},
        ),
    }


@pytest.mark.parametrize("name", bodies())
def test_a_file_carries_its_bytes_and_gives_place_to_its_text(name: str) -> None:
    protocol, body = bodies()[name]
    request = DECODERS[protocol](json.dumps(body).encode())
    (part,) = [part for part in request.parts() if part.kind is PartKind.FILE]
    assert part.payload is not None
    assert part.payload.data.endswith(PDF)
    assert part.payload.name in {"a.pdf", ""}
    block = text_block(request.family, request.protocol, part.path)
    assert block is not None
    changed = replaced(request, {block: 'words "of" it\n'})
    assert changed is not None
    again = DECODERS[protocol](changed)
    assert [part for part in again.parts() if part.kind is PartKind.FILE] == []
    assert ('words "of" it\n', block.text_path) in {(part.text, part.path) for part in again.parts()}
    assert PDF not in changed.decode()


@pytest.mark.parametrize(
    ("family", "protocol", "path"),
    [
        ("openai", "openai_chat", ("messages", 0, "content", 1, "image_url", "url")),
        ("openai", "openai_chat", ("metadata", "file_data")),
        ("anthropic", "anthropic_messages", ("tools", 0, "data")),
        ("gemini", "gemini_generate", ("generationConfig", "data")),
    ],
)
def test_elsewhere_there_is_no_block_for_text(family: str, protocol: str, path: tuple[str | int, ...]) -> None:
    assert text_block(family, protocol, path) is None


def test_a_payload_shows_neither_bytes_nor_name() -> None:
    assert repr(Payload("secret", "application/pdf", "name of somebody.pdf")) == "Payload(media_type='application/pdf')"
