"""An inspector process: answers calls over a Unix socket, runs them in one thread, keeps its event loop free.

Hyperscan's scratch space and model sessions belong to the thread that made them; so the methods are built and run in
one dedicated thread. A method may work in steps (`gateway.inspection.steps`): then many calls take turns, fairly among
tenants, small ones before large ones. The queue is bounded, also for each tenant: what does not fit is refused at once,
what waited beyond its caller's deadline is not begun, or not gone on with.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket as sockets
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.inspection.fair_queue import FairQueue
from gateway.inspection.frames import FrameError, Unpacker, pack

Methods = Mapping[str, Callable[[Any], Any]]

MAX_WAITING = 256
"""Calls waiting or running; more are refused as overload."""

SHARE = 0.875
"""Of all waiting calls so many may be one tenant's: there is room for others whatever it does."""

TURN_S = 0.01
"""How long a call that works in steps goes on while others wait."""

STUCK_S = 5.0
"""CPU seconds beyond its caller's deadline that a step may take before its process is given up."""
LONGEST_S = 86_400.0
"""A later deadline is taken for this one: the kernel's clocks have an end."""
WAITING_S = 60.0
"""Seconds by the clock after which a step waits for what never comes."""

DRAIN_S = 5.0
"""How long a stopping inspector goes on with the calls it has."""

_log = logging.getLogger(__name__)


async def serve(
    socket: Path,
    methods: Methods | Callable[[], Methods],
    ready: Callable[[], None] | None = None,
    *,
    max_waiting: int = MAX_WAITING,
    dies_when_stuck: bool = False,
) -> None:
    """Answer until SIGTERM, SIGINT or cancellation. `methods` may be a function: it is called in the worker thread.

    `dies_when_stuck`: a step that computes STUCK_S beyond its call's deadline, or waits for WAITING_S, ends the process, so
    that its supervisor makes a new one. For processes that do nothing else: their SIGPROF and SIGALRM are used.

    `ready` is called when the socket listens and the methods are built. Whatever building raises ends the process.
    """
    loop = asyncio.get_running_loop()
    worker = _Worker(methods, loop, max_waiting, dies_when_stuck)
    await worker.start()
    _remove(socket)
    server = await loop.create_unix_server(lambda: _Connection(worker, loop), str(socket), backlog=128)
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
    """The one thread that runs methods. It sends its answers itself: to wake the loop for each costs as much as a short text."""

    def __init__(
        self, methods: Methods | Callable[[], Methods], loop: asyncio.AbstractEventLoop, limit: int, mortal: bool
    ) -> None:
        self._make: Callable[[], Methods] = methods if callable(methods) else (lambda: methods)
        self._loop = loop
        self._limit = limit
        self._mortal = mortal
        self._counting = threading.Lock()  # of what follows: the loop takes calls, the thread ends them
        self._waiting = 0
        self._of_tenant: Counter[str] = Counter()
        self._work: FairQueue[_Call] = FairQueue()
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
        self._work.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._finished.wait(), DRAIN_S)
        for connection in tuple(self.connections):
            connection.hang_up()

    def submit(self, call: _Call) -> None:
        most = max(2, int(self._limit * SHARE))
        with self._counting:
            fits = self._waiting < self._limit and self._of_tenant[call.tenant] < most
            if fits:
                self._waiting += 1
                self._of_tenant[call.tenant] += 1
        if fits:
            self._work.put(call.tenant, call)
        else:
            call.connection.answer(pack([call.number, False, "overload"]))

    def _run(self) -> None:
        try:
            methods = self._make()
        except BaseException as problem:
            self._loop.call_soon_threadsafe(self._built.set_exception, problem)
            return
        self._loop.call_soon_threadsafe(self._built.set_result, None)
        while (turn := self._work.take()) is not None:
            begun = time.monotonic()
            self._alarm(min(max(turn.job.deadline - begun, 0.0), LONGEST_S) + STUCK_S, WAITING_S)
            answer = turn.job.go_on(methods, lambda: self._work.contended)
            self._alarm(0.0, 0.0)
            used = time.monotonic() - begun
            if answer is None:
                self._work.back(turn, used)
                continue
            self._work.done(turn, used)
            self._ended(turn.job)
            turn.job.connection.answer(answer)
        self._loop.call_soon_threadsafe(self._finished.set)

    def _alarm(self, busy: float, waiting: float) -> None:
        """The kernel ends this process when so many seconds of CPU, or of the clock, are used up by one step.

        No code of ours need run for it, nor hold the interpreter. CPU time, so that a busy machine is no reason to die.
        """
        if self._mortal:
            signal.setitimer(signal.ITIMER_PROF, busy)
            signal.setitimer(signal.ITIMER_REAL, waiting)

    def _ended(self, call: _Call) -> None:
        with self._counting:
            self._waiting -= 1
            self._of_tenant[call.tenant] -= 1
            if not self._of_tenant[call.tenant]:
                del self._of_tenant[call.tenant]


@dataclass(slots=True)
class _Call:
    """One call and how far it is."""

    connection: _Connection
    number: int
    method: str
    payload: Any
    deadline: float  # monotonic seconds
    tenant: str
    steps: Generator[None, None, Any] | None = None

    def go_on(self, methods: Methods, contended: Callable[[], bool]) -> bytes | None:
        """The answer, or None if it is not ready and others want their turn.

        A failure is told by its kind: messages of exceptions may hold content.
        """
        begun = time.monotonic()
        if begun >= self.deadline or self.connection.gone:
            return pack([self.number, False, "deadline"])
        try:
            run = methods.get(self.method)
            if run is None:
                return pack([self.number, False, "unknown method"])
            if self.steps is None:
                result = run(self.payload)
                self.payload = None
                if not isinstance(result, Generator):
                    return pack([self.number, True, result])
                self.steps = result
            try:
                while True:
                    next(self.steps)
                    now = time.monotonic()
                    if now >= self.deadline:
                        return pack([self.number, False, "deadline"])
                    if now - begun >= TURN_S and contended():
                        return None
            except StopIteration as end:
                return pack([self.number, True, end.value])  # in both: what cannot be packed is a failure, too
        except Exception as problem:
            _log.error("inspection method %s failed: %s", self.method, type(problem).__name__)
            return pack([self.number, False, f"failed: {type(problem).__name__}"])


class _Connection(asyncio.Protocol):
    """One data worker's connection. It is read by the loop; whoever has an answer sends it."""

    def __init__(self, worker: _Worker, loop: asyncio.AbstractEventLoop) -> None:
        self._worker = worker
        self._loop = loop
        self._unpacker = Unpacker()
        self._transport: asyncio.Transport | None = None
        # Frames never stand in one another. It can be taken twice: a loop may say inside of a write that all is sent.
        self._sending = threading.RLock()
        self._socket: sockets.socket | None = None  # our own hold on it: its number is nobody else's until we let go
        self._behind: list[bytes] = []  # what waits for the loop, which waits for the peer
        self._full = False  # the loop has not sent all yet

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # a stream server's transports are asyncio.Transport
        transport.set_write_buffer_limits(high=0)  # type: ignore[attr-defined]  # so that we hear when it is empty
        try:
            self._socket = transport.get_extra_info("socket").dup()
        except OSError as problem:  # no descriptor is left: its caller finds another inspector, or refuses
            _log.error("inspection connection closed: %s", type(problem).__name__)
            transport.abort()  # type: ignore[attr-defined]
            return
        self._socket.setblocking(False)
        self._worker.connections.add(self)
        if self._worker.closing:  # accepted while the service was stopping: nobody would answer
            self.hang_up()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._transport = None
        with self._sending:
            if self._socket is not None:
                self._socket.close()
            self._socket = None
        self._worker.connections.discard(self)

    @property
    def gone(self) -> bool:
        """Whether nobody waits for its answers any more."""
        return self._transport is None

    def hang_up(self) -> None:
        """Close after what was written is sent."""
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        try:
            for number, method, payload, seconds, tenant in self._unpacker.feed(data):
                self._worker.submit(_Call(self, number, method, payload, time.monotonic() + seconds, tenant))
        except (FrameError, TypeError, ValueError) as problem:
            _log.error("inspection connection closed: %s", type(problem).__name__)
            if self._transport is not None:
                self._transport.abort()

    def answer(self, frame: bytes) -> None:
        """Send, from any thread; a caller that left in the meantime gets nothing. What does not fit now, the loop sends."""
        with self._sending:
            if self._socket is None:
                return
            sent = 0
            if not self._behind and not self._full:
                try:
                    with contextlib.suppress(BlockingIOError):
                        sent = self._socket.send(frame)
                except OSError:  # it left; the loop will hear of it
                    return
            if sent < len(frame):
                if not self._behind:
                    self._loop.call_soon_threadsafe(self._go_on)
                self._behind.append(frame[sent:])

    def _go_on(self) -> None:
        with self._sending:
            rest, self._behind = self._behind, []
            if self._transport is not None:
                self._full = True
                self._transport.write(b"".join(rest))
                self._full = self._transport.get_write_buffer_size() > 0

    def resume_writing(self) -> None:
        """All is sent."""
        with self._sending:
            self._full = False
