"""The demo provider of pictures and speech, as a program: it draws, speaks, and says what it cannot do."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
import wave
from collections.abc import Iterator
from importlib.util import find_spec

import httpx
import pytest
from PIL import Image

from gateway.demo.media import draw


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    process = subprocess.Popen([sys.executable, "-m", "gateway.demo.media", "--port", "0"], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"]
    finally:
        process.terminate()
        assert process.wait(10) == 0
        process.stdout.close()


def drawn(url: str, **options: object) -> httpx.Response:
    return httpx.post(
        f"{url}/v1/images/generations", json={"model": "lexgate-procedural", "prompt": "a lake", **options}
    )


def test_a_prompt_is_drawn_the_same_each_time_and_another_one_otherwise(url: str) -> None:
    first, again, other = (drawn(url, prompt=prompt).json()["data"][0]["b64_json"] for prompt in ("a", "a", "b"))
    assert first == again != other


@pytest.mark.parametrize(("form", "size"), [("png", "256x256"), ("jpeg", "512x512"), ("webp", "1024x1024")])
def test_formats_and_sizes(url: str, form: str, size: str) -> None:
    (row,) = drawn(url, output_format=form, size=size).json()["data"]
    picture = Image.open(io.BytesIO(base64.b64decode(row["b64_json"])))
    assert (picture.format or "").lower() == form
    assert f"{picture.width}x{picture.height}" == size


def test_a_prompt_in_any_script_is_drawn() -> None:
    for prompt in ("湖边的黎明", "😀", "a" * 4000, "\u202ereversed"):
        Image.open(io.BytesIO(draw(prompt, "256x256"))).load()


@pytest.mark.parametrize(
    "options", [{"prompt": 7}, {"prompt": ""}, {"size": "9x9"}, {"n": 9}, {"n": "1"}, {"stream": True}, {"response_format": "url"}]
)  # fmt: skip
def test_what_it_cannot_do_it_says(url: str, options: dict[str, object]) -> None:
    answer = drawn(url, **options)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]


def test_other_paths_and_bodies_are_refused(url: str) -> None:
    assert httpx.post(f"{url}/v1/chat/completions", json={}).status_code == 400
    assert httpx.post(f"{url}/v1/images/generations", content=b"no json").status_code == 400
    assert httpx.post(f"{url}/v1/images/generations", content=b" " * 2_000_000).status_code == 400
    assert "lexgate-procedural" in httpx.get(f"{url}/v1/models").text


@pytest.mark.skipif(find_spec("espeakng_loader") is None, reason="the package espeakng-loader is not installed")
def test_a_text_is_read_aloud(url: str) -> None:
    body = {"model": "lexgate-espeak", "voice": "en", "input": "Hello there", "response_format": "wav"}
    answer = httpx.post(f"{url}/v1/audio/speech", json=body, timeout=60)
    with wave.open(io.BytesIO(answer.content)) as recording:
        assert recording.getnframes() > recording.getframerate() // 4
    assert httpx.post(f"{url}/v1/audio/speech", json=body | {"response_format": "opus"}).status_code == 400
