"""A server that says exactly what a test tells it to, byte by byte, whatever HTTP would have to say about it."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import Sequence
from typing import Self

from gateway.settings import Provider, Timeouts
from gateway.upstream.answer import Answer
from gateway.upstream.http1 import Http1Client

GOOD = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ngood"
EOF, RESET, HOLD = "eof", "reset", "hold"


class Scripted:
    """`scripts[path]`: pieces to write one by one, then EOF, RESET, HOLD (until `release`), or on to the next request."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.scripts: dict[str, Sequence[bytes | str]] = {}
        self.requests: list[tuple[int, bytes, bytes]] = []  # connection, head, body
        self.connections = 0
        self.ended = 0
        self.release = asyncio.Event()
        self._tls = tls
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def provider(self, **more: object) -> Provider:
        return Provider(**{"name": "scripted", "base_url": self.url, "jurisdiction": "DE", **more})

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._tasks.add(task)
        self.connections += 1
        connection = self.connections
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                self.requests.append((connection, head, await reader.readexactly(length)))
                path = head.split(b" ", 2)[1].decode()
                if not await self._play(self.scripts.get(path, [GOOD]), writer):
                    return
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError, ssl.SSLError):
            pass  # the client closed, or the test is over: it looks at its own side
        finally:
            self.ended += 1
            self._tasks.discard(task)
            writer.close()

    async def _play(self, script: Sequence[bytes | str], writer: asyncio.StreamWriter) -> bool:
        for step in script:
            if step == EOF:
                return False
            if step == RESET:
                raw = writer.get_extra_info("socket")
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
                return False
            if step == HOLD:
                await self.release.wait()
                continue
            writer.write(step)
            await writer.drain()
            await asyncio.sleep(0)  # the client reads what is there before more comes
        return True


def client(**timeouts: float) -> Http1Client:
    return Http1Client(Timeouts(**timeouts))


async def call(
    one: Http1Client,
    provider: Provider,
    path: str = "/good",
    body: bytes = b"{}",
    headers: dict[str, str] | None = None,
) -> bytes:
    """One call, read to its end."""
    answer = await one.post(provider, path, headers or {"content-type": "application/json"}, body)
    try:
        return b"".join([chunk async for chunk in answer.chunks()])
    finally:
        answer.close()


async def read(answer: Answer, into: list[bytes]) -> None:
    """The rest of an answer, piece by piece: what has arrived is kept when the rest fails."""
    async for chunk in answer.chunks():
        into.append(chunk)


async def until(condition) -> None:
    """Waits until something has come about; the suite's own timeout is the limit."""
    while not condition():
        await asyncio.sleep(0.002)
