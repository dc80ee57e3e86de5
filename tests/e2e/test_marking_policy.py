"""What becomes of outputs that cannot carry their marks, and of labels that a caller may do without."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from tests.e2e.product import Product, running
from tests.e2e.test_sdks import openai_client
from tests.providers import pictures

pytestmark = pytest.mark.e2e

PROMPT = "a red fox in the snow"


def asked(product: Product, model: str, **headers: str) -> httpx.Response:
    body: dict[str, Any] = {"model": model, "prompt": PROMPT}
    return httpx.post(
        f"{product.url}/v1/images/generations", headers=product.headers("site") | headers, json=body, timeout=60
    )


def picture_of(answer: httpx.Response) -> bytes:
    return base64.b64decode(answer.json()["data"][0]["b64_json"])


def test_an_output_of_an_unknown_type_is_marked_beside_or_only_recorded(tmp_path: Path) -> None:
    with running(tmp_path, marking={"unsupported": "sidecar"}) as product:
        answer = asked(product, "home/odd")
        assert answer.status_code == 200, answer.text
        link = answer.headers["link"].partition("<")[2].partition(">")[0]
        beside = httpx.get(link)
        assert beside.headers["content-type"] == "application/c2pa"
        assert b"lexgate" in beside.content
        (output,) = product.record(answer.headers["lexgate-flow"])["pub"]["outputs"]
        assert "sidecar" in output["carries"]


def test_labels_are_left_out_on_request_where_application_and_profile_allow_it(tmp_path: Path) -> None:
    quiet = {"name": "site", "tenant": "acme", "audience": "public", "purpose": "answers", "label_off": True}
    with running(tmp_path, labels={"profile": "cn"}) as product:
        product.config["applications"] = [
            quiet if application["name"] == "site" else application for application in product.config["applications"]
        ]
        product.config["policies"] = {"bundle": "builtin:lawful"}
        assert asked(product, "home/echo", **{"Lexgate-Label": "none"}).status_code == 400  # not in force yet
        product.stop()
        product.write_config()
        product.start()
        answer = asked(product, "home/echo", **{"Lexgate-Label": "none"})
        if answer.status_code == 400:  # a decision asks for the label: then it stays
            assert "cannot be left out" in answer.text
            return
        record = product.record(answer.headers["lexgate-flow"])
        assert record["pub"]["label_waived"] == {"profile": "cn", "keep_months": 6}
        (output,) = record["pub"]["outputs"]
        assert "explicit" not in output["carries"]
        assert {"aigc", "c2pa"} <= set(output["carries"])


def test_the_mark_of_a_picture_for_china_is_read_by_others(tmp_path: Path) -> None:
    with running(tmp_path, labels={"profile": "cn", "producer_code": "91110000TEST"}) as product:
        data = picture_of(asked(product, "home/echo"))
        assert b"TC260" in data
        assert b"91110000TEST" in data
        with pytest.raises(openai.APIStatusError, match="cannot carry"):
            openai_client(product, "site").images.generate(model="home/odd", prompt=PROMPT)
        assert pictures.picture(PROMPT, "home/echo") != data
