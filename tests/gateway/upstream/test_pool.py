"""Which connection carries a call: one that is known to be good, or a new one. And what giving up leaves behind."""

import asyncio

import pytest

from gateway.errors import UpstreamFailed
from gateway.upstream import connection as connections
from gateway.upstream.port import Unreachable
from tests.gateway.upstream.scripted import EOF, GOOD, HOLD, RESET, Scripted, call, client, until


@pytest.fixture
async def one():
    made = client()
    yield made
    await made.close()


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
