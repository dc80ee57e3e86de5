"""Connections to providers, and the few of them that rest until the next call.

A call is sent once or not at all: a connection that dies after the request was written may have delivered it, so nothing
is ever sent again from here. To keep calls away from connections that the provider is about to close, a resting one

- is dropped the moment it says anything, even its end, and asked once more (poll) before it is used;
- rests at most MAX_REST_S, or what `Keep-Alive: timeout=N` allows less a second;
- comes back only after a complete answer without surplus bytes, whose request was written to its end.

What remains is a close that crosses our request on the wire: the caller sees UpstreamFailed and decides.

A body that ends with its connection is taken as whole when the connection ends without error; over TLS too, where asyncio
does not tell an authenticated end from a bare one. Providers frame their bodies, and streams have a last event of their own.
"""

from __future__ import annotations

import asyncio
import select
import ssl
from dataclasses import dataclass, field
from typing import cast

from gateway.errors import UpstreamTimeout
from gateway.protocols.pipe import Pipe
from gateway.settings import Timeouts
from gateway.upstream.answer import Answer

MAX_REST_S = 30.0
REST_MARGIN_S = 1.0
PAUSE_BYTES = 262_144
"""Unread bytes of an answer above which nothing more is read from its connection."""
JOIN_BYTES = 65_536
"""A larger body is handed to the transport by itself: one more call is cheaper than its copy."""


@dataclass(eq=False, slots=True)
class Origin:
    """One scheme, host, port and trust, with its resting connections; the one that came last is used first."""

    host: str
    port: int
    tls: ssl.SSLContext | None
    resting: list[Connection] = field(default_factory=list)
    all: set[Connection] = field(default_factory=set)
    closed: bool = False

    def take(self) -> Connection | None:
        """A connection that can be used now."""
        while self.resting:
            connection = self.resting.pop()
            if connection.wake():
                return connection
            connection.drop()
        return None

    def close(self) -> None:
        """Ends every connection, also those with a call under way."""
        self.closed = True
        for connection in tuple(self.all):
            connection.end()


class Connection(asyncio.Protocol):
    """One connection; at most one answer at a time."""

    __slots__ = (
        "_answer", "_deadline", "_fires", "_idle", "_loop", "_origin", "_paused", "_pipe", "_poll", "_timeouts", "_timer",
        "_total", "_transport",
    )  # fmt: skip

    def __init__(self, origin: Origin, loop: asyncio.AbstractEventLoop, timeouts: Timeouts) -> None:
        self._origin = origin
        self._loop = loop
        self._timeouts = timeouts
        self._idle = timeouts.idle
        self._transport: asyncio.Transport | None = None
        self._poll: select.poll | None = None
        self._answer: Answer | None = None
        self._pipe: Pipe | None = None  # of the answer, while it can be offered what comes
        self._paused = False
        # One timer a connection, moved only when a deadline comes to lie before it: most calls set none.
        self._timer: asyncio.TimerHandle | None = None
        self._fires = self._deadline = self._total = float("inf")

    @property
    def usable(self) -> bool:
        return self._transport is not None and not self._transport.is_closing() and not self._origin.closed

    def wake(self) -> bool:
        """Whether a resting connection can carry another call: young enough, nothing heard, not even its end."""
        poll, transport = self._poll, self._transport
        if poll is None or transport is None or transport.is_closing() or self._origin.closed:
            return False
        return self._loop.time() < self._deadline and not poll.poll(0)

    def send(self, head: bytes, body: bytes, name: str, start: float) -> Answer:
        """Hands one request to the transport. `start`: when its call began, on the loop's clock."""
        if self._transport is None:
            raise RuntimeError("a connection that has ended cannot send")
        answer = self._answer = Answer(self, self._loop, name)
        timeouts = self._timeouts
        self._total = start + timeouts.total
        self._deadline = start + min(timeouts.first_byte, timeouts.total)
        if self._deadline < self._fires:
            self._watch(self._deadline)
        if len(body) <= JOIN_BYTES:
            self._transport.write(head + body)
        else:
            self._transport.write(head)
            self._transport.write(body)
        return answer

    def resume(self) -> None:
        """What was buffered has been consumed: more may be read."""
        if self._paused and self._transport is not None:
            self._paused = False
            self._watch(min(self._loop.time() + self._idle, self._total))
            self._transport.resume_reading()

    def drop(self) -> None:
        """Closes the connection at once."""
        self._answer = self._pipe = None
        self._forget()
        if self._transport is not None:
            self._transport.abort()

    def end(self) -> None:
        """Closes the connection; a call under way fails."""
        answer = self._answer
        self.drop()
        if answer is not None:
            answer.end(clean=False)

    # --- what the transport reports ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._poll = select.poll()
        self._poll.register(transport.get_extra_info("socket").fileno(), select.POLLIN)
        self._origin.all.add(self)

    def data_received(self, data: bytes) -> None:
        answer = self._answer
        if answer is None:
            self.drop()  # nobody asked
            return
        pipe = self._pipe
        if pipe is not None:
            try:
                taken = pipe.take(data)
            except Exception as problem:  # not of this connection's making
                self._pipe = None
                answer.blame(problem)
                return
            if taken == len(data):
                return  # a piece of a stream, as nearly always
            data = data[taken:]
        flows = answer.feed(data)
        self._pipe = answer.pipe if flows else None
        if flows:
            deadline = self._loop.time() + self._idle
            self._deadline = min(self._total, deadline)
            if self._deadline < self._fires:
                self._watch(self._deadline)
        elif answer.complete:
            self._answer = self._pipe = None
            self._rest(answer)
        elif not answer.failed and answer.status:
            if answer.unread > PAUSE_BYTES and self._transport is not None:
                self._paused = True
                self._transport.pause_reading()
                self._watch(self._total)  # silent on our account, not the provider's
            else:
                deadline = self._loop.time() + self._idle
                self._deadline = min(self._total, deadline)
                if self._deadline < self._fires:
                    self._watch(self._deadline)

    def eof_received(self) -> bool:
        answer = self._answer
        self.drop()
        if answer is not None:
            answer.end(clean=True)
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        answer, self._transport, self._poll = self._answer, None, None
        self.drop()
        if answer is not None:
            answer.end(clean=False)

    # --- inside ---

    def _rest(self, answer: Answer) -> None:
        transport = self._transport
        rest = MAX_REST_S
        if "keep-alive" in answer.headers:
            rest = min(rest, answer.keep_alive_s() - REST_MARGIN_S)
        fit = answer.keep_alive and not answer.surplus and rest > 0
        if not fit or transport is None or transport.is_closing() or transport.get_write_buffer_size():
            self.drop()
            return
        if self._paused:
            self._paused = False
            transport.resume_reading()
        self._deadline = self._loop.time() + rest
        if self._deadline < self._fires:
            self._watch(self._deadline)
        self._origin.resting.append(self)

    def _forget(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._fires = float("inf")
        if self in self._origin.all:
            self._origin.all.discard(self)
            if self in self._origin.resting:
                self._origin.resting.remove(self)

    def _watch(self, deadline: float) -> None:
        self._deadline = deadline
        if deadline < self._fires:
            if self._timer is not None:
                self._timer.cancel()
            self._fires = deadline
            self._timer = self._loop.call_at(deadline, self._expire)

    def _expire(self) -> None:
        self._timer, self._fires = None, float("inf")
        if self._pipe is not None:  # it has heard what this connection was not told of
            self._deadline = max(self._deadline, min(self._total, self._pipe.heard + self._idle))
        if self._loop.time() < self._deadline:
            self._watch(self._deadline)
            return
        answer = self._answer
        self.drop()
        if answer is None:
            return
        if self._deadline >= self._total:
            answer.fail(UpstreamTimeout("the provider took too long for its whole answer"))
        elif answer.status:
            answer.fail(UpstreamTimeout("the provider stopped sending"))
        else:
            answer.fail(UpstreamTimeout("the provider did not begin to answer"))
