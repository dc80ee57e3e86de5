"""A stand of marking workers for tests: real processes on a real socket, each with a way of marking of its own."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import resource
import signal
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from gateway.marking.client import MarkingClient
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


def _run(listener: socket.socket, alarm: int) -> None:
    bounds = Bounds(file_bytes=1_000_000, pixels=1_000_000, seconds=alarm, video_seconds=alarm)
    confine(bounds)
    serve(listener, by_its_words, lambda tenant: MarkingKeys(None, tenant.encode()), bounds, lambda: False)


@dataclass(slots=True)
class Stand:
    """The listening socket and the worker behind it; `replaced` starts another one when it has ended."""

    listener: socket.socket
    client: MarkingClient
    process: BaseProcess
    alarm: int

    def replaced(self) -> int | None:
        """Waits for the worker's end and starts another one; how the first one ended."""
        self.process.join(60)
        ended = self.process.exitcode
        self.process = _started(self.listener, self.alarm)
        return ended


def _started(listener: socket.socket, alarm: int) -> BaseProcess:
    process = multiprocessing.get_context("fork").Process(target=_run, args=(listener, alarm), daemon=True)
    process.start()
    return process


@contextlib.contextmanager
def stand(folder: Path, seconds: float = 60.0, alarm: int = 60) -> Iterator[Stand]:
    """`seconds`: how long a call waits. `alarm`: after how many seconds a job ends its worker."""
    listener = listen(folder, "marking.sock", 4)
    built = Stand(
        listener, MarkingClient(folder / "marking.sock", 1_000_000, seconds), _started(listener, alarm), alarm
    )
    try:
        yield built
    finally:
        built.process.kill()
        built.process.join()
        listener.close()
