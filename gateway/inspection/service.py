"""An inspector process: answers calls over a Unix socket, runs them in one thread, keeps its event loop free.

Hyperscan's scratch space and model sessions belong to the thread that made them; so the methods are built and run in
one dedicated thread. Between two calls it reads its callers' sockets itself and sends its answers; while one step of a
call takes long, the event loop's thread reads them, so that what does not fit is refused soon. A method may work in
steps (`gateway.inspection.steps`): then many calls take turns, fairly among tenants, small ones before large ones. The
queue is bounded, also for each tenant: what does not fit is refused, what waited beyond its caller's deadline is not
begun, or not gone on with.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import signal
import socket as sockets
import threading
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import GeneratorType
from typing import Any

from gateway.inspection.connections import Connection, Connections
from gateway.inspection.fair_queue import FairQueue
from gateway.inspection.frames import pack

Methods = Mapping[str, Callable[[Any], Any]]

MAX_WAITING = 256
"""Calls waiting or running; more are refused as overload."""

SHARE = 0.875
"""Of all waiting calls so many may be one tenant's: there is room for others whatever it does."""

TURN_S = 0.01
"""How long a call that works in steps goes on while others wait."""

LONG_STEP_S = 0.5
"""After so long in one step the thread's callers are read in its place."""

STUCK_S = 5.0
"""CPU seconds beyond its caller's deadline that a step may take before its process is given up."""
LONGEST_S = 86_400.0
"""A later deadline is taken for this one: the kernel's clocks have an end."""
WAITING_S = 60.0
"""Seconds by the clock after which a step waits for what never comes."""

DRAIN_S = 5.0
"""How long a stopping inspector goes on with the calls it has."""

_BACKLOG = 128
_NO_DESCRIPTORS_S = 1.0
"""How long nobody new is taken in after a connection could not be: the descriptors may be used up."""

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

    `ready` is called when the socket listens and the methods are built. Whatever building raises ends the process, and so
    does what nobody expected the thread to raise.
    """
    loop = asyncio.get_running_loop()
    worker = _Worker(methods, loop, max_waiting, dies_when_stuck)
    await worker.start()
    listener = _listener(socket)
    loop.add_reader(listener, _accept, loop, listener, worker)
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        if threading.current_thread() is threading.main_thread():
            loop.add_signal_handler(name, stop.set)
    understudy = asyncio.ensure_future(worker.read_in_long_steps())
    try:
        if ready is not None:
            ready()
        await _until(stop, worker.failed, understudy)
    finally:
        socket.unlink(missing_ok=True)  # first: from here on nobody finds us, and whoever still does is hung up
        loop.remove_reader(listener)
        listener.close()
        understudy.cancel()
        await worker.close()


async def _until(stop: asyncio.Event, *needed: asyncio.Future[None]) -> None:
    """Wait to be stopped. Raises what ended one of those without whom callers are not answered, or not read."""
    stopped = asyncio.ensure_future(stop.wait())
    awaited: list[asyncio.Future[Any]] = [stopped, *needed]
    try:
        await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopped.cancel()
    for each in needed:
        if each.done():
            each.result()


def _listener(path: Path) -> sockets.socket:
    path.unlink(missing_ok=True)
    listener = sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM)
    try:
        listener.bind(str(path))
        path.chmod(0o600)  # before anybody can connect
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener


def _accept(loop: asyncio.AbstractEventLoop, listener: sockets.socket, worker: _Worker) -> None:
    try:
        socket, _ = listener.accept()
    except BlockingIOError:
        return
    except OSError as problem:  # no descriptor is left: its caller finds another inspector, or refuses
        _log.error("inspection connection not taken: %s", type(problem).__name__)
        loop.remove_reader(listener)
        loop.call_later(_NO_DESCRIPTORS_S, _go_on_accepting, loop, listener, worker)
        return
    worker.connections.add(socket)


def _go_on_accepting(loop: asyncio.AbstractEventLoop, listener: sockets.socket, worker: _Worker) -> None:
    if listener.fileno() >= 0:
        loop.add_reader(listener, _accept, loop, listener, worker)


class _Worker:
    """The one thread that runs methods, and what is shared with the loop's."""

    def __init__(
        self, methods: Methods | Callable[[], Methods], loop: asyncio.AbstractEventLoop, limit: int, mortal: bool
    ) -> None:
        self._make: Callable[[], Methods] = methods if callable(methods) else (lambda: methods)
        self._loop = loop
        self._limit = limit
        self._most = max(2, int(limit * SHARE))  # one tenant's
        self._mortal = mortal
        self._counting = threading.Lock()  # of what follows: either thread takes calls, this one ends them
        self._waiting = 0
        self._of_tenant: dict[str, int] = {}
        self._work: FairQueue[_Call] = FairQueue()
        self._built: asyncio.Future[None] = loop.create_future()
        self.failed: asyncio.Future[None] = loop.create_future()  # has what ended the thread, if something did
        self._finished = asyncio.Event()
        self._closing = False
        self._stepping = threading.Lock()  # held by the other thread while it reads: until then the step does not end
        self._step_since: float | None = None  # when the step that runs now began
        self.connections = Connections(self._take)
        self._thread = threading.Thread(target=self._run, name="inspector", daemon=True)

    async def start(self) -> None:
        self._thread.start()
        await self._built

    async def close(self) -> None:
        """Finish what was accepted, within DRAIN_S, then hang up. A thread inside a longer call dies with the process."""
        self._closing = True
        self.connections.wake()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._finished.wait(), DRAIN_S)
        self.connections.hang_up()

    async def read_in_long_steps(self) -> None:
        """Read callers in the worker's place where it has not come to it for long.

        Never while it may be about to wait for them: it would not hear of the calls that were read for it.
        """
        while True:
            await asyncio.sleep(LONG_STEP_S)
            with self._stepping:
                since = self._step_since
                if since is not None and time.monotonic() - since >= LONG_STEP_S:
                    self.connections.serve(0)

    def _take(self, connection: Connection, message: Any) -> None:
        """A call has come. Raises TypeError or ValueError for what is none."""
        number, method, payload, deadline, tenant = message
        if not math.isfinite(deadline):  # raises TypeError for what is no number
            raise ValueError("a deadline that is no time")
        call = _Call(connection, number, method, payload, deadline, tenant)
        with self._counting:
            its = self._of_tenant.get(tenant, 0)
            fits = self._waiting < self._limit and its < self._most
            if fits:
                self._waiting += 1
                self._of_tenant[tenant] = its + 1
        if fits:
            self._work.put(tenant, call)
        else:
            self.connections.answer(connection, pack([number, False, "overload"]))

    def _run(self) -> None:
        try:
            methods = self._make()
        except BaseException as problem:
            self._loop.call_soon_threadsafe(self._built.set_exception, problem)
            return
        self._loop.call_soon_threadsafe(self._built.set_result, None)
        try:
            while self._heard():
                self._turn(methods)
        except BaseException as problem:
            # by its kind: messages of exceptions may hold content
            self._tell(
                self.failed.set_exception, RuntimeError(f"the inspector's thread ended: {type(problem).__name__}")
            )
        self.connections.close()
        self._tell(self._finished.set)

    def _tell(self, what: Callable[..., object], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop did not wait for us
            self._loop.call_soon_threadsafe(what, *arguments)

    def _heard(self) -> bool:
        """Read what callers say, or wait for it. False once there is nothing to do, and nothing more to come."""
        closing = self._closing  # read before the sockets are: what lies in them was sent to a service that listened
        self.connections.serve(0 if self._work.contended else None)
        return not closing or self._work.contended or self.connections.behind

    def _turn(self, methods: Methods) -> None:
        """Go on with the call whose turn it is, if there is one."""
        turn = self._work.take_now()
        if turn is None:
            return
        begun = self._step_since = time.monotonic()
        self._alarm(min(max(turn.job.deadline - begun, 0.0), LONGEST_S) + STUCK_S, WAITING_S)
        answer = turn.job.go_on(methods, self._contended)
        self._alarm(0.0, 0.0)
        with self._stepping:
            self._step_since = None
        used = time.monotonic() - begun
        if answer is None:
            self._work.back(turn, used)
            return
        self._work.done(turn, used)
        self._ended(turn.job)
        self.connections.answer(turn.job.connection, answer)

    def _contended(self) -> bool:
        """Whether others wait, those included that have come in the meantime."""
        self._step_since = time.monotonic()
        self.connections.serve(0)
        return self._work.contended

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
            left = self._of_tenant[call.tenant] - 1
            if left:
                self._of_tenant[call.tenant] = left
            else:
                del self._of_tenant[call.tenant]


@dataclass(slots=True)
class _Call:
    """One call and how far it is."""

    connection: Connection
    number: int
    method: str
    payload: Any
    deadline: float  # of the monotonic clock, seconds
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
                if not isinstance(result, GeneratorType):
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
