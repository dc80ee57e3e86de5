"""Opens files of strangers in processes of their own, bounded in time and memory: a hostile file costs one of them."""

from __future__ import annotations

import base64
import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import orjson

from gateway.content.examining import LENGTH, carried_from, prints_from
from gateway.errors import LexgateError, Unavailable
from watermark.evidence import Carried, Looking
from watermark.prints.printed import Square

MEMORY = 2 * 1024 * 1024 * 1024  # bytes of address space: what decoded pictures and sounds need, with their libraries
FILES_PER_PROCESS = 200
"""Then another one is started: what a library lost of its memory is given back."""
GRACE_SECONDS = 15.0
"""For a process to start: its libraries are loaded once."""


Answer = TypeVar("Answer")


class Unexamined(LexgateError):
    """The file could not be examined within the limits."""

    status, code = 422, "lexgate_content_unexamined"


class Examiner:
    """Some processes, started when first needed. Blocking and safe to share between threads."""

    def __init__(self, seconds: int = 20, processes: int = 1, memory: int = MEMORY) -> None:
        self._seconds, self._memory = seconds, memory
        self._free = threading.BoundedSemaphore(processes)
        self._idle: list[_Process] = []
        self._lock = threading.Lock()
        self._closed = False

    def examine(self, data: bytes, declared: str, looking: Looking) -> Carried:
        """What the file carries. Raises Unexamined when it broke its limits, Unavailable when all processes are busy."""
        header = orjson.dumps(
            {
                "bytes": len(data),
                "declared": declared,
                "anchors": looking.trust_anchors.decode("ascii", "replace"),
                "seconds": self._seconds / 2,
                "sidecar": base64.b64encode(looking.sidecar).decode(),
                "keys": [(tenant, key.hex()) for tenant, key in looking.invisible_keys],
            }
        )
        with self._process() as process:
            return process.ask(header, data, carried_from)

    def prints_at(
        self, data: bytes, media_type: str, turn: int, squares: Sequence[Square], cells: Sequence[Square]
    ) -> tuple[tuple[bytes, ...], tuple[bool, ...]]:
        """Prints of a picture at `squares`, and whether there is anything to see in `cells`. Raises as `examine` does."""
        asked = {"bytes": len(data), "media_type": media_type, "turn": turn, "squares": squares, "cells": cells}
        with self._process() as process:
            return process.ask(orjson.dumps(asked), data, prints_from)

    def close(self) -> None:
        """Ends the processes."""
        with self._lock:
            self._closed = True
            for process in self._idle:
                process.end()
            self._idle.clear()

    @contextlib.contextmanager
    def _process(self) -> Iterator[_Process]:
        if not self._free.acquire(timeout=self._seconds):
            raise Unavailable("too many files are being examined", retry_after=2)
        try:
            with self._lock:
                process = self._idle.pop() if self._idle else None
            process = process or _Process(self._seconds, self._memory)
            try:
                yield process
            except BaseException:
                process.end()
                raise
            with self._lock:
                if process.files >= FILES_PER_PROCESS or self._closed:
                    process.end()
                else:
                    self._idle.append(process)
        finally:
            self._free.release()


class _Process:
    """One process. It inherits nothing of our environment but where programs are."""

    def __init__(self, seconds: int, memory: int) -> None:
        self.files = 0
        self._seconds = seconds
        threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
        self._popen = subprocess.Popen(
            [sys.executable, "-m", "gateway.content.examining", str(seconds), str(memory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8", **threads},
            start_new_session=True,
        )

    def ask(self, header: bytes, data: bytes, read: Callable[[dict[str, Any]], Answer]) -> Answer:
        grace = 0.0 if self.files else GRACE_SECONDS
        self.files += 1
        watch = threading.Timer(self._seconds + grace, self._popen.kill)
        watch.daemon = True
        watch.start()
        try:
            return read(orjson.loads(self._exchange(header, data)))
        except (
            OSError,
            EOFError,
            ValueError,
            KeyError,
            TypeError,
            AssertionError,
        ):  # it ended, or says what it cannot have said
            raise Unexamined("the file could not be examined within the limits of time and memory") from None
        finally:
            watch.cancel()

    def _exchange(self, header: bytes, data: bytes) -> bytes:
        into, out = self._popen.stdin, self._popen.stdout
        assert into is not None
        assert out is not None
        into.write(LENGTH.pack(len(header)) + header)
        into.write(data)
        into.flush()
        length = out.read(LENGTH.size)
        if len(length) < LENGTH.size:
            raise EOFError("the process has ended")
        return out.read(*LENGTH.unpack(length))

    def end(self) -> None:
        self._popen.kill()
        for pipe in (self._popen.stdin, self._popen.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # what was not written yet is not wanted any more
                    pipe.close()
        self._popen.wait()
