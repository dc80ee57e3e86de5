"""Where media stand in answers: each place that is listed is found, and nothing that a tool is called with."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.protocols.made_media import SMALLEST, decoded, made_in, may_hold

PIXELS = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b" and more" * 60).decode()
URL = f"data:image/png;base64,{PIXELS}"

PLACES: dict[str, tuple[Any, list[tuple[Any, str]]]] = {
    "images": ({"data": [{"b64_json": PIXELS}, {"url": "https://x.example/a.png"}]}, [(("data", 0, "b64_json"), "base64"), (("data", 1, "url"), "url")]),
    "image stream": ({"type": "image_generation.partial_image", "b64_json": PIXELS}, [(("b64_json",), "base64")]),
    "responses item": ({"output": [{"type": "image_generation_call", "result": PIXELS}]}, [(("output", 0, "result"), "base64")]),
    "responses draft": ({"type": "response.image_generation_call.partial_image", "partial_image_b64": PIXELS}, [(("partial_image_b64",), "base64")]),
    "chat images": ({"choices": [{"message": {"images": [{"type": "image_url", "image_url": {"url": URL}}]}}]}, [(("choices", 0, "message", "images", 0, "image_url", "url"), "base64")]),
    "chat link": ({"choices": [{"message": {"content": [{"type": "image_url", "image_url": {"url": "https://x.example/a.png"}}]}}]}, [(("choices", 0, "message", "content", 0, "image_url", "url"), "url")]),
    "chat audio": ({"choices": [{"message": {"audio": {"id": "a", "data": PIXELS}}}]}, [(("choices", 0, "message", "audio", "data"), "base64")]),
    "chat audio in pieces": ({"choices": [{"delta": {"audio": {"data": PIXELS}}}]}, [(("choices", 0, "delta", "audio", "data"), "fragment")]),
    "responses audio in pieces": ({"type": "response.audio.delta", "delta": PIXELS}, [(("delta",), "fragment")]),
    "gemini": ({"candidates": [{"content": {"parts": [{"inlineData": {"mimeType": "image/png", "data": PIXELS}}]}}]}, [(("candidates", 0, "content", "parts", 0, "inlineData", "data"), "base64")]),
    "gemini link": ({"parts": [{"file_data": {"mime_type": "video/mp4", "file_uri": "https://x.example/v"}}]}, [(("parts", 0, "file_data", "file_uri"), "url")]),
    "an upper-case data URL": ({"choices": [{"message": {"content": f"DATA:IMAGE/PNG;BASE64,{PIXELS}"}}]}, [(("choices", 0, "message", "content"), "base64")]),
    "a data URL with blanks and lines": ({"text": f"see data: image/png; base64, {PIXELS[:76]}\n{PIXELS[76:]} and words"}, [(("text",), "base64")]),
    "a data URL without a type": ({"data": [{"b64_json": f"data:;base64,{PIXELS}"}]}, [(("data", 0, "b64_json"), "base64")]),
    "a data URL of another type": ({"url": f" data:application/octet-stream;base64,{PIXELS}"}, [(("url",), "base64")]),
    "a list of pictures": ({"data": [{"b64_json": [PIXELS]}], "images": [PIXELS]}, [(("data", 0, "b64_json", 0), "base64"), (("images", 0), "base64")]),
    "a block of another protocol": ({"content": [{"type": "image", "source": {"type": "base64", "data": PIXELS}}]}, [(("content", 0, "source", "data"), "base64")]),
    "a place made up, URL-safe, in lines": ({"picture": "_9j_" + "4AAQSkZJRgABAQAAAQABAAD_\n" * 30}, [(("picture",), "base64")]),
    "a film's link as a word": ({"content": [{"type": "video_url", "video_url": "https://x.example/a"}]}, [(("content", 0, "video_url"), "url")]),
    "a sound's link as a word": ({"content": [{"type": "audio_url", "audio_url": "https://x.example/a"}]}, [(("content", 0, "audio_url"), "url")]),
    "a job's link": ({"object": "video", "status": "completed", "url": "https://x.example/v.mp4", "assets": [{"video_url": "HTTPS://x.example/w.mp4"}], "output": {"downloadUri": "http://x.example/u"}}, [(("url",), "url"), (("assets", 0, "video_url"), "url"), (("output", "downloadUri"), "url")]),
    "a job's only link": ({"object": "video", "downloadUri": "https://x.example/v"}, [(("downloadUri",), "url")]),
    "at the beginning of a text": ({"choices": [{"message": {"content": f"{PIXELS}\n\nThere; it is."}}]}, [(("choices", 0, "message", "content"), "base64")]),
    "in a text": ({"choices": [{"message": {"content": f"see ![a]({URL}) and ![b]({URL})"}}]}, [(("choices", 0, "message", "content"), "base64")] * 2),
}  # fmt: skip


@pytest.mark.parametrize("name", PLACES)
def test_a_medium_is_found_where_it_stands(name: str) -> None:
    tree, expected = PLACES[name]
    found = list(made_in(tree))
    assert [(made.path, made.form) for made in found] == expected
    assert may_hold(json.dumps(tree).encode())
    data = [decoded(made) for made in found if made.form == "base64"]
    assert all(each is not None and (each == base64.b64decode(PIXELS) or each[:3] == b"\xff\xd8\xff") for each in data)


@pytest.mark.parametrize(
    "tree",
    [
        {"choices": [{"message": {"tool_calls": [{"function": {"name": "f", "arguments": json.dumps({"u": URL})}}]}}]},
        {"content": [{"type": "tool_use", "name": "f", "input": {"b64_json": PIXELS, "picture": URL}}]},
        {"parts": [{"functionCall": {"name": "f", "args": {"inlineData": {"data": PIXELS}}}}]},
        {"choices": [{"message": {"content": "data is the new oil; base64 is an encoding, https://x.example/a.png"}}]},
        {"choices": [{"message": {"content": f"In Base64 it is {PIXELS}"}}]},
        {"choices": [{"message": {"content": f"{PIXELS[: SMALLEST - 1]} is a part of it"}}]},
        {
            "object": "video",
            "prompt": "see https://x.example/a.png",
            "url": None,
            "remixed_from_url": 7,
            "id": "https://x",
        },
        {"object": "chat.completion", "url": "https://x.example/a.png", "video_url": "https://x.example/b"},
        {"tools": [{"b64_json": PIXELS}], "instructions": URL},
        {"type": [], "url": "https://x.example/a.png", "output_format": {}},
        {"choices": [{"message": {"content": "write `url(data:image/png;base64,...)` in the style sheet"}}]},
        {"choices": [{"message": {"content": f'a dot: <img src="data:image/gif;base64,{PIXELS[: SMALLEST - 1]}">'}}]},
        {
            "choices": [{"message": {"content": "data:text/plain;base64," + "aGVsbG8g" * 90}}],
            "x": "iVBORw0KGgo is how it begins " * 40,
        },
    ],
)
def test_what_a_tool_is_called_with_and_mere_words_are_none(tree: Any) -> None:
    assert list(made_in(tree)) == []


def test_keys_in_escapes_are_looked_at_too() -> None:
    data = b'{"data":[{"\\u0062\\u00364_json":"' + PIXELS.encode() + b'"}]}'
    assert may_hold(data)
    assert [made.path for made in made_in(json.loads(data))] == [("data", 0, "b64_json")]


@pytest.mark.parametrize("text", ["this is ! none", "data:image/svg+xml;utf8,<svg/>", "data:image/png,%89PNG"])
def test_what_is_no_base64_is_told_apart(text: str) -> None:
    (made,) = made_in({"data": [{"b64_json": text}]})
    assert decoded(made) is None


_KEYS = st.sampled_from(
    ["b64_json", "url", "image_url", "data", "type", "inlineData", "audio", "delta", "result", "input", "parts", "x"]
)
_TREES = st.recursive(
    st.one_of(st.text(max_size=6), st.just(URL), st.just(PIXELS), st.just("image_generation_call"), st.integers(), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_KEYS, inner, max_size=4)),
    max_leaves=12,
)  # fmt: skip


@given(_TREES)
def test_whatever_an_answer_is_made_of_each_place_that_is_found_holds_what_it_says(tree: Any) -> None:
    for made in made_in(tree):
        value = tree
        for step in made.path:
            value = value[step]
        assert made.text == (value if made.end < 0 else value[made.start : made.end])
        assert "input" not in made.path
        decoded(made)
    if list(made_in(tree)):
        assert may_hold(json.dumps(tree).encode())
