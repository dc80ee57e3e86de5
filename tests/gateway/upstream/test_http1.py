"""The client against the canned provider, and its pool against a server that says what it should not."""

import asyncio
import gzip
import tracemalloc
import zlib

import orjson
import pytest

from gateway.errors import UpstreamFailed, UpstreamTimeout
from gateway.settings import Provider
from gateway.upstream import connection as connections
from gateway.upstream.client import Unreachable
from tests.gateway.upstream.scripted import EOF, GOOD, HOLD, RESET, Scripted, call, client, read, until
from tests.providers.canned import CannedProvider

PATH = "/v1/chat/completions"
FIELDS = {"content-type": "application/json", "authorization": "Bearer sk-test"}


def canned(provider: CannedProvider, **more) -> Provider:
    return Provider(**{"name": "canned", "base_url": provider.url, "jurisdiction": "DE", **more})


def question(model: str, text: str = "hello", stream: bool = False) -> bytes:
    return orjson.dumps({"model": model, "stream": stream, "messages": [{"role": "user", "content": text}]})


async def ask(one, provider, model: str, text: str = "hello", stream: bool = False) -> bytes:
    return await call(one, canned(provider), PATH, question(model, text, stream), FIELDS)


def said(body: bytes) -> str:
    return orjson.loads(body)["choices"][0]["message"]["content"]


@pytest.fixture
async def one():
    made = client()
    yield made
    await made.close()


# --- answers of the canned provider ---


async def test_a_call_and_its_answer(one):
    async with CannedProvider() as provider:
        answer = await one.post(canned(provider), PATH, FIELDS, question("echo", "Grüße"))
        assert answer.status == 200
        assert answer.headers["content-type"] == "application/json"
        assert said(b"".join([chunk async for chunk in answer.chunks()])) == "Grüße"
        answer.close()
        (received,) = provider.requests
        assert received.header("host") == provider.url.removeprefix("http://")
        assert received.header("authorization") == "Bearer sk-test"
        assert [name for name, _ in received.headers] == ["host", "content-type", "authorization", "content-length"]
        with pytest.raises(TypeError):
            answer.headers["content-type"] = "text/plain"


@pytest.mark.parametrize(
    "how", ["echo", "echo/crlf", "echo/tcp-1", "echo/close", "echo/gzip", "echo/gzip,close", "echo/gzip,tcp-3"]
)
async def test_streams_of_every_framing_say_the_same(one, how):
    async with CannedProvider() as provider:
        body = await ask(one, provider, how, "one two three", stream=True)
        events = [line[6:] for line in body.decode().splitlines() if line.startswith("data: {")]
        deltas = [choice["delta"].get("content") or "" for one in events for choice in orjson.loads(one)["choices"]]
        assert "".join(deltas) == "one two three"
        assert body.rstrip().endswith(b"data: [DONE]")


@pytest.mark.parametrize("how", ["echo/gzip", "echo/close", "echo/tcp-7", "echo/slow-5ms", "echo/gzip,tcp-1"])
async def test_whole_answers_of_every_framing_say_the_same(one, how):
    async with CannedProvider() as provider:
        assert said(await ask(one, provider, how, "hello")) == "hello"


async def test_errors_of_the_provider_are_answers(one):
    async with CannedProvider() as provider:
        answer = await one.post(canned(provider), PATH, FIELDS, question("status-429"))
        assert (answer.status, answer.headers["retry-after"]) == (429, "7")
        answer.close()


@pytest.mark.parametrize("how", ["cut-3", "reset-3"])
@pytest.mark.parametrize("stream", [True, False])
async def test_an_answer_cut_short_is_a_failure_after_what_arrived(one, how, stream):
    async with CannedProvider() as provider:
        answer = await one.post(canned(provider), PATH, FIELDS, question(f"echo/{how}", "hello hello hello", stream))
        with pytest.raises(UpstreamFailed, match="broke"):
            await read(answer, [])
        answer.close()
        assert said(await ask(one, provider, "echo")) == "hello"
        assert provider.connections == 2


@pytest.mark.parametrize("how", ["reset", "garbage"])
async def test_no_answer_is_a_failure_and_sent_only_once(one, how):
    async with CannedProvider() as provider:
        assert said(await ask(one, provider, "echo")) == "hello"  # so that the next call uses a kept connection
        with pytest.raises(UpstreamFailed) as failure:
            await ask(one, provider, how)
        assert not isinstance(failure.value, Unreachable)
        assert len(provider.requests) == 2


async def test_a_large_request_arrives_whole(one):
    async with CannedProvider() as provider:
        text = "x" * 3_000_000
        assert said(await ask(one, provider, "echo", text)) == text


async def test_a_slow_reader_bounds_memory(one):
    async with CannedProvider() as provider:
        tracemalloc.start()
        answer = await one.post(canned(provider), PATH, FIELDS, question("huge-32", stream=True))
        size = most = 0
        async for chunk in answer.chunks():
            size += len(chunk)
            await asyncio.sleep(0.002)
            most = max(most, answer.unread)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        answer.close()
        assert size > 32 << 20
        assert most <= 2 * connections.PAUSE_BYTES + (1 << 16)
        assert peak < 200 << 20  # the provider of this test lives in the same process and builds its 32 MiB at once
        assert said(await ask(one, provider, "echo")) == "hello"


# --- time ---


async def test_a_provider_that_never_answers():
    one = client(first_byte=0.1)
    async with CannedProvider() as provider:
        with pytest.raises(UpstreamTimeout, match="begin"):
            await ask(one, provider, "hang")
    await one.close()


async def test_a_provider_that_stops_sending():
    one = client(idle=0.1)
    async with CannedProvider() as provider:
        answer = await one.post(canned(provider), PATH, FIELDS, question("echo/stall-2", "hello hello", stream=True))
        seen: list[bytes] = []
        with pytest.raises(UpstreamTimeout, match="stopped"):
            await read(answer, seen)
        assert b"".join(seen).count(b"data: ") == 2
        answer.close()
    await one.close()


async def test_a_provider_that_takes_too_long_in_all():
    one = client(total=0.2, idle=5)
    async with CannedProvider() as provider:
        with pytest.raises(UpstreamTimeout):
            await ask(one, provider, "canned-1000x/slow-10ms", stream=True)
    await one.close()


async def test_a_reader_that_takes_its_time_is_not_the_providers_fault():
    one = client(idle=0.1)
    async with CannedProvider() as provider:
        answer = await one.post(canned(provider), PATH, FIELDS, question("huge-4", stream=True))
        size = 0
        async for chunk in answer.chunks():
            if size == 0:
                await asyncio.sleep(0.4)
            size += len(chunk)
        assert size > 4 << 20
    await one.close()


async def test_one_timer_serves_many_calls(one):
    async with Scripted() as server:
        provider = server.provider()
        await call(one, provider)
        (resting,) = next(iter(one._origins.values())).resting
        timer = resting._timer
        for _ in range(20):
            await call(one, provider)
        assert resting._timer is timer


# --- reaching a provider ---


async def test_nobody_listens(one):
    async with Scripted() as server:
        gone = server.provider()
    with pytest.raises(Unreachable, match="scripted cannot be reached"):
        await call(one, gone)


@pytest.mark.parametrize("url", ["http://name.invalid", "http://127.0.0.1:1", "http://[::1]:1", "http://x" + "y" * 70])
async def test_no_such_place(one, url):
    with pytest.raises(Unreachable):
        await call(one, Provider(name="nowhere", base_url=url, jurisdiction="DE"))


@pytest.mark.parametrize(
    "url", ["http://user:pass@h", "http://h/?q=1", "http://h:99999", "http://a%0d%0ab", "http://h/a#b"]
)
async def test_a_base_url_that_calls_cannot_go_to(one, url):
    with pytest.raises(UpstreamFailed):
        await call(one, Provider(name="odd", base_url=url, jurisdiction="DE"))


async def test_a_prefix_of_the_base_url_leads_each_path(one):
    async with Scripted() as server:
        await call(one, server.provider(base_url=server.url + "/api/v2/"), "/v1/messages?beta=true")
        assert server.requests[0][1].startswith(b"POST /api/v2/v1/messages?beta=true HTTP/1.1\r\nhost: 127.0.0.1:")


# --- what may be sent ---


@pytest.mark.parametrize(
    "fields",
    [
        {"x": "a\r\nevil: b"}, {"x": "a\nb"}, {"x": "a\0"}, {"x": "ключ"}, {"x y": "a"}, {"x:": "a"}, {"": "a"}, {"x\r\ny": "a"},
        {"Content-Length": "1"}, {"transfer-encoding": "chunked"}, {"Host": "other"}, {"connection": "close"}, {"expect": "100-continue"},
    ],
)  # fmt: skip
async def test_fields_that_would_say_something_else_are_not_sent(one, fields):
    async with Scripted() as server:
        with pytest.raises(UpstreamFailed):
            await call(one, server.provider(), headers=fields)
        assert server.connections == 0


@pytest.mark.parametrize("path", ["/a b", "/a\r\nb", "/ä", "/a#b", "a", "", "/\0"])
async def test_paths_that_would_say_something_else_are_not_sent(one, path):
    async with Scripted() as server:
        with pytest.raises(UpstreamFailed):
            await call(one, server.provider(), path)
        assert server.connections == 0


async def test_unusual_but_lawful_values_arrive_as_they_are(one):
    async with Scripted() as server:
        await call(one, server.provider(), headers={"x-a": "tab\there", "x-b": "müll", "x-c": ""})
        assert "x-a: tab\there\r\nx-b: müll\r\nx-c: \r\n".encode("latin-1") in server.requests[0][1]


# --- the pool ---


async def test_a_thousand_calls_one_connection(one):
    async with CannedProvider() as provider:
        for _ in range(1000):
            assert said(await ask(one, provider, "echo")) == "hello"
        assert provider.connections == 1


async def test_calls_at_the_same_time_have_connections_of_their_own(one):
    async with CannedProvider() as provider:
        for _ in range(3):
            answers = await asyncio.gather(*[ask(one, provider, "echo/slow-20ms", f"call {n}") for n in range(20)])
            assert [said(body) for body in answers] == [f"call {n}" for n in range(20)]
        assert provider.connections == 20


@pytest.mark.parametrize(
    "script",
    [
        [b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\nonce"],
        [b"HTTP/1.0 200 OK\r\ncontent-length: 4\r\n\r\nonce"],
        [b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\nkeep-alive: timeout=1\r\n\r\nonce"],
        [b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\nkeep-alive: timeout=soon\r\n\r\nonce"],
        [b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nonce" + GOOD],
        [b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nonceX"],
        [b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nonce", b"HTTP/1.1 200 OK\r\n"],
        [b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nonce\r\n0\r\n\r\nX"],
        [b"HTTP/1.1 200 OK\r\n\r\nonce", EOF],
    ],
)
async def test_a_connection_that_may_not_be_used_again_is_not(one, script):
    async with Scripted() as server:
        server.scripts["/once"] = script
        assert await call(one, server.provider(), "/once") == b"once"
        await asyncio.sleep(0.01)
        assert await call(one, server.provider()) == b"good"
        assert [connection for connection, _, _ in server.requests] == [1, 2]
        await until(lambda: server.ended == 1)


@pytest.mark.parametrize(
    "script",
    [
        [GOOD],
        [b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + GOOD],
        [b"HTTP/1.0 200 OK\r\ncontent-length: 4\r\nconnection: keep-alive\r\n\r\ngood"],
        [b"HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n2;a=b\r\ngo\r\n2\r\nod\r\n0\r\ntrailer: x\r\n\r\n"],
        [b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\nkeep-alive: max=5, timeout=60\r\n\r\ngood"],
    ],
)
async def test_a_connection_that_may_be_used_again_is(one, script):
    async with Scripted() as server:
        server.scripts["/good"] = script
        assert [await call(one, server.provider()) for _ in range(3)] == [b"good"] * 3
        assert server.connections == 1


async def test_an_answer_closed_before_its_end_takes_its_connection_along(one):
    async with Scripted() as server:
        server.scripts["/long"] = [b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nhalf", HOLD, b"rest"]
        answer = await one.post(server.provider(), "/long", {}, b"")
        assert await anext(answer.chunks()) == b"half"
        answer.close()
        with pytest.raises(UpstreamFailed):
            await anext(answer.chunks())
        server.release.set()
        assert await call(one, server.provider()) == b"good"
        assert server.connections == 2


async def test_an_answer_received_whole_may_be_read_after_its_connection_went_on(one):
    async with Scripted() as server:
        first = await one.post(server.provider(), "/good", {}, b"1")
        server.scripts["/other"] = [b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nother"]
        assert await call(one, server.provider(), "/other") == b"other"
        assert [chunk async for chunk in first.chunks()] == [b"good"]
        assert server.connections == 1


@pytest.mark.parametrize("end", [EOF, RESET])
async def test_a_connection_closed_while_it_rests_is_not_used(one, end):
    async with Scripted() as server:
        server.scripts["/good"] = [GOOD, HOLD, end]
        assert await call(one, server.provider()) == b"good"
        server.release.set()
        await until(lambda: server.ended == 1)
        assert await call(one, server.provider()) == b"good"
        assert [connection for connection, _, _ in server.requests] == [1, 2]


async def test_an_end_that_the_loop_has_not_yet_read_is_seen(one):
    async with Scripted() as server:
        server.scripts["/good"] = [GOOD, HOLD, EOF]
        assert await call(one, server.provider()) == b"good"
        origin = next(iter(one._origins.values()))
        origin.resting[0]._transport.pause_reading()  # as if the loop were busy while the provider closes
        server.release.set()
        await until(lambda: server.ended == 1)
        await asyncio.sleep(0.01)
        assert len(origin.resting) == 1
        assert await call(one, server.provider()) == b"good"
        assert server.connections == 2


async def test_a_kept_connection_that_dies_under_a_call_is_a_failure_not_a_second_call(one):
    async with Scripted() as server:
        assert await call(one, server.provider()) == b"good"
        server.scripts["/dies"] = [EOF]
        with pytest.raises(UpstreamFailed, match="before it answered") as failure:
            await call(one, server.provider(), "/dies")
        assert not isinstance(failure.value, Unreachable)
        assert [head.split()[1] for _, head, _ in server.requests] == [b"/good", b"/dies"]


async def test_rest_is_limited(one, monkeypatch):
    monkeypatch.setattr(connections, "MAX_REST_S", 0.05)
    async with Scripted() as server:
        assert await call(one, server.provider()) == b"good"
        await until(lambda: server.ended == 1)
        assert next(iter(one._origins.values())).resting == []
        assert await call(one, server.provider()) == b"good"


async def test_an_answer_before_the_request_was_written_ends_the_connection(one):
    async with Scripted() as server:
        looked, ended = asyncio.Event(), asyncio.Event()

        async def refuse(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n")
            await writer.drain()
            await looked.wait()
            writer.transport.abort()
            ended.set()

        early = await asyncio.start_server(refuse, "127.0.0.1", 0, limit=1024)
        port = early.sockets[0].getsockname()[1]
        answer = await one.post(server.provider(base_url=f"http://127.0.0.1:{port}"), "/x", {}, b"x" * (64 << 20))
        assert answer.status == 413
        assert all(not origin.resting for origin in one._origins.values())
        looked.set()
        await ended.wait()
        early.close()


# --- giving up ---


@pytest.mark.parametrize(
    "script", [[HOLD], [b"HTTP/1.1 200 OK\r\n", HOLD], [b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx", HOLD]]
)
async def test_a_cancelled_call_closes_its_connection(one, script):
    async with Scripted() as server:
        server.scripts["/long"] = script
        task = asyncio.create_task(call(one, server.provider(), "/long"))
        await until(lambda: server.requests)
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        server.release.set()
        await until(lambda: server.ended == 1)
        assert await call(one, server.provider()) == b"good"
        assert server.connections == 2


async def test_cancelled_at_any_moment_the_pool_stays_clean(one):
    async with Scripted() as server:
        server.scripts["/slow"] = [
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            *[b"2\r\nno\r\n"] * 5,
            b"0\r\n\r\n",
        ]
        for turns in range(60):
            task = asyncio.create_task(call(one, server.provider(), "/slow"))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert await call(one, server.provider()) == b"good"
        for origin in one._origins.values():
            await until(lambda origin=origin: origin.all == set(origin.resting))


async def test_closing_the_client_ends_calls_and_sends_no_more():
    one = client()
    async with Scripted() as server:
        server.scripts["/long"] = [HOLD]
        assert await call(one, server.provider()) == b"good"
        task = asyncio.create_task(call(one, server.provider(), "/long"))
        await until(lambda: len(server.requests) == 2)
        await one.close()
        with pytest.raises(UpstreamFailed):
            await task
        with pytest.raises(Unreachable):
            await call(one, server.provider())
        server.release.set()
        await until(lambda: server.ended == 1)
        assert len(server.requests) == 2


# --- content codings ---


def coded(coding: str, body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-encoding: %b\r\ncontent-length: %d\r\n\r\n%b" % (
        coding.encode(),
        len(body),
        body,
    )


TEXT = b"the quick brown fox " * 20_000
RAW = zlib.compressobj(wbits=-15)
RAW_TEXT = RAW.compress(TEXT) + RAW.flush()


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(TEXT)),
        ("x-gzip", gzip.compress(TEXT[:9]) + gzip.compress(TEXT[9:])),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", RAW_TEXT),
        ("identity", TEXT),
    ],
)
async def test_codings_that_are_undone(one, coding, body):
    async with Scripted() as server:
        server.scripts["/coded"] = [coded(coding, body)]
        assert await call(one, server.provider(), "/coded") == TEXT


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("br", b"x"),
        ("gzip, gzip", gzip.compress(gzip.compress(TEXT))),
        ("gzip", b"not gzip at all"),
        ("gzip", gzip.compress(TEXT)[:-9]),
        ("gzip", gzip.compress(TEXT) + b"surplus"),
        ("deflate", zlib.compress(TEXT)[:-1]),
        ("deflate", zlib.compress(TEXT) + b"surplus"),
    ],
)
async def test_codings_that_are_refused(one, coding, body):
    async with Scripted() as server:
        server.scripts["/coded"] = [coded(coding, body)]
        with pytest.raises(UpstreamFailed):
            await call(one, server.provider(), "/coded")
        assert await call(one, server.provider()) == b"good"


async def test_a_body_that_expands_without_measure_is_refused_before_it_fills_memory(one):
    async with Scripted() as server:
        server.scripts["/bomb"] = [coded("gzip", gzip.compress(bytes(64 << 20)))]
        answer = await one.post(server.provider(), "/bomb", {}, b"")
        seen: list[bytes] = []
        with pytest.raises(UpstreamFailed, match="expands"):
            await read(answer, seen)
        assert max(len(chunk) for chunk in seen) <= 1 << 16
        assert sum(len(chunk) for chunk in seen) <= 64 << 18
