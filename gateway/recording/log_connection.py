"""A worker's connection to the log writer. When the writer is gone, calls of that connection end and a new epoch begins.

A flow lives and dies with the connection it began on: the writer closes its record as `interrupted` when the
connection drops, so this worker must not deliver, or record, anything more for it (ADR 0007).
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog

from audit.appender import Appender
from audit.errors import AuditError
from audit.keys import Keyring
from gateway.errors import Unavailable

log = structlog.get_logger("lexgate.log")

RETRY_SECONDS = 0.2


def unwritten() -> Unavailable:
    """What a call is told whose record the log did not take, or did not say to be durable.

    A writer that does not answer within `timeouts.record` is treated as gone (`LogConnection` watches it): its
    connection is given up, so that it closes the flows of this connection itself, and no leaf of theirs can follow.
    """
    return Unavailable("the record could not be written, so the call was refused", retry_after=1)


class LogConnection:
    """Keeps one Appender connected; hands it to new flows."""

    def __init__(self, socket: Path, keyring: Keyring, writer: str, seconds: float) -> None:
        self._seconds = seconds
        self._socket = socket
        self._keyring = keyring
        self._writer = writer
        self._appender: Appender | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._running: dict[asyncio.Task[object], Appender] = {}

    async def start(self) -> None:
        """Connects; raises AuditError if the writer is not there."""
        self._appender = await Appender.connect(self._socket, self._keyring, self._writer)
        self._keeper = asyncio.ensure_future(self._keep())

    def current(self) -> Appender:
        """The connection for a new flow. Raises Unavailable while there is none."""
        if self._appender is None or self._appender.is_lost:
            raise Unavailable("the log is not available, so nothing can be sent", retry_after=1)
        return self._appender

    @property
    def available(self) -> bool:
        return self._appender is not None and not self._appender.lost.is_set()

    @property
    def running(self) -> int:
        """Calls that have not ended."""
        return len(self._running)

    def enter(self, task: asyncio.Task[object], appender: Appender) -> None:
        """A flow's task begins; it is cancelled should its connection be lost."""
        self._running[task] = appender

    def leave(self, task: asyncio.Task[object]) -> None:
        self._running.pop(task, None)

    async def close(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
        if self._appender is not None:
            await self._appender.close()

    async def _keep(self) -> None:
        while True:
            appender = self._appender
            if appender is not None:
                await _until_lost(appender, self._seconds)
                log.error("the log writer is gone; running calls are ended")
                for task, its in list(self._running.items()):
                    if its is appender:
                        task.cancel("the log is gone")
                self._appender = None
            try:
                self._appender = await Appender.connect(self._socket, self._keyring, self._writer)
                log.info("connected to the log writer again")
            except (AuditError, OSError):
                await asyncio.sleep(RETRY_SECONDS)


async def _until_lost(appender: Appender, seconds: float) -> None:
    """Returns when the connection is lost; gives up one whose oldest leaf has waited `seconds` to become durable."""
    waiting_for = -1
    while not appender.lost.is_set():
        try:
            async with asyncio.timeout(seconds / 2):
                await appender.lost.wait()
        except TimeoutError:
            oldest = appender.oldest_pending
            if oldest is not None and oldest <= waiting_for:
                log.error("the log writer does not answer")
                appender.abort()
                await appender.lost.wait()
            waiting_for = appender.sent - 1
