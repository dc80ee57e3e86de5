"""Files that a request brings along, in each way in which the protocols carry them."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from gateway.protocols.given_media import MOST, given_in, provenance_of
from gateway.protocols.registry import DECODERS
from tests.watermark.sample_media import AIGC_TYPES, MANIFEST_TYPES, sample, samples
from watermark.aigc import ours, write_aigc
from watermark.manifest import sign_manifest
from watermark.marking import MarkingKeys, Origin
from watermark.signer import ContentSigner

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


# What they carry of where they are from


ZIPPED = {kind for kind in AIGC_TYPES if "officedocument" in kind}
"""What is compressed is not read here: docs/marking.md says so."""


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> MarkingKeys:
    folder = tmp_path_factory.mktemp("keys")
    ContentSigner.create(folder, "Example AG")
    return MarkingKeys(ContentSigner.open(folder), invisible=bytes(32))


def carried(data: bytes) -> tuple[str, ...]:
    """As a file in a chat."""
    url = "data:application/octet-stream;base64," + base64.b64encode(data).decode()
    block = {"type": "file", "file": {"file_data": url, "filename": "a"}}
    return provenance_of(DECODERS["openai_chat"](json.dumps(chat(block)).encode()))


@pytest.mark.parametrize("media_type", samples())
def test_a_file_without_marks_carries_none(media_type: str) -> None:
    assert carried(sample(media_type)) == ()


@pytest.mark.parametrize("media_type", [kind for kind in AIGC_TYPES if kind not in ZIPPED])
def test_a_label_of_the_chinese_standard_is_seen(media_type: str) -> None:
    assert carried(write_aigc(sample(media_type), media_type, ours("001191310", "flow-0"))) == ("aigc",)


@pytest.mark.parametrize("media_type", MANIFEST_TYPES)
def test_a_manifest_is_seen(media_type: str, keys: MarkingKeys) -> None:
    origin = Origin(
        flow="flow", index=0, leaf="ab" * 32, payload=1, model="m", provider="p", producer="", time_us=1_790_000_000_000_000
    )  # fmt: skip
    assert carried(sign_manifest(sample(media_type), media_type, origin, keys).data) == ("c2pa",)


def test_a_text_about_marks_is_no_mark() -> None:
    tree = chat({"type": "image_url", "image_url": {"url": URL}})
    tree["messages"][0]["content"][0]["text"] = "What is ContentProducer, and what c2pa:manifest?"
    assert provenance_of(DECODERS["openai_chat"](json.dumps(tree).encode())) == ()


@pytest.mark.parametrize(("protocol", "name"), [("openai_image_edits", "image"), ("openai_transcriptions", "file")])
def test_marks_of_files_in_forms_are_seen(protocol: str, name: str) -> None:
    data = write_aigc(sample("image/png"), "image/png", ours("001191310", "flow-0"))
    fields = [(name, 'filename="a.png"', data), ("model", "", b"m"), ("prompt", "", b"a fox")]
    form = b"".join(
        f'--x\r\nContent-Disposition: form-data; name="{field}"; {rest}'.encode().rstrip(b"; ")
        + b"\r\n\r\n"
        + body
        + b"\r\n"
        for field, rest, body in fields
    )
    assert provenance_of(DECODERS[protocol](form + b"--x--\r\n")) == ("aigc",)
