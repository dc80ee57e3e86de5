"""Bad HTTP gets a 4xx in the family's own form, and a caller that trickles or floods costs nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn

from gateway.ingress.connection import limited
from gateway.settings import Limits

LIMITS = Limits(header_bytes=4096, header_count=16, header_seconds=0.4, body_seconds=0.4)


async def echo(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answers with how much arrived."""
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    body = b"%d" % size
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


async def slow(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answers in pieces without a length, after a while; `gone` is set when the caller is found to have left."""
    while (await receive()).get("more_body"):
        continue
    waiting = asyncio.ensure_future(receive())
    await asyncio.wait([waiting], timeout=float(scope["query_string"] or b"0.05"))
    if waiting.done():
        scope["state"]["gone"].set()
        return
    waiting.cancel()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    for piece in (b"one ", b"", b"two ", b"three"):
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


@asynccontextmanager
async def served(app: Any = echo) -> AsyncIterator[int]:
    config = uvicorn.Config(
        app, port=0, http=limited(LIMITS), ws="none", lifespan="off", log_config=None, access_log=False
    )
    server = uvicorn.Server(config)
    serving = asyncio.ensure_future(server._serve())
    while not server.started:
        await asyncio.sleep(0.005)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await serving


async def said(port: int, *pieces: bytes, eof: bool = False) -> bytes:
    """What the server answers to these bytes, sent one piece after the other, until it closes or has answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.02)
        if eof:
            writer.write_eof()
        return await asyncio.wait_for(reader.read() if eof else reader.read(65_536), 10)
    finally:
        writer.close()


def error_of(answer: bytes) -> tuple[int, dict[str, Any]]:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"connection: close" in head.lower()
    return int(head.split()[1]), json.loads(body)


async def test_a_good_request_is_served_over_a_kept_connection() -> None:
    async with served() as port:
        answer = await said(port, b"POST /v1/x HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhel", b"lo")
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"5")


@pytest.mark.parametrize(
    ("pieces", "status", "code"),
    [
        ((b"\x16\x03\x01\x02\x00garbage\r\n\r\n",), 400, "lexgate_bad_request"),
        ((b"POST /v1/x HTTP/1.1\r\nhost: a\r\ncontent-length: -4\r\n\r\n",), 400, "lexgate_bad_request"),
        ((b"POST /v1/x HTTP/1.1\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n",), 400, "lexgate_bad_request"),
        ((b"GET / HTTP/1.1\r\n" + b"".join(b"x-%d: y\r\n" % n for n in range(40)) + b"\r\n",), 431, "lexgate_headers_too_large"),
        ((b"GET / HTTP/1.1\r\nx: " + b"y" * 5000 + b"\r\n\r\n",), 431, "lexgate_headers_too_large"),
        ((b"GET / HTTP/1.1\r\nx: " + b"y" * 5000,), 431, "lexgate_headers_too_large"),
        ((b"GET /" + b"p" * 5000 + b" HTTP/1.1\r\n\r\n",), 431, "lexgate_headers_too_large"),
        ((b"POST /v1/x HTTP/1.1\r\n", b"host: a\r\n"), 408, "lexgate_request_timeout"),
        ((b"POST /v1/x HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nab", b"c"), 408, "lexgate_request_timeout"),
    ],
)  # fmt: skip
async def test_bad_http_is_refused_in_the_familys_form(pieces: tuple[bytes, ...], status: int, code: str) -> None:
    async with served() as port:
        answered, document = error_of(await said(port, *pieces))
    assert (answered, document["error"]["code"]) == (status, code)


async def test_half_a_request_that_ends_is_a_bad_request_in_anthropics_form() -> None:
    async with served() as port:
        half = b"POST /v1/messages HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{"
        status, document = error_of(await said(port, half, eof=True))
    assert status == 400
    assert document["type"] == "error"
    assert document["error"]["type"] == "invalid_request_error"


async def test_a_silent_connection_is_closed_without_a_word() -> None:
    async with served() as port:
        assert await said(port) == b""


async def test_a_large_body_is_not_counted_as_headers() -> None:
    body = b"x" * 100_000
    async with served() as port:
        answer = await said(port, b"POST /v1/x HTTP/1.1\r\nhost: a\r\ncontent-length: 100000\r\n\r\n" + body)
    assert answer.endswith(b"100000")


WHOLE = b"POST /v1/x HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nhi"


async def test_a_caller_that_closes_its_side_after_a_whole_request_is_answered() -> None:
    for app, end in ((echo, b"2"), (slow, b"0\r\n\r\n")):
        async with served(app) as port:
            answer = await said(port, WHOLE, eof=True)
        assert answer.startswith(b"HTTP/1.1 200")
        assert app is echo or b"connection: close" in answer
        assert answer.endswith(end)


async def test_all_pipelined_requests_are_answered_after_the_callers_end() -> None:
    async with served(slow) as port:
        answer = await said(port, WHOLE * 3, eof=True)
    assert answer.count(b"HTTP/1.1 200") == 3
    assert answer.count(b"connection: close") == 1


async def test_a_caller_that_closed_its_side_is_told_that_it_has_to_wait() -> None:
    request = WHOLE.replace(b"/v1/x", b"/v1/x?1.2")
    async with served(slow) as port:
        answer = await said(port, request, eof=True)
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 ")
    assert b"HTTP/1.1 200" in answer
    assert answer.endswith(b"0\r\n\r\n")


async def test_a_caller_that_has_left_for_good_is_noticed() -> None:
    gone = asyncio.Event()

    async def watched(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await slow(scope | {"state": {"gone": gone}}, receive, send)

    async with served(watched) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(WHOLE.replace(b"/v1/x", b"/v1/x?30"))
        await writer.drain()
        writer.close()
        await asyncio.wait_for(gone.wait(), 20)


OFFER = b"connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n"


@pytest.mark.parametrize("size", [1, 7, 10_000])
async def test_a_request_that_offers_another_protocol_is_answered_in_this_one(size: int) -> None:
    whole = b"POST /v1/x HTTP/1.1\r\nhost: a\r\n" + OFFER + b"content-length: 5\r\n\r\nhello"
    chunked = b"POST /v1/x HTTP/1.1\r\n" + OFFER + b"transfer-encoding: chunked\r\n\r\n3\r\nhel\r\n0\r\n\r\n"
    async with served() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for request, expected in ((whole, b"5"), (chunked, b"3"), (WHOLE, b"2"), (whole + WHOLE, b"52")):
            for at in range(0, len(request), size):
                writer.write(request[at : at + size])
                await writer.drain()
            got = b""
            for _ in expected:
                head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
                assert head.startswith(b"HTTP/1.1 200")
                got += await reader.readexactly(1)
            assert got == expected
        writer.close()


async def test_an_offer_with_a_bad_body_is_a_bad_request() -> None:
    async with served() as port:
        bad = b"POST /v1/x HTTP/1.1\r\n" + OFFER + b"transfer-encoding: chunked\r\n\r\nxyz\r\n"
        status, document = error_of(await said(port, bad))
        closing = (
            b"POST /v1/x HTTP/1.1\r\n" + OFFER.replace(b"Upgrade,", b"close, Upgrade,") + b"content-length: 0\r\n\r\n"
        )
        answer = await said(port, closing, eof=False)
    assert (status, document["error"]["code"]) == (400, "lexgate_bad_request")
    assert b"connection: close" in answer


async def test_http_1_0_gets_no_chunks() -> None:
    async with served(slow) as port:
        answer = await said(port, b"POST /v1/x HTTP/1.0\r\ncontent-length: 2\r\n\r\nhi")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head.lower()
    assert b"connection: close" in head
    assert body == b"one two three"


async def test_http_1_0_gets_a_length_where_there_is_one() -> None:
    async with served() as port:
        answer = await said(port, b"POST /v1/x HTTP/1.0\r\ncontent-length: 2\r\n\r\nhi", eof=True)
    assert b"content-length: 1" in answer
    assert answer.endswith(b"\r\n\r\n2")
