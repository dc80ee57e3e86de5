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
