"""Whatever a caller sends, the answer is a clear error in the family's form, and nothing is lost or leaked."""

from __future__ import annotations

import json
import socket

import httpx
import psutil
import pytest

from tests.e2e.product import Product

pytestmark = pytest.mark.e2e

PLANTED = "4111 1111 1111 1111"
MESSAGE = b'{"role":"user","content":"card 4111 1111 1111 1111"}'
GEMINI = "/v1beta/models/echo:generateContent"
PATHS = ["/v1/chat/completions", "/v1/messages", "/v1/messages/count_tokens", GEMINI]

BODIES = {
    "empty": b"",
    "truncated": b'{"model":"echo","messages":[' + MESSAGE,
    "not an object": b"[1,2,3]",
    "duplicate keys": b'{"model":"echo","model":"other","max_tokens":5,"messages":[' + MESSAGE + b"]}",
    "nested duplicate": b'{"model":"echo","max_tokens":5,"messages":[{"role":"user","content":"a","content":"b"}]}',
    "escaped duplicate": b'{"model":"echo","max_tokens":5,"messages":[{"role":"user","content":"a\\u003a","c\\u006fntent":"b"}]}',
    "invalid UTF-8": b'{"model":"echo","max_tokens":5,"messages":[{"role":"user","content":"\xff\xfe 4111 1111 1111 1111"}]}',
    "lone surrogate": b'{"model":"echo","max_tokens":5,"messages":[{"role":"user","content":"\\ud800"}]}',
    "NUL": b'{"model":"echo","max_tokens":5,"messages":[{"role":"user","content":"a\\u0000b"}]}',
    "raw NUL": b'{"model":"echo","max_tokens":5,"messages":[{"role":"user","content":"a\x00b"}]}',
    "nesting": b'{"model":"echo","max_tokens":5,"messages":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep object": b'{"model":"echo","max_tokens":5,"x":' + b'{"a":' * 200 + b"1" + b"}" * 200 + b',"messages":[' + MESSAGE + b"]}",
    "model is a number": b'{"model":7,"max_tokens":5,"messages":[' + MESSAGE + b"]}",
    "messages is an object": b'{"model":"echo","max_tokens":5,"messages":{}}',
    "message is a string": b'{"model":"echo","max_tokens":5,"messages":["x"]}',
    "content is a number": b'{"model":"echo","max_tokens":5,"messages":[{"role":"user","content":5}]}',
    "stream is a string": b'{"model":"echo","max_tokens":5,"stream":"yes","messages":[' + MESSAGE + b"]}",
    "NaN": b'{"model":"echo","max_tokens":5,"temperature":NaN,"messages":[' + MESSAGE + b"]}",
    "trailing garbage": b'{"model":"echo","max_tokens":5,"messages":[' + MESSAGE + b"]} {}",
    "BOM": b'\xef\xbb\xbf{"model":"echo","max_tokens":5,"messages":[' + MESSAGE + b"]}",
}  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", BODIES)
def test_a_bad_body_is_refused_in_the_familys_form(product: Product, path: str, name: str) -> None:
    before = len(product.requests())
    answer = httpx.post(product.url + path, headers=product.headers(), content=BODIES[name], timeout=60)
    if name == "stream is a string" and "count" in path:
        return  # not a field of this endpoint
    assert answer.status_code in {400, 422}, answer.text
    document = answer.json()
    assert document["error"]["message"]
    assert ("type" in document) == path.startswith("/v1/messages")
    assert PLANTED not in answer.text
    assert len(product.requests()) == before
    flow = answer.headers["lexgate-flow"]
    assert product.record(flow, "failed")["intents"] == []


def test_other_media_types_methods_and_paths_are_refused(product: Product) -> None:
    url = f"{product.url}/v1/chat/completions"
    good = json.dumps({"model": "echo", "messages": [{"role": "user", "content": "x"}]})
    form = httpx.post(url, headers=product.headers() | {"Content-Type": "text/plain"}, content=good)
    zipped = httpx.post(url, headers=product.headers(**{"Content-Encoding": "gzip"}), content=good)
    assert (form.status_code, zipped.status_code) == (415, 415)
    assert httpx.get(url, headers=product.headers()).status_code == 405
    for path in ("/v1/files", "/v1/responses/resp_1", "/", "/v1/messages/batches", "/v1/chat/completions/../x", "/%00"):
        answer = httpx.post(product.url + path, headers=product.headers(), content=good)
        assert answer.status_code == 404, path
        assert answer.json()["error"]["message"]


def test_a_body_of_50_megabytes_is_refused_and_memory_stays_flat(product: Product) -> None:
    tree = [psutil.Process(product.gateway.pid), *psutil.Process(product.gateway.pid).children(recursive=True)]
    before = sum(process.memory_info().rss for process in tree)
    huge = b'{"model":"echo","messages":[{"role":"user","content":"' + b"x" * 50_000_000 + b'"}]}'
    for _ in range(5):
        try:
            answer = httpx.post(
                f"{product.url}/v1/chat/completions", headers=product.headers(), content=huge, timeout=60
            )
        except httpx.WriteError:
            continue  # refused while it was still being sent
        assert answer.status_code == 413
    after = sum(process.memory_info().rss for process in tree)
    assert after - before < 40_000_000


def test_a_chunked_body_without_end_is_refused_at_the_limit(product: Product) -> None:
    host, port = product.config["listen"]["data"].split(":")
    with socket.create_connection((host, int(port))) as connection:
        head = (
            f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {product.callers['crm'].key}\r\n"
            "content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
        )
        connection.sendall(head.encode())
        piece = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
        answer = b""
        connection.settimeout(10)
        try:
            for _ in range(64):
                connection.sendall(piece)
            answer = connection.recv(65_536)
        except OSError:
            connection.settimeout(2)
            try:
                answer = connection.recv(65_536)
            except OSError:
                answer = b"HTTP/1.1 413 closed while sending"
    assert b" 413 " in answer


def test_a_provider_that_misbehaves_is_an_error_in_the_familys_form(product: Product) -> None:
    expected = {
        "status-429": 429, "status-529": 529, "status-500": 500, "reset": 502, "garbage": 502, "malformed": 502,
        "cut-3": 502, "status-401": 502,
    }  # fmt: skip
    for model, status in expected.items():
        answer = product.chat("hello", model)
        assert answer.status_code == status, (model, answer.text)
        assert answer.json()["error"]
        assert product.record(answer.headers["lexgate-flow"], "failed")["status"] == "failed"


@pytest.mark.parametrize("model", ["cut-3", "reset-3", "noend", "malformed", "error-2"])
def test_a_stream_that_breaks_ends_in_an_error_event_and_a_true_record(product: Product, model: str) -> None:
    answer = product.chat("hello there, this is a longer text to stream", f"echo/{model}", stream=True)
    assert answer.status_code == 200
    assert '"error"' in answer.text
    assert "[DONE]" not in answer.text
    record = product.record(answer.headers["lexgate-flow"], "failed")
    assert record["meter"]["counted"]["output"] >= 0


def test_a_field_that_means_one_thing_is_refused_twice(product: Product) -> None:
    headers = [("Authorization", f"Bearer {product.callers[name].key}") for name in ("crm", "other")]
    body = json.dumps({"model": "echo", "messages": [{"role": "user", "content": "x"}]})
    answer = httpx.post(
        f"{product.url}/v1/chat/completions", headers=[*headers, ("Content-Type", "application/json")], content=body
    )
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("anthropic-beta", "Maria Schneider, phone +49 151 23456789"),
        ("anthropic-beta", "card-4111-1111-1111-1111"),
        ("anthropic-version", "sk-proj-abc"),
        ("Lexgate-Purpose", "Maria Schneider"),
        ("Lexgate-Purpose", "hr_management_necessary"),
    ],
)
def test_travelling_fields_are_no_place_for_text(product: Product, name: str, value: str) -> None:
    before = len(product.requests())
    body = json.dumps({"model": "echo", "max_tokens": 5, "messages": [{"role": "user", "content": "x"}]})
    answer = httpx.post(f"{product.url}/v1/messages", headers=product.headers() | {name: value}, content=body)
    assert answer.status_code == 400
    assert len(product.requests()) == before


def test_whatever_usage_a_provider_claims_the_flow_has_an_outcome_and_others_are_settled(product: Product) -> None:
    odd = product.chat("hello", "echo/lie+4611686018427387904")
    even = product.chat("hello there")
    assert odd.status_code == 200, odd.text
    assert product.record(odd.headers["lexgate-flow"])["meter"]["reported"]["output"] == 0
    assert product.record(even.headers["lexgate-flow"])["meter"]["reported"]["output"] > 0


@pytest.mark.parametrize(
    "model", ["maria.schneider@example.com", "4111-1111-1111-1111", "ghp_" + "a1B2c3D4e5" * 3 + "f6G7h8"]
)
def test_a_model_name_is_no_place_for_text(product: Product, model: str) -> None:
    before = len(product.requests())
    answer = product.chat("hello", model)
    assert answer.status_code == 400
    assert product.record(answer.headers["lexgate-flow"], "failed")["pub"]["model"] is None
    assert len(product.requests()) == before
