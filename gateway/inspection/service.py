"""An inspector process: answers calls over a Unix socket, runs them in one thread, keeps its event loop free.

Hyperscan's scratch space and model sessions belong to the thread that made them; so the methods are built and run in
one dedicated thread, in order of arrival. The queue is bounded: what does not fit is refused at once, what waited
beyond its caller's deadline is not begun.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from gateway.inspection.frames import FrameError, Unpacker, pack

Methods = Mapping[str, Callable[[Any], Any]]

MAX_WAITING = 256
"""Calls waiting or running; more are refused as overload."""

DRAIN_S = 5.0
"""How long a stopping inspector goes on with the calls it has."""

_log = logging.getLogger(__name__)


async def serve(
    socket: Path,
    methods: Methods | Callable[[], Methods],
    ready: Callable[[], None] | None = None,
    *,
    max_waiting: int = MAX_WAITING,
) -> None:
    """Answer until SIGTERM, SIGINT or cancellation. `methods` may be a function: it is called in the worker thread.

    `ready` is called when the socket listens and the methods are built. Whatever building raises ends the process.
    """
    loop = asyncio.get_running_loop()
    worker = _Worker(methods, loop, max_waiting)
    await worker.start()
    _remove(socket)
    server = await loop.create_unix_server(lambda: _Connection(worker), str(socket), backlog=128)
    os.chmod(socket, 0o600)  # noqa: PTH101 - a local socket, before anybody is served
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        if threading.current_thread() is threading.main_thread():
            loop.add_signal_handler(name, stop.set)
    try:
        if ready is not None:
            ready()
        await stop.wait()
    finally:
        _remove(socket)  # first: from here on nobody finds us, and whoever still does is hung up
        await worker.close()
        server.close()


def _remove(socket: Path) -> None:
    socket.unlink(missing_ok=True)


class _Worker:
    """The one thread that runs methods, and the way its answers come back to the loop."""

    def __init__(self, methods: Methods | Callable[[], Methods], loop: asyncio.AbstractEventLoop, limit: int) -> None:
        self._make: Callable[[], Methods] = methods if callable(methods) else (lambda: methods)
        self._loop = loop
        self._limit = limit
        self._waiting = 0  # counted on the loop
        self._work: SimpleQueue[tuple[_Connection, int, str, Any, float] | None] = SimpleQueue()
        self._done: deque[tuple[_Connection, bytes]] = deque()
        self._flushing = False
        self._built: asyncio.Future[None] = loop.create_future()
        self._finished = asyncio.Event()
        self.closing = False
        self.connections: set[_Connection] = set()
        self._thread = threading.Thread(target=self._run, name="inspector", daemon=True)

    async def start(self) -> None:
        self._thread.start()
        await self._built

    async def close(self) -> None:
        """Finish what was accepted, within DRAIN_S, then hang up. A thread inside a longer call dies with the process."""
        self.closing = True
        self._work.put(None)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._finished.wait(), DRAIN_S)
        for connection in tuple(self.connections):
            connection.hang_up()

    def submit(self, connection: _Connection, number: int, method: str, payload: Any, seconds: float) -> None:
        if self._waiting >= self._limit:
            connection.answer(pack([number, False, "overload"]))
            return
        self._waiting += 1
        self._work.put((connection, number, method, payload, time.monotonic() + seconds))

    def _run(self) -> None:
        try:
            methods = self._make()
        except BaseException as problem:
            self._loop.call_soon_threadsafe(self._built.set_exception, problem)
            return
        self._loop.call_soon_threadsafe(self._built.set_result, None)
        while (item := self._work.get()) is not None:
            connection, number, method, payload, deadline = item
            self._done.append((connection, _answer(methods, number, method, payload, deadline)))
            if not self._flushing:  # one wake-up of the loop for all answers that are ready by then
                self._flushing = True
                self._loop.call_soon_threadsafe(self._flush)
        self._loop.call_soon_threadsafe(self._finished.set)

    def _flush(self) -> None:
        self._flushing = False  # before the answers are taken: one added from here on schedules its own flush
        while self._done:
            connection, frame = self._done.popleft()
            self._waiting -= 1
            connection.answer(frame)


def _answer(methods: Methods, number: int, method: str, payload: Any, deadline: float) -> bytes:
    """Run one call. A failure is told by its kind: messages of exceptions may hold content."""
    if time.monotonic() >= deadline:
        return pack([number, False, "deadline"])
    run = methods.get(method)
    if run is None:
        return pack([number, False, "unknown method"])
    try:
        return pack([number, True, run(payload)])
    except Exception as problem:
        _log.error("inspection method %s failed: %s", method, type(problem).__name__)
        return pack([number, False, f"failed: {type(problem).__name__}"])


class _Connection(asyncio.Protocol):
    """One data worker's connection."""

    def __init__(self, worker: _Worker) -> None:
        self._worker = worker
        self._unpacker = Unpacker()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # a stream server's transports are asyncio.Transport
        self._worker.connections.add(self)
        if self._worker.closing:  # accepted while the service was stopping: nobody would answer
            self.hang_up()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._transport = None
        self._worker.connections.discard(self)

    def hang_up(self) -> None:
        """Close after what was written is sent."""
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        try:
            for number, method, payload, seconds in self._unpacker.feed(data):
                self._worker.submit(self, number, method, payload, seconds)
        except (FrameError, TypeError, ValueError) as problem:
            _log.error("inspection connection closed: %s", type(problem).__name__)
            if self._transport is not None:
                self._transport.abort()

    def answer(self, frame: bytes) -> None:
        """Send; a caller that left in the meantime gets nothing."""
        if self._transport is not None:
            self._transport.write(frame)
