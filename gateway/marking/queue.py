"""Whose file is marked next. All jobs of one lane pass here, so that tenants share its workers, however many data workers.

A data worker's connection is taken, the head of its job read, and the connection itself handed on to a marking worker when its
turn has come (`SCM_RIGHTS`): no file passes through this process, and none is opened here. Turns are those of
`gateway.inspection.fair_queue`: by the seconds that each tenant's jobs took. Where there are several tenants,

- one worker is left for others, if there is more than one: a tenant whose files hang workers keeps nobody else waiting;
- a tenant whose jobs took all the time that they may gets half of it for its next ones, then a quarter, for ten minutes.

    data worker ──connection──▶ queue ──(seconds, head) + connection + end of a pipe──▶ any free marking worker

The pipe's end is closed when the job is done or its worker dies: that is how the queue knows.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import socket
import struct
import time
from collections import Counter
from dataclasses import dataclass, field

import orjson
import structlog

from gateway.inspection.fair_queue import FairQueue, Turn
from gateway.marking.wire import LARGEST_HEAD, PREFIX, BadMessage, head_length

WAITING, SHARE = 256, 0.5
"""Jobs that wait in one lane, and how many of them may be one tenant's; further ones are refused."""
HEAD_SECONDS = 10.0
"""For a data worker to say what its job is."""
ACCEPT_AGAIN_SECONDS = 0.1
LEAST_PATIENCE = 2
"""How often a tenant's time is halved."""
FORGIVEN_SECONDS = 600.0
_SECONDS = struct.Struct(">d")
LARGEST_TURN = _SECONDS.size + LARGEST_HEAD

log = structlog.get_logger("lexgate.marking")


@dataclass(slots=True)
class _Job:
    connection: socket.socket
    head: bytes = field(repr=False)
    seconds: float


@dataclass(slots=True)
class _Patience:
    """Of a tenant whose jobs took all their time: how often, and when last."""

    times: int = 0
    at: float = 0.0


class MarkingQueue:
    """Belongs to one event loop. `turns` is the end of a channel that all marking workers of the lane share.

    `seconds`, `video_seconds`: what one job may take. `several`: whether there is more than one tenant.
    """

    def __init__(
        self, listener: socket.socket, workers: int, seconds: float, video_seconds: float, *, several: bool
    ) -> None:
        self.several = several
        self._listener = listener
        self._workers = workers
        self._seconds = seconds
        self._video_seconds = video_seconds
        self._ours, self.turns = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._queue: FairQueue[_Job] = FairQueue()
        self._waiting: Counter[str] = Counter()
        self._running: Counter[str] = Counter()
        self._impatience: dict[str, _Patience] = {}
        self._arriving: set[asyncio.Task[None]] = set()
        self._ends: dict[int, asyncio.AbstractEventLoop] = {}  # ends of pipes whose other ends workers hold
        for each in (listener, self._ours):
            each.setblocking(False)

    async def run(self) -> None:
        """Takes jobs until the listener is closed."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _ = await loop.sock_accept(self._listener)
            except OSError as problem:
                if self._listener.fileno() < 0:
                    return
                log.error("a marking job could not be taken", problem=type(problem).__name__)
                await asyncio.sleep(ACCEPT_AGAIN_SECONDS)
                continue
            connection.setblocking(False)
            task = asyncio.ensure_future(self._arrived(connection))
            self._arriving.add(task)
            task.add_done_callback(self._arriving.discard)

    def close(self) -> None:
        """Nobody is served any more."""
        for task in self._arriving:
            task.cancel()
        for end, loop in self._ends.items():
            if not loop.is_closed():
                loop.remove_reader(end)
            os.close(end)
        self._ends.clear()
        while (turn := self._queue.take_now()) is not None:
            turn.job.connection.close()
        for each in (self._listener, self._ours, self.turns):
            each.close()

    async def _arrived(self, connection: socket.socket) -> None:
        """Reads the head of a job and puts it in the queue; closes the connection of one that is none, or too many."""
        try:
            async with asyncio.timeout(HEAD_SECONDS):
                head = await _exactly(connection, head_length(await _exactly(connection, PREFIX)))
            said = orjson.loads(head)
            tenant, film = str(said["tenant"]), str(said["media_type"]).startswith("video/")
        except (OSError, EOFError, BadMessage, TimeoutError, ValueError, TypeError, KeyError) as problem:
            log.warning("a marking job could not be read", problem=type(problem).__name__)
            connection.close()
            return
        except asyncio.CancelledError:
            connection.close()
            raise
        if self._waiting.total() >= WAITING or self._waiting[tenant] >= WAITING * SHARE:
            connection.close()
            return
        self._waiting[tenant] += 1
        self._queue.put(tenant, _Job(connection, head, self._video_seconds if film else self._seconds))
        self._next()

    def _next(self) -> None:
        """Hands on what can be."""
        while self._running.total() < self._workers:
            turn = self._queue.take_now(self._passed_over())
            if turn is None:
                return
            self._waiting[turn.tenant] -= 1
            if not self._waiting[turn.tenant]:
                del self._waiting[turn.tenant]
            if _has_left(turn.job.connection) or not self._hand_on(turn):
                self._queue.done(turn, 0.0)
            turn.job.connection.close()

    def _passed_over(self) -> list[str]:
        """Tenants whose turn it is not, though a worker is free: that one is for others."""
        if not self.several or self._workers < 2:
            return []
        return [tenant for tenant, running in self._running.items() if running >= self._workers - 1]

    def _hand_on(self, turn: Turn[_Job]) -> bool:
        """Gives a job to whichever worker takes it; whether that went well."""
        seconds = turn.job.seconds / 2 ** self._halved(turn.tenant)
        end, other = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            message = _SECONDS.pack(seconds) + turn.job.head
            socket.send_fds(self._ours, [message], [turn.job.connection.fileno(), other])
        except OSError as problem:
            log.error("a marking job could not be handed on", problem=type(problem).__name__)
            os.close(end)
            return False
        finally:
            os.close(other)
        self._running[turn.tenant] += 1
        loop = self._ends[end] = asyncio.get_running_loop()
        loop.add_reader(end, self._over, turn, end, time.monotonic(), seconds)
        return True

    def _over(self, turn: Turn[_Job], end: int, started: float, seconds: float) -> None:
        """A job is done, or its worker died."""
        self._ends.pop(end).remove_reader(end)
        done = bool(os.read(end, 1))
        os.close(end)
        took = time.monotonic() - started
        self._running[turn.tenant] -= 1
        if not self._running[turn.tenant]:
            del self._running[turn.tenant]
        self._queue.done(turn, took)
        if not done and took >= seconds:
            self._lose_patience(turn.tenant)
        self._next()

    def _lose_patience(self, tenant: str) -> None:
        now = time.monotonic()
        self._impatience = {name: it for name, it in self._impatience.items() if now - it.at < FORGIVEN_SECONDS}
        patience = self._impatience.setdefault(tenant, _Patience())
        patience.times, patience.at = min(LEAST_PATIENCE, patience.times + 1), now

    def _halved(self, tenant: str) -> int:
        patience = self._impatience.get(tenant)
        if patience is None or not self.several or time.monotonic() - patience.at >= FORGIVEN_SECONDS:
            return 0
        return patience.times


def taken(turns: socket.socket) -> tuple[float, bytes, socket.socket, int]:
    """A worker's turn: (seconds, head of the job, its connection, the end of a pipe). Raises TimeoutError, OSError, BadMessage.

    Write a byte to the pipe when the job is done, and close it in any case.
    """
    message, ends, _, _ = socket.recv_fds(turns, LARGEST_TURN, 2, socket.MSG_CMSG_CLOEXEC)
    if not message:
        raise BadMessage("the queue is gone")
    if len(ends) != 2:
        for end in ends:
            os.close(end)
        raise BadMessage("a turn comes with two descriptors")
    (seconds,) = _SECONDS.unpack_from(message)
    return seconds, message[_SECONDS.size :], socket.socket(fileno=ends[0]), ends[1]


async def _exactly(connection: socket.socket, size: int) -> bytes:
    """So many bytes and no more: what follows is the worker's. Raises EOFError."""
    loop, data = asyncio.get_running_loop(), bytearray()
    while len(data) < size:
        piece = await loop.sock_recv(connection, size - len(data))
        if not piece:
            raise EOFError
        data += piece
    return bytes(data)


def _has_left(connection: socket.socket) -> bool:
    """Whether the data worker has given a job up: then nobody works for it."""
    poll = select.poll()
    with contextlib.suppress(OSError):
        poll.register(connection, select.POLLRDHUP)
        return bool(poll.poll(0))
    return True
