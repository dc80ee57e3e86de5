"""The data worker's side: a pool of inspectors behind one awaitable call.

Fails closed: a dead, hung or overloaded inspector makes the calls it had raise Unavailable; nothing is retried in
silence. Connections come back by themselves when an inspector does.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gateway.errors import Unavailable
from gateway.inspection.frames import FrameError, Unpacker, pack

MAX_OUTSTANDING = 128
"""Calls one connection may have open before further ones are refused."""

SHARE = 0.875
"""Of them so many may be one tenant's."""

_RETRY_FIRST_S = 0.02
_RETRY_MOST_S = 0.25
_HUNG_AFTER_S = 10.0
"""An inspector that answers nothing for so long after a deadline passed is cut off and dialled anew."""


class InspectorPool:
    """One connection to each inspector; each call goes to the one with the fewest unanswered calls."""

    def __init__(self, sockets: Sequence[Path | str]) -> None:
        self._links = [_Link(str(socket)) for socket in sockets]

    async def start(self) -> None:
        """Begin to connect; returns when each inspector was tried once. Missing ones are dialled until they come."""
        await asyncio.gather(*(link.start() for link in self._links))

    async def reach(self, seconds: float) -> None:
        """Wait until all inspectors can take calls, or for so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await asyncio.gather(*(link.reached.wait() for link in self._links))

    async def close(self) -> None:
        """Fail what is open and stop dialling."""
        for link in self._links:
            await link.close()

    @property
    def connected(self) -> int:
        """How many inspectors can take calls now."""
        return sum(link.ready for link in self._links)

    async def call(self, method: str, payload: Any, deadline_s: float, tenant: str = "") -> Any:
        """The method's result. Raises Unavailable: no inspector, all busy, died, too late, or the method failed.

        Tenants share an inspector fairly; "" is the gateway itself.
        """
        best: _Link | None = None
        for link in self._links:
            if link.ready and (best is None or link.load < best.load):
                best = link
        if best is None:
            raise Unavailable("inspection is not available", retry_after=1)
        if best.load >= MAX_OUTSTANDING or best.load_of(tenant) >= MAX_OUTSTANDING * SHARE:
            raise Unavailable("inspection is overloaded", retry_after=1)
        return await best.call(method, payload, deadline_s, tenant)


class _Link(asyncio.Protocol):
    """The connection to one inspector, over all its lives."""

    def __init__(self, socket: str) -> None:
        self._socket = socket
        self._transport: asyncio.Transport | None = None
        self._unpacker = Unpacker()
        self._open: dict[int, asyncio.Future[Any]] = {}
        self._of_tenant: Counter[str] = Counter()  # open ones
        self._late: dict[int, float] = {}  # calls given up and not yet answered, with the time of giving up
        self._number = 0
        self._dialling: asyncio.Task[None] | None = None
        self._closed = False
        self.reached = asyncio.Event()  # a connection is there

    @property
    def ready(self) -> bool:
        return self._transport is not None

    @property
    def load(self) -> int:
        return len(self._open) + len(self._late)

    def load_of(self, tenant: str) -> int:
        return self._of_tenant[tenant]

    async def start(self) -> None:
        if not await self._dial():
            self._redial()

    async def close(self) -> None:
        self._closed = True
        if self._dialling is not None:
            self._dialling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._dialling
        if self._transport is not None:
            self._transport.abort()
        self._fail_all()

    def call(self, method: str, payload: Any, deadline_s: float, tenant: str) -> asyncio.Future[Any]:
        loop = asyncio.get_running_loop()
        result: asyncio.Future[Any] = loop.create_future()
        self._number = number = self._number + 1
        try:
            frame = pack([number, method, payload, time.monotonic() + deadline_s, tenant])
        except FrameError as problem:
            raise Unavailable("this content cannot be inspected") from problem
        timer = loop.call_later(deadline_s, self._give_up, number)
        self._open[number] = result
        self._of_tenant[tenant] += 1

        def done(_: asyncio.Future[Any]) -> None:
            timer.cancel()
            self._of_tenant[tenant] -= 1
            if not self._of_tenant[tenant]:
                del self._of_tenant[tenant]

        result.add_done_callback(done)
        if self._transport is not None:
            self._transport.write(frame)
        return result

    def _give_up(self, number: int) -> None:
        result = self._open.pop(number, None)
        if result is None:
            return
        now = asyncio.get_running_loop().time()
        self._late[number] = now
        if not result.done():
            result.set_exception(Unavailable("inspection did not finish in time", retry_after=1))
        if now - min(self._late.values()) > _HUNG_AFTER_S and self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        try:
            messages = self._unpacker.feed(data)
        except FrameError:
            if self._transport is not None:
                self._transport.abort()
            return
        for number, fine, result in messages:
            waiting = self._open.pop(number, None)
            if waiting is None:
                self._late.pop(number, None)
            elif waiting.done():  # its caller was cancelled
                continue
            elif fine:
                waiting.set_result(result)
            else:
                waiting.set_exception(Unavailable(f"inspection refused: {result}", retry_after=1))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # a Unix stream's transport is an asyncio.Transport
        self._unpacker = Unpacker()
        self.reached.set()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._transport = None
        self.reached.clear()
        self._fail_all()
        if not self._closed:
            self._redial()

    def _fail_all(self) -> None:
        waiting, self._open = self._open, {}
        self._late = {}
        for result in waiting.values():
            if not result.done():
                result.set_exception(Unavailable("inspection stopped in the middle of a call", retry_after=1))

    def _redial(self) -> None:
        self._dialling = asyncio.get_running_loop().create_task(self._dial_until_there())

    async def _dial_until_there(self) -> None:
        pause = _RETRY_FIRST_S
        while not await self._dial():
            await asyncio.sleep(pause)
            pause = min(pause * 2, _RETRY_MOST_S)

    async def _dial(self) -> bool:
        try:
            await asyncio.get_running_loop().create_unix_connection(lambda: self, self._socket)
        except OSError:  # not there yet
            return False
        return True
