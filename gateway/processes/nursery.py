"""The nursery: imports once what the processes of `serve` are made of, and forks them.

Most of a start is imports. A process that is forked has them already, and shares their pages with its siblings. What must
not be shared is not here: the nursery reads no configuration and no key, opens no model, starts no thread; whoever is
born reads and opens for itself. Modules are imported when the first process that needs them is ordered (an inspector's, who is
the first of all, at once), so an inspector does not carry those of the control process.

The supervisor is the parent of all, as if it had started them: who forks a child here ends at once, and the orphan is
given to the supervisor, which has asked the kernel for that (`gateway.processes.births`).
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import gc
import importlib
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import orjson

ORDER_BYTES = 1 << 16
MOST_FDS = 16

MODULES: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "process-inspector": (
            "gateway.processes.inspector",
            "gateway.inspection.own.folder",
            "gateway.inspection.shipped",
        ),
        "process-writer": ("uvloop", "gateway.configuration.effective", "gateway.telemetry.logs", "audit.service"),
        "process-worker": ("gateway.processes.worker",),
        "process-control": ("gateway.processes.control",),
        "process-extractor": ("gateway.processes.extractor",),
        "process-marker": ("gateway.processes.marker", "watermark.marker"),
    }
)
"""What each kind of process needs from its start. Nothing among it may start a thread: that would not survive a fork."""
FIRST = "process-inspector"
"""Ordered first in each start: what it needs is imported before anybody asks."""


@dataclass(frozen=True, slots=True)
class Order:
    """A process to be: its command, what is added to its environment, and which numbers its open files shall have.

    One more file comes with it, the last: a pipe on which the supervisor says that it knows of the child.
    """

    command: Sequence[str]
    environment: Mapping[str, str]
    fds: Sequence[int]

    def packed(self) -> bytes:
        return orjson.dumps([list(self.command), dict(self.environment), list(self.fds)])

    @classmethod
    def unpacked(cls, message: bytes) -> Order:
        command, environment, fds = orjson.loads(message)
        return cls(command, environment, fds)


def import_for(kind: str) -> None:
    """The modules of a kind of process."""
    for module in MODULES.get(kind, ()):
        try:
            importlib.import_module(module)
        except ImportError:  # the child will say what is missing
            break


def next_child(door: socket.socket) -> Sequence[str]:
    """Takes orders until the supervisor hangs up: then it raises SystemExit. It returns in each child: the child's command.

    An order is answered with the child's number, or with nothing when it could not be forked.
    """
    while True:
        message, fds, _, _ = socket.recv_fds(door, ORDER_BYTES, MOST_FDS)
        if not message:
            raise SystemExit(0)
        order = Order.unpacked(message)
        import_for(order.command[0])
        gc.freeze()
        try:
            pid = _orphan() if _alone() else -1
        except OSError:
            pid = -1
        if pid == 0:
            door.detach()  # closed with all that is not the child's
            _settle_in(order, fds)
            return order.command
        for fd in fds:
            os.close(fd)
        door.send(str(pid).encode() if pid > 0 else b"-")


def _alone() -> bool:
    """Whether no module has started a thread, of which a fork would keep the locks and not the thread."""
    return len(list(Path("/proc/self/task").iterdir())) == 1


def _orphan() -> int:
    """Forks a process whose parent is gone. Its number here, 0 in itself. Raises OSError when there is no room for it."""
    reading, writing = os.pipe()
    try:
        middle = os.fork()
        if middle == 0:
            try:
                child = os.fork()
            except OSError:
                os._exit(1)
            if child:
                os.write(writing, str(child).encode())
                os._exit(0)
            return 0
        os.waitpid(middle, 0)
    except BaseException:
        os.close(reading)
        os.close(writing)
        raise
    os.close(writing)
    number = os.read(reading, 20)
    os.close(reading)
    if not number:
        raise OSError("not forked")
    return int(number)


def _settle_in(order: Order, fds: Sequence[int]) -> None:
    """Makes a forked process what a started one is: its own session, only its own files, its own name.

    A child of whom the supervisor never heard ends here: it would do its work a second time.
    """
    above = max([*order.fds, 2]) + 1
    *moved, known = [fcntl.fcntl(fd, fcntl.F_DUPFD, above) for fd in fds]
    for entry in list(Path("/proc/self/fd").iterdir()):
        if int(entry.name) > 2 and int(entry.name) not in {*moved, known}:
            with contextlib.suppress(OSError):  # the folder that was listed
                os.close(int(entry.name))
    for at, fd in zip(order.fds, moved, strict=True):
        os.dup2(fd, at)
        os.close(fd)
    if not os.read(known, 1):
        os._exit(0)
    os.close(known)
    os.setsid()  # not before: who is known to nobody is found by the nursery's own group
    rename((sys.executable, "-m", "gateway", *order.command))
    os.environ.update(order.environment)
    gc.enable()


def rename(words: Sequence[str]) -> None:
    """Shows these words as this process's command, as far as those it was started with leave room for them."""
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    begin, end = int(fields[45]), int(fields[46])  # arg_start, arg_end: 48 and 49 of proc(5)
    room = end - begin
    if begin <= 0 or room <= 0:  # a kernel that does not tell
        return
    line = b"\0".join(word.encode() for word in words)[: room - 1]
    ctypes.memmove(begin, line.ljust(room, b"\0"), room)
