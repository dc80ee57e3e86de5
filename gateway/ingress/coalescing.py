"""A transport that joins what is written in one turn of the event loop into one system call.

An answer's head and body, or several events that were ready together, leave at once; nothing waits longer than the turn.
"""

from __future__ import annotations

import asyncio
from typing import Any


class CoalescingTransport:
    """Stands before a connection's transport; all but `write` and `close` is the transport's own.

    `pending`: what this turn has written so far. `write_now`: the transport's own `write`, for while nothing is pending.
    What is asked of it with each call has a slot: a class with `__getattr__` would look for it at a tenth of the speed.
    """

    __slots__ = ("_loop", "_transport", "is_closing", "pause_reading", "pending", "resume_reading", "write_now")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self.write_now = transport.write
        self.is_closing = transport.is_closing
        self.pause_reading, self.resume_reading = transport.pause_reading, transport.resume_reading
        self._loop = loop
        self.pending: list[bytes] = []

    def write(self, data: bytes) -> None:
        if not self.pending:
            self._loop.call_soon(self._flush)
        self.pending.append(data)

    def close(self) -> None:
        """Everything written is sent first."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        pending, self.pending = self.pending, []
        if pending and not self.is_closing():
            self._transport.write(pending[0] if len(pending) == 1 else b"".join(pending))

    def abort(self) -> None:
        """Closes at once; what was written and is not sent is lost."""
        self.pending = []
        self._transport.abort()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._transport.get_extra_info(name, default)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._transport.set_protocol(protocol)
