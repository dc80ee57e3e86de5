"""A process for one file: made by fork, stripped of everything but memory and time, and gone when the file is read.

Parsers of documents are the largest attack surface a gateway has. So each file gets a process that cannot open a file or
a socket (no descriptor beyond its pipe: RLIMIT_NOFILE is 0), cannot write, has bounded memory and CPU time, gains no
privilege, and holds nothing of an earlier file. What it answers is data (JSON), never code.
"""

from __future__ import annotations

import ctypes
import gc
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

LARGEST_ANSWER = 134_217_728
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_PAGE = resource.getpagesize()


class Failed(Exception):
    """The process ended without an answer. The message says how, without content."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What the process may use: bytes of memory beyond what it is born with, seconds of CPU and of wall time."""

    memory_bytes: int = 805_306_368
    cpu_seconds: int = 10
    seconds: float = 8.0


def apart(job: Callable[[], bytes], allowance: Allowance) -> bytes:
    """What `job` returns, computed in a process of its own. Raises Failed: it died, took too long, or said too much."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _work(job, writing, allowance)
    os.close(writing)
    try:
        return _answer(reading, time.monotonic() + allowance.seconds)
    finally:
        os.close(reading)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _answer(reading: int, deadline: float) -> bytes:
    """Everything until the end of the pipe; the last byte says that the answer is whole."""
    poll = select.poll()
    poll.register(reading, select.POLLIN)
    pieces: list[bytes] = []
    size = 0
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            raise Failed("took too long")
        piece = os.read(reading, 1_048_576)
        if not piece:
            break
        pieces.append(piece)
        size += len(piece)
        if size > LARGEST_ANSWER:
            raise Failed("said too much")
    answer = b"".join(pieces)
    if not answer.endswith(b"."):
        raise Failed("ended before it was done")
    return answer[:-1]


def _work(job: Callable[[], bytes], writing: int, allowance: Allowance) -> NoReturn:
    """The child. It never returns into the parent's code, whatever happens."""
    code = 1
    try:
        _strip(writing, allowance)
        answer = memoryview(job() + b".")
        while answer:
            answer = answer[os.write(writing, answer) :]
        code = 0
    finally:
        os._exit(code)


def _strip(writing: int, allowance: Allowance) -> None:
    gc.disable()
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGXCPU):
        signal.signal(number, signal.SIG_DFL)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * _PAGE if sys.platform == "linux" else 0
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.closerange(3, writing)
    os.closerange(writing + 1, max(writing + 2, min(resource.getrlimit(resource.RLIMIT_NOFILE)[0], 1 << 20)))
    if sys.platform == "linux":
        prctl = ctypes.CDLL(None).prctl
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    spent = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(spent.ru_utime + spent.ru_stime) + allowance.cpu_seconds
    for limit, value in (
        (resource.RLIMIT_AS, used + allowance.memory_bytes),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 0),
    ):
        hard = resource.getrlimit(limit)[1]
        most = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (most, most))
