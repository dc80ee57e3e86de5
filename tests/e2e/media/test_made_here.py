"""The demo provider behind the gateway, through the official SDK for Node; and labels that a caller may do without."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
import wave
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from policies.bundle import load
from tests.e2e.node import client as node
from tests.e2e.product import Product, running
from watermark.aigc import read_aigc
from watermark.manifest import read_manifest

pytestmark = pytest.mark.e2e

PROMPT = "a lake at dawn"
APPLICATIONS = [
    {"name": "crm", "tenant": "acme", "audience": "internal", "purpose": "support"},
    {"name": "site", "tenant": "acme", "audience": "public", "purpose": "answers"},
    {"name": "other", "tenant": "globex", "audience": "public", "purpose": "support"},
    {"name": "peking", "tenant": "acme", "audience": "public", "purpose": "support", "label_off": True},
]
LABELS = {"explicit", "invisible", "aigc", "c2pa"}


@pytest.fixture(scope="module")
def demo() -> Iterator[str]:
    command = [sys.executable, "-m", "gateway.demo.media", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"]
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


def bundle_without_disclosure(folder: Path) -> Path:
    """The built-in lawful bundle but for the rule that asks for labels: what an operator does who lets callers do without."""
    for name, content in load("builtin:lawful").files.items():
        if "ai_disclosure" not in name:
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    return folder


@pytest.fixture(scope="module")
def product(demo: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    folder = tmp_path_factory.mktemp("made-here")
    bundle = bundle_without_disclosure(folder / "bundle")
    providers = [
        {"name": "demo-media", "base_url": demo, "protocols": ["openai"], "jurisdiction": "CN",
         "models": ["lexgate-procedural", "lexgate-espeak"]},
    ]  # fmt: skip
    overrides: dict[str, Any] = {
        "providers": providers, "applications": APPLICATIONS, "policies": {"bundle": str(bundle)},
        "labels": {"producer_code": "91110000TEST"},
    }  # fmt: skip
    with running(folder, **overrides) as started:
        yield started


def told(product: Product, scenario: str, model: str, caller: str = "site") -> tuple[bytes, dict[str, Any]]:
    """(the file that the SDK got, its record)"""
    key = product.callers[caller].key
    answer = node.tell("openai", scenario, url=product.url, key=key, model=model, prompt=PROMPT)
    assert "error" not in answer, answer
    return base64.b64decode(answer["media"]), product.record(answer["flow"])


@pytest.mark.skipif(bool(node.MISSING), reason=node.MISSING)
def test_a_picture_through_the_node_sdk(product: Product) -> None:
    data, record = told(product, "picture", "lexgate-procedural")
    assert Image.open(io.BytesIO(data)).size == (512, 512)
    assert read_manifest(data, "image/png").integrity == "valid"
    (output,) = record["pub"]["outputs"]
    assert set(output["carries"]) == LABELS - {"aigc"}
    assert output["bytes"] == len(data)


@pytest.mark.skipif(bool(node.MISSING), reason=node.MISSING)
@pytest.mark.skipif(find_spec("espeakng_loader") is None, reason="the package espeakng-loader is not installed")
def test_speech_through_the_node_sdk(product: Product) -> None:
    data, record = told(product, "speech", "lexgate-espeak")
    own, _ = told(product, "speech", "lexgate-espeak", "crm")
    with wave.open(io.BytesIO(data)) as marked, wave.open(io.BytesIO(own)) as plain:
        rate = plain.getframerate()
        assert plain.getnframes() > rate // 4
        assert marked.getnframes() / marked.getframerate() > plain.getnframes() / rate + 0.9  # the rhythm before it
    assert read_manifest(data, "audio/wav").integrity == "valid"
    assert {"explicit", "c2pa"} <= set(record["pub"]["labels"])


def drawn(product: Product, **headers: str) -> tuple[bytes, dict[str, Any]]:
    answer = httpx.post(
        f"{product.url}/v1/images/generations", headers=product.headers("peking", **headers), timeout=90,
        json={"model": "lexgate-procedural", "prompt": PROMPT},
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    return base64.b64decode(answer.json()["data"][0]["b64_json"]), product.record(answer.headers["lexgate-flow"])


def corner(data: bytes) -> list[int]:
    """How bright the lower right is: where a plate would stand."""
    picture = Image.open(io.BytesIO(data)).convert("L")
    return list(picture.crop((picture.width // 2, picture.height - 40, picture.width, picture.height)).tobytes())


def test_a_label_that_is_left_out_on_request_is_recorded_with_how_long_to_keep_that(product: Product) -> None:
    labelled, record = drawn(product)
    assert set(record["pub"]["labels"]) == LABELS
    assert "label_waived" not in record["pub"]
    bare, record = drawn(product, **{"Lexgate-Label": "none"})
    assert set(record["pub"]["labels"]) == LABELS - {"explicit"}
    assert record["pub"]["label_waived"] == {"profile": "cn", "keep_months": 6}
    assert [label.content_producer for label in read_aigc(bare, "image/png")] == ["91110000TEST"]
    assert read_manifest(bare, "image/png").integrity == "valid"
    white = 230
    assert max(corner(labelled)) >= white > max(corner(bare))
    shown = product.lexgate("audit", "show", record["flow"]).stdout
    assert "this record is to be kept 6 months" in shown
