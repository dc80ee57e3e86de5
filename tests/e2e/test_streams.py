"""A stream stays a stream: as many events as the provider sent, each as soon as it is there, and none after the caller left."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import httpx
import pytest

from tests.e2e.product import Product, end, prepare
from tests.providers.answers import tokens
from tests.providers.stepped import SECONDS, SteppedProvider, stepped

pytestmark = pytest.mark.e2e

WORDS = 40
PATHS = {"openai": "/v1/chat/completions", "anthropic": "/v1/messages"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Product, SteppedProvider]]:
    folder: Path = tmp_path_factory.mktemp("lockstep")
    record = folder / "provider.jsonl"
    with stepped(record) as provider:
        product = prepare(folder, provider.url, record, {})
        try:
            product.start()
            yield product, provider
        finally:
            end(product)


@pytest.fixture
def lockstep(running: tuple[Product, SteppedProvider]) -> tuple[Product, SteppedProvider]:
    running[1].begin()
    return running


def body(family: str, model: str) -> bytes:
    request = {"model": model, "stream": True, "messages": [{"role": "user", "content": "Tell me something."}]}
    return json.dumps(request | ({"max_tokens": 999} if family == "anthropic" else {})).encode()


class Reader:
    """A client that reads an answer chunk by HTTP chunk from the bare socket: nothing between merges or splits them."""

    def __init__(self, product: Product, family: str, model: str) -> None:
        host, _, port = product.config["listen"]["data"].rpartition(":")
        self.socket = socket.create_connection((host, int(port)), timeout=SECONDS)
        content = body(family, model)
        head = [f"POST {PATHS[family]} HTTP/1.1", "Host: lexgate", "Content-Type: application/json"]
        head += [f"Authorization: Bearer {product.callers['crm'].key}", f"Content-Length: {len(content)}", "", ""]
        self.socket.sendall("\r\n".join(head).encode() + content)
        self._file = self.socket.makefile("rb")
        lines = iter(lambda: self._file.readline().strip().decode(), "")
        self.status = int(next(lines).split()[1])
        self.headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}

    def chunk(self) -> bytes:
        """The next HTTP chunk; b"" for the last."""
        size = int(self._file.readline(), 16)
        data = self._file.read(size)
        assert self._file.readline() == b"\r\n"
        return data

    def leave(self) -> None:
        self._file.close()
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()


def events(stream: bytes) -> list[Any]:
    """The data of all events, in order."""
    found = [line[6:] for line in stream.decode().splitlines() if line.startswith("data: ")]
    return [data if data == "[DONE]" else json.loads(data) for data in found]


def text(event: Any) -> str:
    if event == "[DONE]":
        return ""
    if "choices" in event:
        return "".join(choice["delta"].get("content") or "" for choice in event["choices"])
    return event.get("delta", {}).get("text", "")


@pytest.mark.parametrize("family", PATHS)
def test_each_event_arrives_before_the_next_is_sent(lockstep: tuple[Product, SteppedProvider], family: str) -> None:
    product, provider = lockstep
    provider.allow()
    heard, texts = [], []
    with Reader(product, family, f"canned-{WORDS}x") as reader:
        assert reader.status == 200
        while len(texts) < WORDS:
            chunk = reader.chunk()
            assert len(events(chunk)) == 1, "an HTTP chunk carries one event: nothing was merged"
            heard += events(chunk)
            texts += [text(heard[-1])] if text(heard[-1]) else []
            assert provider.sent == len(heard), "it was there before the next one was permitted"
            provider.allow()
        provider.allow(10)
        rest = b"".join(iter(reader.chunk, b""))
    assert texts == ["word "] * WORDS
    assert product.record(reader.headers["lexgate-flow"])["pub"]["finish"] in {"stop", "end_turn"}
    hidden = 1 if family == "openai" else 0
    assert len(heard) + len(events(rest)) == provider.sent - hidden, "only the usage event that we asked for is hidden"


@pytest.mark.parametrize("family", PATHS)
def test_a_paced_stream_has_the_same_events_through_the_gateway_and_past_it(product: Product, family: str) -> None:
    content = body(family, f"canned-{WORDS}x/slow-50ms")
    through, past = (
        httpx.post(f"{url}{PATHS[family]}", headers=product.headers(), content=content, timeout=60).content
        for url in (product.url, product.provider_url)
    )
    assert [text(event) for event in events(through)] == [text(event) for event in events(past)]
    kinds = lambda stream: [event if event == "[DONE]" else event.get("type", "chunk") for event in events(stream)]
    assert kinds(through) == kinds(past)


@pytest.mark.parametrize("family", PATHS)
@pytest.mark.parametrize("heard", [0, 1, 17])
def test_a_caller_that_leaves_ends_the_providers_stream_at_once(
    lockstep: tuple[Product, SteppedProvider], family: str, heard: int
) -> None:
    product, provider = lockstep
    provider.allow()
    reader = Reader(product, family, f"canned-{WORDS}x")
    words = 0
    while words < heard:
        words += bool(text(events(reader.chunk())[0]))
        provider.allow(words < heard or not heard)
    before = provider.sent
    reader.leave()
    assert provider.left.wait(SECONDS), "the provider is not told although it sends nothing: no chunk was needed for it"
    assert provider.sent == before
    record = product.record(reader.headers["lexgate-flow"], "aborted")
    counted = record["meter"]["counted"]
    assert counted["output"] == tokens("word " * heard), "the tokens so far"
    assert record["meter"]["reported"] is None or family == "anthropic"
    assert record["pub"]["labels"] == ["fingerprint"]
