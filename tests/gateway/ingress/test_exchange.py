"""A call on a connection of ours: what a body that came at once must not hide."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest
import uvicorn

from gateway.ingress.connection import limited
from gateway.settings import Limits
from tests.gateway.ingress.test_connection import echo


@asynccontextmanager
async def served(serve):
    config = uvicorn.Config(
        echo, port=0, http=limited(Limits(), serve), ws="none", lifespan="off", log_config=None, access_log=False
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


@pytest.mark.parametrize("size", [10, 200_000])
async def test_a_caller_that_leaves_is_noticed_however_large_its_body_was(size):
    gone, read = asyncio.Event(), asyncio.Event()

    async def serve(endpoint, caller):
        del endpoint
        assert len(await caller.read_body(1_000_000, 5)) == size
        caller.cancel_when_gone(asyncio.current_task())
        read.set()
        try:
            await asyncio.sleep(8)
        except asyncio.CancelledError:
            gone.set()

    async with served(serve) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /v1/messages HTTP/1.1\r\nhost: a\r\ncontent-length: %d\r\n\r\n" % size + b"x" * size)
        await writer.drain()
        await asyncio.wait_for(read.wait(), 5)
        writer.transport.abort()
        await asyncio.wait_for(gone.wait(), 4)
        del reader


async def test_a_head_that_cannot_be_written_is_no_started_answer():
    seen = []

    async def serve(endpoint, caller):
        del endpoint
        await caller.read_body(100, 5)
        with pytest.raises(ValueError, match="header field"):
            await caller.start(200, [(b"x", b"a\r\nset-cookie: b")])
        seen.append(caller.started)
        await caller.start(500, [(b"content-length", b"0")])
        await caller.send(b"", more=False)

    async with served(serve) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /v1/messages HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\n\r\nx")
        assert (await reader.readline()).startswith(b"HTTP/1.1 500")
        writer.close()
    assert seen == [False]


async def test_an_answer_is_not_broken_into_while_another_request_waits_behind_it():
    async def serve(endpoint, caller):
        del endpoint
        await caller.read_body(100, 5)
        await caller.start(200, [])
        await caller.send(b"one")
        await asyncio.sleep(1.2)
        await caller.send(b"two", more=False)

    request = b"POST /v1/messages HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\n\r\nx"
    async with served(serve) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request + request.replace(b"/v1/messages", b"/v1/other"))
        writer.write_eof()
        answers = await asyncio.wait_for(reader.read(), 5)
        writer.close()
    assert b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n" in answers
    assert answers.endswith(b"\r\n\r\n1")


async def test_a_refusal_is_not_written_into_an_answer_that_has_begun():
    begun = asyncio.Event()

    async def serve(endpoint, caller):
        del endpoint
        await caller.read_body(100, 5)
        await caller.start(200, [])
        await caller.send(b"one")
        begun.set()
        await asyncio.sleep(1)

    async with served(serve) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /v1/messages HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\n\r\nx")
        await asyncio.wait_for(begun.wait(), 5)
        writer.write(b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 1000 + b"\r\n")
        try:
            answer = await asyncio.wait_for(reader.readuntil(b"one\r\n"), 5)
            answer += await asyncio.wait_for(reader.read(), 5)
        except ConnectionResetError:
            answer += b""
        writer.close()
    assert answer.endswith(b"3\r\none\r\n")


WHOLE = b"POST /v1/messages HTTP/1.1\r\nhost: a\r\nx: %b\r\ncontent-length: 2\r\n\r\nhi"


async def say(endpoint, caller):
    """Answers with what was asked."""
    asked = b"%b %b %b" % (
        endpoint.path.encode(),
        caller.headers.get(b"x", b"-"),
        await caller.read_body(100, 5),
    )
    await caller.start(200, [(b"content-length", b"%d" % len(asked))])
    await caller.send(asked, more=False)


async def test_whole_requests_one_after_the_other_are_answered_as_those_in_pieces_are():
    async with served(say) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for name, cuts in ((b"a", (9,)), (b"b", ()), (b"c", (40, 60)), (b"d", ()), (b"e", ())):
            request = WHOLE % name
            for start, end in zip((0, *cuts), (*cuts, len(request)), strict=True):
                writer.write(request[start:end])
                await writer.drain()
                await asyncio.sleep(0.02)
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
            assert await reader.readexactly(len("/v1/messages  hi") + 1) == b"/v1/messages %b hi" % name
        writer.close()


async def test_requests_in_one_piece_are_answered_in_turn():
    async with served(say) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(2):
            writer.write(WHOLE % b"a")
            await reader.readuntil(b"/v1/messages a hi")
        writer.write(WHOLE % b"b" + WHOLE % b"c")
        said = await reader.readuntil(b"/v1/messages b hi")
        assert b"c hi" not in said
        assert await reader.readuntil(b"\r\n\r\n")
        writer.close()


REQUEST = b"POST /v1/messages HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\n\r\nx"


async def answered(caller):
    await caller.read_body(100, 5)
    if not caller.answer_whole(200, [], b"y"):
        await caller.start(200, [(b"content-length", b"1")])
        await caller.send(b"y", more=False)


async def asked(reader, writer):
    writer.write(REQUEST)
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    assert head.startswith(b"HTTP/1.1 200")
    assert await reader.readexactly(1) == b"y"


async def test_the_calls_of_a_connection_share_a_task_that_ends_with_it():
    tasks = []

    async def serve(endpoint, caller):
        del endpoint
        tasks.append(asyncio.current_task())
        assert caller.task is tasks[-1]
        await answered(caller)

    async with served(serve) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(3):
            await asked(reader, writer)
        assert len(set(tasks)) == 1
        assert not tasks[0].done()
        writer.close()
        await asyncio.wait(tasks, timeout=5)
        assert tasks[0].done()


async def test_a_call_before_which_one_has_not_ended_has_a_task_of_its_own():
    tasks, ends = [], asyncio.Event()

    async def serve(endpoint, caller):
        del endpoint
        tasks.append(asyncio.current_task())
        await answered(caller)
        if len(tasks) == 1:
            await ends.wait()  # its answer is out, and there is still something to do for it

    async with served(serve) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await asked(reader, writer)
        await asked(reader, writer)
        ends.set()
        await asked(reader, writer)
        assert tasks[0] is not tasks[1]
        assert tasks[1] is tasks[2]
        writer.close()
        done, pending = await asyncio.wait(set(tasks), timeout=5)
        assert (len(done), len(pending)) == (2, 0)


async def test_a_call_that_fails_does_not_end_the_service_of_others():
    async def serve(endpoint, caller):
        del endpoint
        await caller.read_body(100, 5)
        raise RuntimeError("a fault of ours")

    async with served(serve) as port:
        for _ in range(2):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(REQUEST)
            assert await asyncio.wait_for(reader.read(), 5) == b""  # closed: an answer that did not come to its end
            writer.close()


async def test_a_cancelled_call_leaves_nothing_to_the_next_one():
    async def serve(endpoint, caller):
        del endpoint
        task = asyncio.current_task()
        task.cancel("the log is gone")
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            task.uncancel()
        await answered(caller)
        async with asyncio.timeout(5):
            await asyncio.sleep(0)
        assert task.cancelling() == 0

    async with served(serve) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(3):
            await asked(reader, writer)
        writer.close()
