"""The caller of a call that the gateway makes of its own accord: nobody, who takes the answer and never leaves.

Such a call is a flow like any other, with decision, intent and outcome. It acts for a principal whom an earlier call has
authenticated, and has that call's header fields but for its credentials.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from gateway.ingress.caller import Caller, Headers, Message

CREDENTIALS = frozenset({b"authorization", b"proxy-authorization", b"x-api-key", b"x-goog-api-key", b"cookie"})
_OF_ITS_BODY = frozenset(
    {b"content-length", b"content-type", b"content-encoding", b"transfer-encoding", b"expect", b"range"}
)


class Nobody(Caller):
    """Made within the task in which the call runs. `status`, `answer_headers` and `answer` are known when it has ended."""

    __slots__ = ("_pieces", "answer_headers", "status")

    def __init__(self, headers: Mapping[bytes, bytes]) -> None:
        kept = [(name, value) for name, value in headers.items() if name not in CREDENTIALS | _OF_ITS_BODY]
        super().__init__({"headers": kept, "client": None}, _nothing, _nowhere)
        self.status = 0
        self.answer_headers: dict[str, str] = {}
        self._pieces: list[bytes] = []

    @property
    def answer(self) -> bytes:
        return b"".join(self._pieces)

    def cancel_when_gone(self, task: asyncio.Task[Any]) -> None:
        """Nobody never leaves."""

    async def start(self, status: int, headers: Headers) -> None:
        self.started = True
        self.status = status
        self.answer_headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}

    async def send(self, chunk: bytes, *, more: bool = True) -> None:
        del more
        self._pieces.append(chunk)


async def _nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _nowhere(message: Message) -> None:
    del message
