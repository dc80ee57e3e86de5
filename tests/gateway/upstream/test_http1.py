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
from gateway.upstream.port import Unreachable
from gateway.upstream.request_head import Place
from tests.gateway.upstream.scripted import Scripted, call, client, read
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
        with pytest.raises(UpstreamTimeout, match="whole"):
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


@pytest.mark.parametrize(
    ("url", "host", "port", "authority", "prefix"),
    [
        ("https://api.example", "api.example", 443, "api.example", ""),
        ("https://API.example:443/v9/", "api.example", 443, "api.example", "/v9"),
        ("http://api.example:8080", "api.example", 8080, "api.example:8080", ""),
        ("http://[2001:db8::1]", "2001:db8::1", 80, "[2001:db8::1]", ""),
        ("https://[::1]:8443/x", "::1", 8443, "[::1]:8443", "/x"),
        ("https://bücher.example", "xn--bcher-kva.example", 443, "xn--bcher-kva.example", ""),
    ],
)
def test_where_a_base_url_leads(url, host, port, authority, prefix):
    place = Place(url)
    assert (place.host, place.port, place.authority, place.prefix) == (host, port, authority, prefix)


async def test_a_provider_with_an_ipv6_address(one):
    try:
        server = await asyncio.start_server(echo_authority, "::1", 0)
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    url = f"http://[::1]:{server.sockets[0].getsockname()[1]}"
    assert await call(one, Provider(name="six", base_url=url, jurisdiction="DE")) == b"host: " + url[7:].encode()
    server.close()


async def echo_authority(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    said = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[1]
    writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n" + said)
    writer.close()


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


# --- many calls ---


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
        ("gzip", gzip.compress(TEXT, mtime=0)),
        ("x-gzip", gzip.compress(TEXT[:9], mtime=0) + gzip.compress(TEXT[9:], mtime=0)),
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
        ("gzip, gzip", gzip.compress(gzip.compress(TEXT, mtime=0), mtime=0)),
        ("gzip", b"not gzip at all"),
        ("gzip", gzip.compress(TEXT, mtime=0)[:-9]),
        ("gzip", gzip.compress(TEXT, mtime=0) + b"surplus"),
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
