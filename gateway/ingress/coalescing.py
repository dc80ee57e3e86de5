"""A transport that joins what is written in one turn of the event loop into one system call.

An answer's head and body, or several events that were ready together, leave at once; nothing waits longer than the turn.
"""

from __future__ import annotations

import asyncio
from typing import Any


class CoalescingTransport:
    """Stands before a connection's transport; all but `write` and `close` is the transport's own."""

    __slots__ = ("_loop", "_pending", "_transport")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._pending: list[bytes] = []

    def write(self, data: bytes) -> None:
        if not self._pending:
            self._loop.call_soon(self._flush)
        self._pending.append(data)

    def pass_on(self, data: bytes) -> None:
        """Writes what nothing more will join in this turn."""
        if self._pending:
            self._pending.append(data)
        else:
            self._transport.write(data)

    def close(self) -> None:
        """Everything written is sent first."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        pending, self._pending = self._pending, []
        if pending and not self._transport.is_closing():
            self._transport.write(pending[0] if len(pending) == 1 else b"".join(pending))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
