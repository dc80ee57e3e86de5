"""The caller's side of one call over ASGI: the body in, the answer out, and the moment they leave."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from gateway.errors import BadRequest, RequestTimeout, TooLarge
from gateway.protocols.pipe import Pipe

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

SESSION_HEADERS = (b"x-claude-code-session-id", b"session-id", b"session_id", b"thread-id")
"""Fields in which clients name the session that a call belongs to."""
LEFT = "the caller left"
"""Message of the cancellation of a call whose caller has disconnected."""


SINGLE = frozenset(
    {b"authorization", b"x-api-key", b"x-goog-api-key", b"content-type", b"content-encoding", b"traceparent"}
)
"""Fields that mean one thing: a request that gives two of them is refused instead of guessed at."""


def ambiguous(fields: list[tuple[bytes, bytes]]) -> bool:
    """Whether a field that means one thing is given twice."""
    names = [name for name, _ in fields if name in SINGLE]
    return len(names) != len(set(names))


class CallerLeft(Exception):
    """The caller closed the connection before its request was complete."""


class Caller:
    """One call's receive and send channels. Headers are lower-case bytes; of a repeated field the last counts."""

    __slots__ = (
        "_body_read", "_connection", "_receive", "_send", "_watch", "ambiguous", "headers", "peer", "started", "task",
    )  # fmt: skip

    def __init__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        fields: list[tuple[bytes, bytes]] = scope["headers"]
        self.headers: dict[bytes, bytes] = dict(fields)
        self.ambiguous = len(self.headers) != len(fields) and ambiguous(fields)
        self.peer: str = scope["client"][0] if scope.get("client") else "unknown"
        self.started = False
        self.task: asyncio.Task[Any] | None = asyncio.current_task()  # in which the call runs
        self._receive = receive
        self._send = send
        self._body_read = False
        self._watch: asyncio.Task[None] | None = None
        self._connection: Any = scope.get("lexgate.connection")

    @property
    def connection(self) -> Any:
        """The server's protocol object of this connection; None behind a server that does not tell."""
        return self._connection

    def header(self, name: bytes) -> str:
        """A header field's value as text; "" when absent."""
        return self.headers.get(name, b"").decode("latin-1")

    async def read_body(self, limit: int, seconds: float) -> bytes:
        """The whole request body. Raises TooLarge beyond `limit` bytes, RequestTimeout, CallerLeft."""
        self.check_framing(limit)
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise CallerLeft
        if not message.get("more_body"):
            self._body_read = True
            body: bytes = message["body"]
            if len(body) > limit:
                raise TooLarge(f"the body is larger than {limit} bytes")
            return body
        try:
            async with asyncio.timeout(seconds):
                return await self._read_rest(message["body"], limit)
        except TimeoutError:
            raise RequestTimeout(f"the body did not arrive within {seconds:g} seconds") from None

    def check_framing(self, limit: int) -> None:
        """Raises BadRequest for a body whose end is not clear, TooLarge for one announced as too large."""
        if self.headers.get(b"transfer-encoding", b"chunked").lower() != b"chunked":
            raise BadRequest("the only transfer encoding is chunked")
        announced = self.headers.get(b"content-length", b"0")
        if not announced.isdigit():
            raise BadRequest("content-length is not a number")
        if int(announced) > limit:
            raise TooLarge(f"the body is larger than {limit} bytes")

    async def _read_rest(self, first: bytes, limit: int) -> bytes:
        chunks, size, more = [first], len(first), True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise CallerLeft
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            if size > limit:
                raise TooLarge(f"the body is larger than {limit} bytes")
            more = message.get("more_body", False)
        self._body_read = True
        return b"".join(chunks)

    def cancel_when_gone(self, task: asyncio.Task[Any]) -> None:
        """Cancels the call's task when the caller disconnects. Only after the body has been read."""
        if self._connection is not None:  # our own connection tells; any other server is asked by a task
            self._connection.when_lost = functools.partial(task.cancel, LEFT)
            if self._connection.lost:
                task.cancel(LEFT)
            return
        self._watch = asyncio.ensure_future(self._watch_for_disconnect(task))

    async def _watch_for_disconnect(self, task: asyncio.Task[Any]) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            continue
        task.cancel(LEFT)

    def stop_watching(self) -> None:
        """From here the call ends as it is: a disconnect no longer cancels it."""
        if self._connection is not None:
            self._connection.when_lost = None
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    async def start(self, status: int, headers: Headers) -> None:
        """Status line and headers; a body that was not read closes the connection afterwards."""
        self.started = True
        if not self._body_read:
            headers = [*headers, (b"connection", b"close")]
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    def answer_whole(self, status: int, headers: Headers, body: bytes) -> bool:
        """A whole answer at once; its length is said here. False: nothing was done, `start` and `send` have to."""
        del status, headers, body
        return False

    @property
    def flows(self) -> bool:
        """Whether `pass_on` can be used now. Behind ASGI whoever sends has to wait."""
        return False

    def pipe(self) -> Pipe | None:
        """What passes on whole chunks by itself, now that the answer `flows`. None: nothing does."""
        return None

    def pass_on(self, chunk: bytes) -> bool:
        """A piece of a stream that has begun, at once. Whether the next one can go like this, too."""
        raise NotImplementedError

    async def send(self, chunk: bytes, *, more: bool = True) -> None:
        """A piece of the answer; `more=False` ends it. Waits while the caller reads slowly."""
        await self._send({"type": "http.response.body", "body": chunk, "more_body": more})
