"""The supervisor's side of the nursery: orders children, and is the parent of those that are born.

Linux only, with pidfds (5.3): elsewhere, and once the nursery is gone, children are started as programs of their own,
which takes longer and is the same otherwise.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence

from gateway.processes.nursery import Order
from gateway.processes.opening import opened

PR_SET_CHILD_SUBREAPER = 36
BIRTH_SECONDS = 30.0
REAP_SECONDS = 1.0
"""After the nursery's end: by then whoever it was about to bear has read that nobody knows it, and ended."""


class Born:
    """A child that was forked for us. Answers as `asyncio.subprocess.Process` does."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._ended = asyncio.Event()
        self._fd = os.pidfd_open(pid)
        asyncio.get_running_loop().add_reader(self._fd, self._reap)

    async def wait(self) -> int:
        """Until it has ended: its exit code, or the negative number of the signal that ended it."""
        await self._ended.wait()
        return self.returncode or 0

    def send_signal(self, number: int) -> None:
        """Raises ProcessLookupError when it has ended."""
        if self.returncode is not None:
            raise ProcessLookupError
        signal.pidfd_send_signal(self._fd, number)

    def kill(self) -> None:
        """Raises ProcessLookupError when it has ended."""
        self.send_signal(signal.SIGKILL)

    def _reap(self) -> None:
        try:
            _, status = os.waitpid(self.pid, 0)
        except ChildProcessError:  # somebody else has waited for it
            status = 255 << 8
        asyncio.get_running_loop().remove_reader(self._fd)
        os.close(self._fd)
        self.returncode = os.waitstatus_to_exitcode(status)
        self._ended.set()


class Nursery:
    """A nursery of our own: its process and our end of its door, see `gateway.processes.opening`."""

    def __init__(self, process: subprocess.Popen[bytes], door: socket.socket) -> None:
        self._process = process
        self._door = door
        self._turn = asyncio.Lock()
        self._gone = False
        self._watched: tuple[asyncio.AbstractEventLoop, int] | None = None

    @classmethod
    def open(cls) -> Nursery | None:
        """Starts it; None where children cannot be had this way."""
        begun = opened()
        return None if begun is None else cls(*begun)

    async def child(self, command: Sequence[str], environment: Mapping[str, str], fds: Sequence[int]) -> Born | None:
        """A child with this command, additional environment and open files. None: start it in another way."""
        async with self._turn:
            if self._gone:
                return None
            self._watch()
            known, tell = os.pipe()
            try:
                pid = await self._order(Order(command, environment, fds), [*fds, known])
                if pid is None or not self._ours(pid):
                    return None
                born = Born(pid)
                os.write(tell, b".")
                return born
            finally:  # a child of whom we have not heard, whatever the reason, reads that nobody knows it
                os.close(known)
                os.close(tell)

    def _ours(self, pid: int) -> bool:
        """Whether we are its parent. Where the kernel gave it to somebody else no child can be had this way."""
        try:
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            self.close()
            return False
        return True

    async def _order(self, order: Order, fds: Sequence[int]) -> int | None:
        """The number of the new process. After anything but an answer the nursery is given up: the next may be a late one."""
        _adopt(orphans=True)
        answer = b""
        try:
            socket.send_fds(self._door, [order.packed()], list(fds))
            async with asyncio.timeout(BIRTH_SECONDS):
                answer = await asyncio.get_running_loop().sock_recv(self._door, 32)
        except (OSError, TimeoutError):
            answer = b""
        finally:
            _adopt(orphans=False)
            if not answer:
                self.close()
        return int(answer) if answer.isdigit() else None

    def _watch(self) -> None:
        """One that ends by itself, or is killed, is buried when it does and not with the next birth."""
        if self._watched is None:
            self._watched = (asyncio.get_running_loop(), os.pidfd_open(self._process.pid))
            self._watched[0].add_reader(self._watched[1], self.close)

    def close(self) -> None:
        """Ends it; the children stay."""
        if self._gone:
            return
        self._gone = True
        self._door.close()
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()
        if self._watched is not None:
            loop, fd = self._watched
            if not loop.is_closed():
                loop.remove_reader(fd)
                loop.call_later(REAP_SECONDS, self._reap)
            os.close(fd)

    def _reap(self) -> None:
        """Buries those of whose birth we never heard: they became ours when it ended, and are of its process group."""
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-self._process.pid, os.WNOHANG)[0]:
                pass


def _adopt(*, orphans: bool) -> None:
    """Only while a child is born: other processes' orphans are left to whoever cares for orphans here."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, int(orphans), 0, 0, 0)
