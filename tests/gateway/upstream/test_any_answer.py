"""Whatever a provider says, however it is cut into packets: the same answer, or one of the errors that callers know."""

import asyncio
import contextlib
import gzip
import itertools

import pytest
import uvloop
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.errors import UpstreamFailed, UpstreamTimeout
from tests.gateway.upstream.scripted import EOF, GOOD, HOLD, Scripted, call, client

CHUNKED = b"HTTP/1.1 200 OK\r\ncontent-type: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nt: 1\r\n\r\n"
ANSWERS = [
    b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nX-A: 1\r\nx-a: 2\r\ncontent-length: 11\r\n\r\nhello world",
    CHUNKED,
    b"HTTP/1.1 100 Continue\r\nx: y\r\n\r\n" + CHUNKED,
    b"HTTP/1.1 204 No Content\r\nx-request-id: 7\r\n\r\n",
    b"HTTP/1.1 500 Oh\r\nconnection: close\r\n\r\nuntil the end",
    b"HTTP/1.0 200 OK\r\n\r\nuntil the end",
    b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n" + gzip.compress(b"bananas", mtime=0),
    b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\nshort",
    b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\nxyz",
    b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
    b"HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\na: b\r\n c\r\ncontent-length: 1\r\n\r\na",
    b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\na",
    b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\na",
    b"HTTP/1.1 200 OK\ncontent-length: 1\n\na",
    b"HTTP/2.0 200 OK\r\ncontent-length: 1\r\n\r\na",
    b"HTTP/1.1 700 Odd\r\ncontent-length: 1\r\n\r\na",
    b"HTTP/1.1 200 OK\r\nx: a\0b\r\ncontent-length: 1\r\n\r\na",
    b"\x16\x03\x01 this is not HTTP\r\n\r\n",
    b"",
]
REFUSED = ANSWERS[8:]


@pytest.fixture(scope="module")
def runner():
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as made:
        yield made


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted({cut % (len(data) + 1) for cut in cuts}), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges) if b > a]


async def outcome(one, provider, path: str = "/script"):
    """Status, headers, body and error of one call, whatever became of it."""
    status, headers, body, error = 0, {}, b"", ""
    try:
        answer = await one.post(provider, path, {}, b"")
        status, headers = answer.status, dict(answer.headers)
        async for chunk in answer.chunks():
            body += chunk
    except (UpstreamFailed, UpstreamTimeout) as failure:
        error = failure.message
    return status, headers, body, error


async def said(script) -> tuple:
    one = client()
    async with Scripted() as server:
        server.scripts["/script"] = script
        result = await outcome(one, server.provider())
    await one.close()
    return result


@settings(max_examples=150)
@given(answer=st.sampled_from(ANSWERS), cuts=st.lists(st.integers(0, 200), max_size=12))
def test_any_cut_into_packets_gives_the_same_answer(runner, answer, cuts):
    assert runner.run(said([*pieces(answer, cuts), EOF])) == runner.run(said([answer, EOF]))


@pytest.mark.parametrize("answer", ANSWERS)
def test_byte_by_byte_gives_the_same_answer(runner, answer):
    assert runner.run(said([*pieces(answer, list(range(len(answer)))), EOF])) == runner.run(said([answer, EOF]))


@pytest.mark.parametrize("answer", REFUSED)
def test_what_is_not_plain_http_is_refused(runner, answer):
    status, _, body, error = runner.run(said([answer, EOF]))
    assert (status, body) == (0, b"")
    assert error


def test_repeated_fields_are_joined(runner):
    assert runner.run(said([ANSWERS[0], EOF]))[1] == {
        "content-type": "text/plain",
        "x-a": "1, 2",
        "content-length": "11",
    }


mutated = st.builds(
    lambda answer, at, cut, put: answer[: at % (len(answer) + 1)] + put + answer[at % (len(answer) + 1) + cut :],
    st.sampled_from(ANSWERS),
    st.integers(0, 200),
    st.integers(0, 8),
    st.binary(max_size=6)
    | st.sampled_from([b"\r\n", b"\n", b" ", b":", b"0", GOOD, b"\r\n\r\n", b"content-length: 3\r\n"]),
)


async def survives(data: bytes, cuts: list[int]) -> None:
    one = client()
    async with Scripted() as server:
        server.scripts["/script"] = [*pieces(data, cuts), HOLD, EOF]
        task = asyncio.create_task(outcome(one, server.provider()))
        for _ in range(10):
            await asyncio.sleep(0)
        server.release.set()  # the connection ends, unless the client was content or gave up before
        await asyncio.wait_for(task, 30)
        assert await call(one, server.provider()) == b"good"
        for origin in one._origins.values():
            assert origin.all == set(origin.resting)
    await one.close()


@settings(max_examples=400)
@given(
    data=st.binary(max_size=200) | mutated | st.builds(lambda a, b: a + b, mutated, mutated),
    cuts=st.lists(st.integers(0, 300), max_size=4),
)
@example(data=ANSWERS[0] + GOOD.replace(b"good", b"evil"), cuts=[])
@example(data=ANSWERS[1] + GOOD.replace(b"good", b"evil"), cuts=[len(ANSWERS[1])])
def test_no_answer_escapes_hangs_or_poisons_the_next(runner, data, cuts):
    runner.run(survives(data, cuts))


HEAD = b"HTTP/1.1 200 OK\r\n"
FOREVER = {
    "one long field": (HEAD, b"x" * 4096),
    "one long value": (HEAD + b"x: ", b"x" * 4096),
    "many fields": (HEAD, b"x: y\r\n" * 100),
    "a long reason": (b"HTTP/1.1 200 ", b"x" * 4096),
    "interim answers": (b"", b"HTTP/1.1 103 Early\r\nlink: x\r\n\r\n" * 50),
    "a chunk extension": (HEAD + b"transfer-encoding: chunked\r\n\r\n1;", b"x" * 4096),
    "trailers": (HEAD + b"transfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\nx: ", b"x" * 4096),
    "many trailers": (HEAD + b"transfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n", b"x: y\r\n" * 500),
}


async def without_end(first: bytes, more: bytes) -> tuple[str, int]:
    """The error that ends it, and how much the provider could say until then."""
    sent = 0

    async def serve(reader, writer):
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(first)
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(more)
                await writer.drain()
                sent += len(more)
                await asyncio.sleep(0)
        writer.close()

    one = client()
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with Scripted() as other:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        error = (await asyncio.wait_for(outcome(one, other.provider(base_url=url)), 60))[3]
    await one.close()
    server.close()
    await server.wait_closed()
    return error, sent


@pytest.mark.parametrize("kind", FOREVER)
def test_what_never_ends_is_ended(runner, kind):
    error, sent = runner.run(without_end(*FOREVER[kind]))
    assert "larger than allowed" in error or "without end" in error
    assert sent < 8 << 20  # what the limits let through, and what sockets hold
