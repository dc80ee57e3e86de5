"""Files in a call, through the whole product: read, inspected, decided; never silently passed on unread."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.e2e.product import Product
from tests.gateway.extraction.samples import archive, pdf, sheet, word

pytestmark = pytest.mark.e2e

PDF = "application/pdf"


def b64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def chat(content: bytes, media_type: str, name: str, model: str) -> tuple[str, dict[str, Any]]:
    file = {"filename": name, "file_data": f"data:{media_type};base64,{b64(content)}"}
    parts = [{"type": "text", "text": "Summarise this."}, {"type": "file", "file": file}]
    return "/v1/chat/completions", {"model": model, "messages": [{"role": "user", "content": parts}]}


def responses(content: bytes, media_type: str, name: str, model: str) -> tuple[str, dict[str, Any]]:
    file = {"type": "input_file", "filename": name, "file_data": f"data:{media_type};base64,{b64(content)}"}
    return "/v1/responses", {"model": model, "store": False, "input": [{"role": "user", "content": [file]}]}


def anthropic(content: bytes, media_type: str, name: str, model: str) -> tuple[str, dict[str, Any]]:
    block = {"type": "document", "title": name, "source": {"type": "base64", "media_type": media_type, "data": b64(content)}}  # fmt: skip
    return "/v1/messages", {"model": model, "max_tokens": 50, "messages": [{"role": "user", "content": [block]}]}


def gemini(content: bytes, media_type: str, name: str, model: str) -> tuple[str, dict[str, Any]]:
    parts = [{"inlineData": {"mimeType": media_type, "data": b64(content)}}]
    return f"/v1beta/models/{model}:generateContent", {"contents": [{"role": "user", "parts": parts}]}


FORMS = [chat, responses, anthropic, gemini]
Form = Callable[[bytes, str, str, str], tuple[str, dict[str, Any]]]


def send(product: Product, call: tuple[str, dict[str, Any]]) -> httpx.Response:
    path, body = call
    return httpx.post(product.url + path, headers=product.headers(), content=json.dumps(body), timeout=60)


@pytest.mark.parametrize("form", FORMS)
def test_a_file_that_names_nobody_goes_abroad_as_it_came(product: Product, form: Form) -> None:
    call = form(pdf("The ledger of a gateway is a list of leaves.", author=""), PDF, "ledger.pdf", "echo")
    answer = send(product, call)
    assert answer.status_code == 200, answer.text
    assert product.requests()[-1]["body"] == json.dumps(call[1]).encode()


@pytest.mark.parametrize("form", FORMS)
def test_a_value_that_goes_on_on_the_next_page_is_found_and_taken_out(product: Product, form: Form) -> None:
    content = pdf("nothing here, card 4111 1111", "1111 1111 and more", author="")
    answer = send(product, form(content, PDF, "a.pdf", "echo"))
    assert answer.status_code == 200, answer.text
    body = product.requests()[-1]["body"].decode()
    assert b64(content)[:40] not in body
    assert "1111" not in body
    assert "nothing here" in body
    assert product.record(answer.headers["lexgate-flow"])["pub"]["entities"]["CREDIT_CARD"] == 1


@pytest.mark.parametrize("form", FORMS)
def test_a_file_with_personal_data_goes_abroad_as_its_redacted_text(product: Product, form: Form) -> None:
    content = pdf("card 4111 1111 1111 1111", "nothing here", author="")
    answer = send(product, form(content, PDF, "a.pdf", "echo"))
    assert answer.status_code == 200, answer.text
    body = product.requests()[-1]["body"].decode()
    assert b64(content)[:40] not in body
    assert "4111" not in body
    assert "⟦CREDIT_CARD_" in body
    assert "nothing here" in body
    record = product.record(answer.headers["lexgate-flow"])
    assert "4111" not in json.dumps(record)
    assert record["pub"]["entities"]["CREDIT_CARD"] == 1
    assert record["pub"]["redactions"]["CREDIT_CARD"] == 1
    assert record["pub"]["uninspected"] == []


@pytest.mark.parametrize("form", FORMS)
def test_a_file_that_was_not_read_whole_cannot_go_as_text(product: Product, form: Form) -> None:
    before = len(product.requests())
    content = archive(a_dot_txt=b"card 4111 1111 1111 1111", b_dot_png=b"\x89PNG\r\n\x1a\n")
    assert send(product, form(content, "application/zip", "a.zip", "echo")).status_code == 403
    assert len(product.requests()) == before


@pytest.mark.parametrize("form", FORMS)
def test_at_home_it_arrives_byte_for_byte(product: Product, form: Form) -> None:
    path, body = form(
        word(), "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "a.docx", "home-1"
    )
    answer = send(product, (path, body))
    assert answer.status_code == 200, answer.text
    assert product.requests()[-1]["body"] == json.dumps(body).encode()
    record = product.record(answer.headers["lexgate-flow"])
    assert {"PERSON", "IBAN", "PHONE"} <= set(record["pub"]["entities"])
    assert record["pub"]["grade"] == "L4"


@pytest.mark.parametrize(
    "content", [b"%PDF-1.7 broken", archive(a_dot_pdf=b"\x89PNG\r\n\x1a\n"), bytes(range(256)) * 9, sheet()[:-40]]
)
def test_what_cannot_be_read_stays_at_home(product: Product, content: bytes) -> None:
    before = len(product.requests())
    answer = send(product, chat(content, "application/octet-stream", "", "echo"))
    assert answer.status_code == 403
    assert len(product.requests()) == before
    assert product.record(answer.headers["lexgate-flow"], "denied")["pub"]["unread"] != []
    assert send(product, chat(content, "application/octet-stream", "", "home-1")).status_code == 200


def test_a_secret_in_a_file_leaves_nowhere(product: Product) -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA" + "q7Zf3" * 60 + "\n-----END RSA PRIVATE KEY-----\n"
    packed = archive(id_rsa=key.encode())
    answer = send(product, chat(packed, "application/zip", "keys.zip", "home-1"))
    assert answer.status_code == 200
    body = product.requests()[-1]["body"].decode()
    assert "q7Zf3" not in body
    assert b64(packed)[:40] not in body
