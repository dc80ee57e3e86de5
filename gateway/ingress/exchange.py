"""One request and its answer on an HTTP/1.1 connection of ours, without ASGI between: what the hot endpoints use.

It has the attributes that uvicorn's protocol looks at in its own request cycle, so that keep-alive, pipelining, flow
control and graceful shutdown stay uvicorn's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from gateway.errors import RequestTimeout, TooLarge
from gateway.ingress.caller import LEFT, Caller, CallerLeft, Headers, ambiguous
from gateway.protocols.pipe import Pipe

if TYPE_CHECKING:
    from gateway.ingress.connection import Connection


class Signal:
    """Wakes the one task that waits. What `asyncio.Event` does, for a single waiter, without a future where none waits."""

    __slots__ = ("_waiter",)

    def __init__(self) -> None:
        self._waiter: asyncio.Future[None] | None = None

    def set(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def wait(self) -> None:
        """Returns at the next `set`."""
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None


class Silence(Signal):
    """Wakes nobody: a body that is here is not waited for."""

    __slots__ = ()

    def set(self) -> None:
        """Nobody waits."""


SILENCE = Silence()


class Exchange(Caller):
    """A caller on a connection of ours. The names without underscore that `Caller` lacks are uvicorn's."""

    __slots__ = (
        "_chunked", "_head", "_whole", "body", "disconnected", "expects_continue", "keep_alive",
        "message_event", "more_body", "response_complete", "response_started",
    )  # fmt: skip

    def __init__(
        self,
        connection: Connection,
        headers: Sequence[tuple[bytes, bytes]],
        *,
        keep_alive: bool = True,
        expects_continue: bool = False,
    ) -> None:
        self.headers = dict(headers)
        self.ambiguous = len(self.headers) != len(headers) and ambiguous([*headers])
        self.peer = connection.client[0] if connection.client else "unknown"
        self.started = False
        self.task = None
        self.body: bytes | bytearray = b""
        self.more_body = True
        self.disconnected = self.response_started = self.response_complete = False
        self.expects_continue = expects_continue
        self.keep_alive = keep_alive
        self.message_event: Signal = Signal()
        self._connection: Connection = connection
        self._body_read = False
        self._chunked = self._whole = False
        self._head = b""

    @classmethod
    def of_whole(cls, connection: Connection, headers: dict[bytes, bytes], body: bytes) -> Exchange:
        """Of a request that is here as a whole, none of whose fields was given twice."""
        made = cls.__new__(cls)
        made.headers, made.body = headers, body
        made.ambiguous = made.started = made.more_body = made.disconnected = made.response_started = False
        made.response_complete = made.expects_continue = made._body_read = made._chunked = False
        made.keep_alive = made._whole = True
        made.peer = connection.client[0] if connection.client else "unknown"
        made.task = None
        made.message_event = SILENCE
        made._connection = connection
        made._head = b""
        return made

    @property
    def whole(self) -> bytes | None:
        """The body of a request that came as a whole, while its caller is there and nobody has read it; else None."""
        body = self.body
        return body if self._whole and not self.disconnected and type(body) is bytes else None

    def read(self) -> None:
        """The body was taken as a `whole`."""
        self._body_read, self._whole, self.body = True, False, b""

    def add(self, piece: bytes) -> None:
        """A piece of the body has arrived."""
        if not self.body:
            self.body = piece
        else:
            if type(self.body) is bytes:
                self.body = bytearray(self.body)
            self.body += piece
        self.message_event.set()

    async def read_body(self, limit: int, seconds: float) -> bytes:
        """The whole request body. Raises TooLarge beyond `limit` bytes, RequestTimeout, CallerLeft."""
        self.check_framing(limit)
        if self.expects_continue and not self.body:
            self._connection.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if self.more_body:
            try:
                async with asyncio.timeout(seconds):
                    await self._rest(limit)
            except TimeoutError:
                raise RequestTimeout(f"the body did not arrive within {seconds:g} seconds") from None
        if self.disconnected:
            raise CallerLeft
        if len(self.body) > limit:
            raise TooLarge(f"the body is larger than {limit} bytes")
        self._connection.flow.resume_reading()  # a large body paused it, and nobody would see the caller leave
        body = bytes(self.body)
        self.read()
        return body

    async def _rest(self, limit: int) -> None:
        while self.more_body and not self.disconnected:
            if len(self.body) > limit:
                raise TooLarge(f"the body is larger than {limit} bytes")
            self._connection.flow.resume_reading()
            await self.message_event.wait()

    def cancel_when_gone(self, task: asyncio.Task[Any]) -> None:
        """Cancels the call's task when the caller disconnects. Only after the body has been read."""
        self._connection.when_lost = lambda: task.cancel(LEFT)
        if self._connection.lost:
            task.cancel(LEFT)

    def stop_watching(self) -> None:
        """From here the call ends as it is: a disconnect no longer cancels it."""
        self._connection.when_lost = None

    async def start(self, status: int, headers: Headers) -> None:
        """Status line and headers, written with the first piece of the body."""
        fields = [*self._connection.server_state.default_headers, *headers]
        if b"content-length" not in dict(fields):
            self._chunked = True
            fields.append((b"transfer-encoding", b"chunked"))
        self._begin(status, fields)

    def _begin(self, status: int, fields: Headers) -> None:
        if not self._body_read:
            self.keep_alive = False
        if not self.keep_alive:
            fields.append((b"connection", b"close"))
        head = b"%b%b\r\n\r\n" % (STATUS_LINE[status], b"\r\n".join([b"%b: %b" % field for field in fields]))
        if head.count(b"\n") != len(fields) + 2 or head.count(b"\r") != len(fields) + 2:
            raise ValueError("a header field of an answer would not end where it should")
        self._head = head
        self.started = self.response_started = True

    def answer_whole(self, status: int, headers: Headers, body: bytes) -> bool:
        """The whole answer in one write, where nothing is in the way."""
        connection = self._connection
        transport: Any = connection.transport
        if self.started or self.disconnected or connection.flow.write_paused or transport.pending:
            return False
        self._begin(
            status,
            [*connection.server_state.default_headers, *headers, (b"content-length", b"%d" % len(body))],
        )
        head, self._head = self._head, b""
        transport.write_now(head + body)  # nothing more will join it in this turn
        self._complete()
        return True

    async def send(self, chunk: bytes, *, more: bool = True) -> None:
        """A piece of the answer; `more=False` ends it. Waits while the caller reads slowly."""
        connection = self._connection
        if connection.flow.write_paused and not self.disconnected:
            await connection.flow.drain()
        if self.disconnected:
            return
        head, self._head = self._head, b""
        if not self._chunked:
            transport: Any = connection.transport
            if more or transport.pending:
                transport.write(head + chunk)
            else:
                transport.write_now(head + chunk)  # nothing more will join it in this turn
        elif more:
            if chunk or head:
                connection.transport.write(b"%b%x\r\n%b\r\n" % (head, len(chunk), chunk) if chunk else head)
        else:
            connection.transport.write(
                b"%b%x\r\n%b\r\n0\r\n\r\n" % (head, len(chunk), chunk) if chunk else head + b"0\r\n\r\n"
            )
        if not more:
            self._complete()

    @property
    def flows(self) -> bool:
        """Whether a piece of a stream that has begun can go on at once, without waiting for anybody."""
        return not self._head and self._chunked and not self._connection.flow.write_paused

    def pipe(self) -> Pipe | None:
        """Sends as `pass_on` does, and nothing while that would have to wait."""
        connection: Any = self._connection
        return Pipe(self, connection.flow, connection.transport, connection.transport.write_now)

    def pass_on(self, chunk: bytes) -> bool:
        """A piece of the answer, while it `flows`, and whether it still does; where the caller has left, into the void."""
        connection = self._connection
        if chunk and not self.disconnected:
            data = b"%x\r\n%b\r\n" % (len(chunk), chunk)
            transport: Any = connection.transport
            if transport.pending:
                transport.pending.append(data)
            else:
                transport.write_now(data)  # nothing more will join it in this turn
        return not connection.flow.write_paused

    def _complete(self) -> None:
        self.response_complete = True
        self.message_event.set()
        if not self.keep_alive:
            self._connection.transport.close()
        self._connection.on_response_complete()
