"""A stand of marking workers for tests: real processes on a real socket, each with a way of marking of its own."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import multiprocessing.connection
import os
import resource
import signal
import socket
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

import watermark.manifest  # loaded before workers are forked, as a real one loads what it needs
import watermark.prints.picture  # noqa: F401
from gateway.marking.client import MarkingClient
from gateway.marking.queue import MarkingQueue
from gateway.marking.worker import Bounds, confine, listen, serve
from watermark.errors import MarkingFailed, Unsupported
from watermark.marking import Marked, Marking, MarkingKeys, Origin

ORIGIN = Origin("0199-flow", 0, "ab", 7, "echo", "home", "code", 1_800_000_000_000_000)
MARKING = Marking("eu", notice="[AI]", c2pa=True)


def by_its_words(data: bytes, media_type: str, origin: Origin, marking: Marking, keys: MarkingKeys) -> Marked:
    """Does what the data says, as a decoder does that a file leads astray."""
    if data == b"hang":
        while True:
            pass
    if data == b"die":
        os.kill(os.getpid(), signal.SIGKILL)
    if data == b"eat":
        return Marked(bytes(64 << 30), media_type, ())
    if data == b"disk full":
        _write_more_than_fits()
    if data == b"odd":
        raise Unsupported("no")
    if data == b"bad":
        raise MarkingFailed("no")
    if data == b"surprise":
        raise RuntimeError("the words of a caller")
    said = f"{origin.produce_id} {marking.notice} {keys.invisible.decode()}".encode()
    return Marked(data + said, media_type, ("explicit",), b"beside" if data == b"beside" else None, timestamped=False)


def _write_more_than_fits() -> None:
    most = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, most))
    try:
        with tempfile.TemporaryFile() as file:
            file.write(bytes(100_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))


def _run(turns: socket.socket) -> None:
    bounds = Bounds(file_bytes=1_000_000, pixels=1_000_000)
    confine(bounds)
    serve(turns, by_its_words, lambda tenant: MarkingKeys(None, tenant.encode()), bounds, lambda: False)


@dataclass(slots=True)
class Stand:
    """The queue and the workers behind it; `replaced` starts another one when one has ended."""

    queue: MarkingQueue
    client: MarkingClient
    processes: list[BaseProcess]

    @property
    def process(self) -> BaseProcess:
        """The first worker."""
        return self.processes[0]

    def replaced(self) -> int | None:
        """Waits for the end of a worker and starts another one; how the first one ended."""
        over = multiprocessing.connection.wait([process.sentinel for process in self.processes], 60)
        number = next(number for number, process in enumerate(self.processes) if process.sentinel in over)
        ended = self.processes[number]
        ended.join()
        self.processes[number] = _started(self.queue)
        return ended.exitcode


def _started(queue: MarkingQueue) -> BaseProcess:
    process = multiprocessing.get_context("fork").Process(target=_run, args=(queue.turns,), daemon=True)
    process.start()
    return process


@contextlib.asynccontextmanager
async def stand(
    folder: Path, seconds: float = 60.0, alarm: float = 60, workers: int = 1, *, several: bool = True
) -> AsyncIterator[Stand]:
    """`seconds`: how long a call waits. `alarm`: after how many seconds a job ends its worker."""
    queue = MarkingQueue(listen(folder, "marking.sock", 32), workers, alarm, alarm, several=several)
    taking = asyncio.ensure_future(queue.run())
    client = MarkingClient(folder / "marking.sock", 1_000_000, seconds)
    built = Stand(queue, client, [_started(queue) for _ in range(workers)])
    try:
        yield built
    finally:
        for process in built.processes:
            process.kill()
            process.join()
        taking.cancel()
        queue.close()
