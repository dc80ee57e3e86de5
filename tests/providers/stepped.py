"""The stepped provider: a real HTTP server whose streams send one event for each permission, so that a test needs no clock.

An event that a gateway holds back until the next one comes would never arrive here: the test gives the next permission
only after it has read the event. What the gateway does when its caller leaves is seen as the end of the connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from asyncio import StreamReader, StreamWriter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.providers import answers
from tests.providers.behaviour import parse
from tests.providers.canned import CannedProvider, Received, _frame, _received

SECONDS = 20.0


@dataclass(slots=True)
class SteppedProvider(CannedProvider):
    """The server. From another thread: `allow(n)` permits n more events, `left` is set when the gateway hangs up."""

    sent: int = 0
    left: threading.Event = field(default_factory=threading.Event)
    _permits: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    _loop: asyncio.AbstractEventLoop | None = None

    def allow(self, events: int = 1) -> None:
        assert self._loop is not None
        for _ in range(events):
            self._loop.call_soon_threadsafe(self._permits.release)

    def begin(self) -> None:
        """Forgets permissions and what was sent, for the next stream."""
        self.sent = 0
        self.left.clear()
        self._permits = asyncio.Semaphore(0)

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        async for received in _received(reader, 0):
            self._remember(received)
            ended = asyncio.ensure_future(reader.read(1))
            stream = asyncio.ensure_future(self._events(received, writer))
            await asyncio.wait({ended, stream}, return_when=asyncio.FIRST_COMPLETED)
            if not stream.done():
                stream.cancel()
                self.left.set()
            ended.cancel()
            break
        writer.close()

    async def _events(self, received: Received, writer: StreamWriter) -> None:
        """Head at once; then an event in an HTTP chunk of its own for each permission."""
        request = received.json()
        anthropic = received.path.startswith("/v1/messages")
        behaviour = parse(str(request["model"]))
        said = answers.answer(request, received.body, behaviour)
        writer.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
        )
        await writer.drain()
        for name, data in (answers.anthropic_events if anthropic else answers.openai_events)(said, request):
            await self._permits.acquire()
            frame = _frame(behaviour, name, data)
            self.sent += 1
            writer.write(b"%x\r\n%b\r\n" % (len(frame), frame))
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        await writer.drain()


@contextlib.contextmanager
def stepped(record: Path) -> Iterator[SteppedProvider]:
    """The provider on a thread of its own, until the block ends."""
    provider = SteppedProvider(record=record)
    ready, loop = threading.Event(), asyncio.new_event_loop()
    ended = asyncio.Event()

    async def serve() -> None:
        provider._loop = loop
        async with provider:
            ready.set()
            await ended.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    if not ready.wait(SECONDS):
        raise AssertionError("the stepped provider does not start")
    try:
        yield provider
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(SECONDS)
        loop.close()
