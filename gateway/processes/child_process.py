"""One child of the supervisor: started, awaited until ready, watched, replaced."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from gateway.errors import Unavailable
from gateway.processes.births import Born, Nursery
from gateway.processes.child import HEARTBEAT_FD, READY_FD
from gateway.processes.parent import PARENT

log = structlog.get_logger("lexgate.supervisor")

READY_SECONDS = 60.0
HUNG_SECONDS = 30.0
"""An event loop that did not turn for so long is replaced even if it used no CPU: it waits for what never comes."""
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Child:
    """A child process and how to make it again.

    `beats`: it shows that its event loop turns; `patience`: CPU seconds for which it need not, instead of the general ones.
    `nursery`: where it is forked; without one it is started as a program of its own. `apart`: so is whoever replaces it, and
    lies at other addresses: what a file from outside could learn of one that it broke is worth nothing with the next.
    """

    name: str
    command: Sequence[str]
    pass_fds: tuple[int, ...] = ()
    beats: bool = False
    patience: float | None = None
    nursery: Nursery | None = field(default=None, repr=False)
    apart: bool = False
    process: asyncio.subprocess.Process | Born | None = None
    failures: int = 0
    started: float = 0.0
    _beat_fd: int = field(default=-1, repr=False)
    _last_beat: float = 0.0
    _cpu_at_silence: float | None = None

    async def start(self) -> None:
        """Starts it and waits until it says that it is ready. Raises Unavailable if it ends or takes too long.

        Also when the system has no process or no descriptor left: whoever keeps it alive tries again later.
        """
        self.started = time.monotonic()
        try:
            ready = await self._begun()
        except OSError as problem:
            raise Unavailable(f"{self.name} could not be started: {problem.strerror}") from problem
        try:
            await self._until_ready(ready)
        finally:
            os.close(ready)
        self._last_beat, self._cpu_at_silence = time.monotonic(), None

    async def _begun(self) -> int:
        """Where it says that it is ready. Raises OSError."""
        self.forget_heartbeat()
        ready, say_ready = os.pipe()
        environment = {READY_FD: str(say_ready), PARENT: str(os.getpid())}
        fds = [*self.pass_fds, say_ready]
        try:
            if self.beats:
                self._beat_fd, beat = os.pipe()
                os.set_blocking(self._beat_fd, False)
                environment[HEARTBEAT_FD] = str(beat)
                fds.append(beat)
            self.process = await self._made(environment, fds)
        except BaseException:
            os.close(ready)
            raise
        finally:
            for fd in fds[len(self.pass_fds) :]:
                os.close(fd)
        return ready

    async def _made(self, environment: Mapping[str, str], fds: Sequence[int]) -> asyncio.subprocess.Process | Born:
        if self.nursery is not None and not (self.apart and self.process is not None):
            if (born := await self.nursery.child(self.command, environment, fds)) is not None:
                return born
            log.warning("could not be forked, started as a program", child=self.name)
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "gateway", *self.command,
            env={**os.environ, **environment}, pass_fds=fds,
            stdin=asyncio.subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip

    async def _until_ready(self, fd: int) -> None:
        loop = asyncio.get_running_loop()
        said: asyncio.Future[bool] = loop.create_future()

        def readable() -> None:
            if not said.done():
                said.set_result(os.read(fd, 1) == b"1")

        loop.add_reader(fd, readable)
        try:
            async with asyncio.timeout(READY_SECONDS):
                if not await said:
                    code = await self.process.wait() if self.process else None
                    raise Unavailable(f"{self.name} ended before it was ready (exit code {code})")
        except TimeoutError:
            raise Unavailable(f"{self.name} was not ready within {READY_SECONDS:g} seconds") from None
        finally:
            loop.remove_reader(fd)

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.returncode is None

    def signal(self, number: int) -> None:
        if self.alive and self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(number)

    async def stop(self, seconds: float) -> None:
        """SIGTERM, and after `seconds` SIGKILL."""
        self.signal(signal.SIGTERM)
        if self.process is None:
            return
        try:
            await asyncio.wait_for(self.process.wait(), seconds)
        except TimeoutError:
            log.warning("did not end in time, killed", child=self.name)
            self.signal(signal.SIGKILL)
            await self.process.wait()
        self.forget_heartbeat()

    def forget_heartbeat(self) -> None:
        if self._beat_fd >= 0:
            os.close(self._beat_fd)
            self._beat_fd = -1

    def stalled(self, cpu_seconds: float) -> bool:
        """Whether its event loop is stuck: it used `cpu_seconds` of CPU, or much time went by, without turning.

        CPU time and not wall time, so that a process which merely had to wait for a processor is left alone.
        """
        if not self.alive or self._beat_fd < 0:
            return False
        now = time.monotonic()
        cpu_seconds = cpu_seconds if self.patience is None else self.patience
        with contextlib.suppress(BlockingIOError):
            if os.read(self._beat_fd, 65_536):
                self._last_beat, self._cpu_at_silence = now, None
                return False
        silent = now - self._last_beat
        if silent < cpu_seconds:
            return False
        used = self._cpu_used()
        if self._cpu_at_silence is None:
            self._cpu_at_silence = used
        return used - self._cpu_at_silence >= cpu_seconds or silent >= HUNG_SECONDS

    def _cpu_used(self) -> float:
        if self.process is None:
            return 0.0
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / TICKS
