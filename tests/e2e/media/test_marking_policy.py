"""What becomes of outputs that cannot carry their marks, of time-stamps that are due, and of labels that one may do without."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.e2e.product import Product, free_port, running

pytestmark = pytest.mark.e2e

PROMPT = "a red fox in the snow"
APPLICATIONS = [
    {"name": "crm", "tenant": "acme", "audience": "internal", "purpose": "support"},
    {"name": "site", "tenant": "acme", "audience": "public", "purpose": "answers", "label_off": True},
    {"name": "other", "tenant": "globex", "audience": "public", "purpose": "support"},
    {"name": "peking", "tenant": "acme", "audience": "public", "purpose": "support"},
]
NO_LABEL = {"Lexgate-Label": "none"}


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The time-stamp authority is down, there is little room for links, and what cannot be marked is marked beside."""
    marking = {"timestamp_url": f"http://127.0.0.1:{free_port()}/", "store_bytes": 1_048_576, "unsupported": "sidecar"}
    labels = {"profile": "cn", "producer_code": "91110000TEST"}
    lawful = {"bundle": "builtin:lawful"}
    folder = tmp_path_factory.mktemp("policy")
    with running(folder, marking=marking, labels=labels, applications=APPLICATIONS, policies=lawful) as started:
        yield started


def asked(product: Product, model: str = "home/echo", caller: str = "site", **more: Any) -> httpx.Response:
    headers = product.headers(caller) | more.pop("headers", {})
    body = {"model": model, "prompt": PROMPT, **more}
    return httpx.post(f"{product.url}/v1/images/generations", headers=headers, json=body, timeout=90)


def test_an_output_of_an_unknown_type_is_marked_beside(product: Product) -> None:
    answer = asked(product, "home/odd")
    assert answer.status_code == 200, answer.text
    beside = httpx.get(answer.headers["link"].partition("<")[2].partition(">")[0])
    assert beside.headers["content-type"] == "application/c2pa"
    assert b"lexgate" in beside.content
    (output,) = product.record(answer.headers["lexgate-flow"])["pub"]["outputs"]
    assert "sidecar" in output["carries"]


def test_a_picture_for_china_carries_the_producers_code(product: Product) -> None:
    data = base64.b64decode(asked(product).json()["data"][0]["b64_json"])
    assert b"TC260" in data
    assert b"91110000TEST" in data


def test_an_authority_that_is_down_delays_no_picture_and_its_time_stamp_is_due(product: Product) -> None:
    flow = asked(product).headers["lexgate-flow"]
    record = product.record(flow)
    assert [output["timestamped"] for output in record["pub"]["outputs"]] == [False]
    due = product.folder / "stamps" / f"{flow}-0.due"
    assert due.read_text() == record["digest"]["outputs"][0]["exact"]


def test_a_full_store_keeps_a_linked_picture_from_going_out(product: Product) -> None:
    refused = asked(product, "home/big", response_format="url")
    assert refused.status_code == 503
    assert "wait to be fetched" in refused.text
    product.record(refused.headers["lexgate-flow"], "failed")
    assert asked(product, response_format="url").json()["data"][0]["url"].startswith(product.url)


def test_a_label_stays_where_the_application_may_not_or_a_rule_asks_for_it(product: Product) -> None:
    before = len(product.requests())
    assert "label_off" in asked(product, caller="peking", headers=NO_LABEL).text
    refused = asked(product, headers=NO_LABEL)
    assert refused.status_code == 400
    assert "cannot be left out" in refused.text
    assert product.record(refused.headers["lexgate-flow"], "failed")["intents"] == []
    chat = httpx.post(
        f"{product.url}/v1/chat/completions", headers=product.headers("site") | NO_LABEL,
        json={"model": "home/echo", "messages": [{"role": "user", "content": "hello"}]}, timeout=60,
    )  # fmt: skip
    assert (chat.status_code, "cannot be left out" in chat.text) == (400, True)
    assert len(product.requests()) == before  # nothing was made that nobody may have
