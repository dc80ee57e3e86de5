"""One HTTP/1.1 connection of a caller: uvicorn's parser with our limits and our errors.

A connection that trickles its headers or body, floods headers, ends halfway or is no HTTP at all gets a 4xx in the
API family's own form, and its memory stays bounded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import httptools
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from gateway.errors import BadRequest, HeadersTooLarge, LexgateError, RequestTimeout
from gateway.ingress.caller import Caller
from gateway.ingress.coalescing import CoalescingTransport
from gateway.ingress.endpoints import Endpoint, family_of, hot_endpoint
from gateway.ingress.exchange import Exchange
from gateway.plain_heads import request
from gateway.protocols.family import FAMILIES
from gateway.settings import Limits

PROBE_FIRST_S, PROBE_MOST_S = 0.5, 5.0
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\n"
"""Every HTTP/1.1 client passes over it (RFC 9110, section 15.2)."""
OFFERS = frozenset({b"connection", b"upgrade", b"http2-settings"})
"""Fields that offer another protocol, or belong to the offer."""


def without_chunks(cycle: RequestResponseCycle, app: Any) -> Any:
    """The application for a caller of HTTP/1.0, who knows no chunks: a body without a length ends with the connection."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        bounded = True

        async def plain(message: Any) -> None:
            nonlocal bounded
            if message["type"] == "http.response.start":
                bounded = any(name.lower() == b"content-length" for name, _ in message["headers"])
                if not bounded:
                    cycle.chunked_encoding = False
            elif not bounded:
                cycle.expected_content_length = len(message.get("body", b""))
            await send(message)

        await app(scope, receive, plain)

    return application


Serve = Callable[[Endpoint, Caller], Coroutine[Any, Any, None]]
"""Answers one call; raises nothing that the caller could have caused."""


def limited(limits: Limits, serve: Serve | None = None) -> type[HttpToolsProtocol]:
    """The protocol class for uvicorn with these limits. `serve` answers the hot endpoints, the ASGI application the rest."""
    return type("LimitedConnection", (Connection,), {"limits": limits, "serve": staticmethod(serve) if serve else None})


class Connection(HttpToolsProtocol):
    """See the module. `limits` is set by `limited`."""

    limits: Limits
    serve: Serve | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._parsed_to_its_end = True
        self._head_again = b""  # of a request that offered another protocol
        self._in_headers = False
        self._in_body = False
        self._header_bytes = 0
        self._refusal: LexgateError | None = None
        self.lost = False
        self.when_lost: Callable[[], object] | None = None
        self._rests_since = 0.0
        self._target = b""  # of the last request, and what it asked for
        self._endpoint: Endpoint | None = None
        self._answering: asyncio.Task[None] | None = None
        self._following: asyncio.Future[tuple[Endpoint, Exchange]] | None = (
            None  # the next call, while it is waited for
        )
        self._timer: asyncio.TimerHandle | None = None
        self._timed = ""  # which phase the timer bounds: headers, body or nothing

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(CoalescingTransport(transport, self.loop))  # type: ignore[arg-type]
        self.headers = []
        self.url = b""
        self._arm("headers")

    def connection_lost(self, exc: Exception | None) -> None:
        self._arm("")
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None
        super().connection_lost(exc)
        self.lost = True
        if self._following is not None:
            self._following.cancel()  # there will be no other call
        if self.when_lost is not None:
            self.when_lost()

    def data_received(self, data: bytes) -> None:
        if self._refusal is not None:
            return
        if not self._timed and self._usual(data):
            return
        if not self._in_body:
            self._header_bytes += len(data)
        try:
            self._parse(data)
        except httptools.HttpParserError:
            self.send_400_response("")
            return
        refusal = self._found
        if self._in_headers and self._header_bytes > self.limits.header_bytes:
            refusal = refusal or HeadersTooLarge(f"headers are larger than {self.limits.header_bytes} bytes")
        if refusal is not None:
            self._refuse(refusal)
            return
        self._arm("headers" if self._in_headers else "body" if self._in_body else "")

    def _parse(self, data: bytes) -> None:
        """Feeds the parser. Raises HttpParserError.

        A request that offers another protocol (`Upgrade: h2c`, as Java's client does with every request) is answered in
        this one (RFC 9110, section 7.8). The parser would take its body for the other protocol's bytes, so another one
        reads the request again without the offer.
        """
        while True:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as offer:
                head, self._head_again = self._head_again, b""
                if not head:
                    self._parsed_to_its_end = False  # a tunnel: what follows is not read
                    return
                self._new_parser()
                data = head + data[offer.args[0] :]
            else:
                return

    def _new_parser(self) -> None:
        """As uvicorn makes it."""
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)

    def _without_offer(self) -> bytes:
        """The head of the request at hand without what offers another protocol."""
        options = b",".join(value for name, value in self.headers if name == b"connection").lower().split(b",")
        kept = [name.strip() for name in options if name.strip() in {b"close", b"keep-alive"}]
        fields = [field for field in self.headers if field[0] not in OFFERS]
        lines = [b": ".join(field) for field in (*fields, *((b"connection", name) for name in kept))]
        start = b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        return b"\r\n".join((start, *lines, b"", b""))

    def _usual(self, data: bytes) -> bool:
        """Begins a call to a hot endpoint whose request is here as a whole; what is unusual about one is the parser's.

        The parser sees nothing of it, and stands before a request as it did.
        """
        before: RequestResponseCycle | None = self.cycle
        if self.serve is None or not (before is None or before.response_complete):
            return False
        if not self._parsed_to_its_end or self.transport.is_closing():
            return False
        limits = self.limits
        found = request(data, limits.header_count, limits.header_bytes)
        endpoint = self._hot(found[0]) if found is not None else None
        if found is None or endpoint is None or len(found[2]) > HIGH_WATER_LIMIT:
            return False
        self.url, self.headers = found[0], []
        self._begin(endpoint, Exchange.of_whole(self, found[1], found[2]))
        return True

    def _hot(self, target: bytes) -> Endpoint | None:
        """The endpoint of a request target that is answered without ASGI; most ask for the same as the last one."""
        if target != self._target:
            self._target, self._endpoint = target, hot_endpoint(target)
        return self._endpoint

    def _begin(self, endpoint: Endpoint, exchange: Exchange) -> None:
        """Hands a call to the task that answered the one before, if it waits; else to a new one."""
        self.cycle = exchange  # type: ignore[assignment]  # it has what uvicorn looks at
        task, following = self._answering, self._following
        if task is not None and following is not None and not following.done():
            exchange.task = task
            following.set_result((endpoint, exchange))
        else:
            task = self._answering = exchange.task = self.loop.create_task(self._answer(endpoint, exchange))
        self.tasks.add(task)

    async def _answer(self, endpoint: Endpoint, exchange: Exchange) -> None:
        """Answers one call after the other: a task for each would cost more than to wait for the next."""
        while True:
            await self._serve(endpoint, exchange)
            if self.lost or self.transport.is_closing() or self._answering is not exchange.task:
                return  # nobody asks any more; or the next call came before this one had ended, and has a task of its own
            following = self._following = self.loop.create_future()
            try:
                endpoint, exchange = await following
            finally:
                self._following = None

    @property
    def _found(self) -> LexgateError | None:
        """What the parser's callbacks found wrong so far."""
        return self._refusal

    def on_response_complete(self) -> None:
        """One timer a connection, looked at when it fires, instead of one made and cancelled with every call."""
        if self.pipeline or self.transport.is_closing():
            super().on_response_complete()
            return
        self.server_state.total_requests += 1
        if self.flow.read_paused:
            self.flow.resume_reading()
        self._rests_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._watch_rest(self.timeout_keep_alive)

    def _unset_keepalive_if_required(self) -> None:
        """Called by uvicorn when data comes: the timer finds out by itself."""

    def _watch_rest(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def timeout_keep_alive_handler(self) -> None:
        """Ends a connection that has rested long enough; one that was used since rests on."""
        self.timeout_keep_alive_task = None
        cycle: RequestResponseCycle | None = self.cycle
        resting = not self._in_headers and cycle is not None and cycle.response_complete
        left = self.timeout_keep_alive - (self.loop.time() - self._rests_since) if resting else self.timeout_keep_alive
        if left > 0:
            self._watch_rest(left)
        else:
            super().timeout_keep_alive_handler()

    def eof_received(self) -> bool:  # type: ignore[override]  # uvicorn closes on every end
        """The caller will send no more. Half a request is answered as such; whole ones are answered, then it is closed.

        Whether it still reads cannot be seen. Interim answers tell: a caller that has left resets the connection on them.
        """
        if (self._in_headers or self._in_body) and self._refusal is None and self._nothing_said():
            self._refuse(BadRequest("the connection ended before the request was complete"))
        cycle: Any = self.pipeline[0][0] if self.pipeline else self.cycle
        if cycle is None or cycle.response_complete or cycle.response_started or self._refusal is not None:
            return False  # an answer is under way: who sends an end now has left
        cycle.keep_alive = False
        self.loop.call_later(PROBE_FIRST_S, self._probe, cycle, PROBE_FIRST_S)
        return True

    def _probe(self, cycle: Any, pause: float) -> None:
        if self.lost or cycle.response_started or self.transport.is_closing():
            return
        if type(cycle) is Exchange or cycle.scope["http_version"] == "1.1":
            if not self.pipeline:  # else the answer to a request before it may have begun
                self.transport.write(INTERIM)
            self.loop.call_later(pause, self._probe, cycle, min(2 * pause, PROBE_MOST_S))

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        super()._start_asgi_task(cycle, without_chunks(cycle, app) if cycle.scope["http_version"] == "1.0" else app)

    def on_header(self, name: bytes, value: bytes) -> None:
        if len(self.headers) >= self.limits.header_count:
            self._refusal = HeadersTooLarge(f"more than {self.limits.header_count} header fields")
            return
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        if (
            self._header_bytes > self.limits.header_bytes
            and sum(len(n) + len(v) for n, v in self.headers) + len(self.url) > self.limits.header_bytes
        ):
            self._refusal = HeadersTooLarge(f"headers are larger than {self.limits.header_bytes} bytes")
        self._header_bytes = 0
        self._in_headers, self._in_body = False, True
        if self._refusal is None and self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT":
            self._head_again = self._without_offer()
        elif self._refusal is None:
            try:
                if not self._served():
                    self._left_to_asgi()
            except (httptools.HttpParserInvalidURLError, UnicodeDecodeError):
                self._refusal = BadRequest("the request target is not a valid path")

    def _served(self) -> bool:
        """Begins a call to a hot endpoint, if this is one. What is unusual about a request is left to the ASGI way."""
        if self.serve is None:
            return False
        endpoint, parser = self._hot(self.url), self.parser
        before: RequestResponseCycle | None = self.cycle
        if endpoint is None or parser.get_method() != b"POST" or parser.get_http_version() != "1.1":
            return False
        if parser.should_upgrade() or not (before is None or before.response_complete):
            return False
        exchange = Exchange(
            self, self.headers, keep_alive=parser.should_keep_alive(), expects_continue=self.expect_100_continue
        )
        self._begin(endpoint, exchange)
        return True

    def _left_to_asgi(self) -> None:
        """The scope that uvicorn makes for every request is made for those that need one."""
        url, headers, expects_continue = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.headers, self.expect_100_continue = url, headers, expects_continue
        self.scope["headers"] = headers
        self.scope["lexgate.connection"] = self  # type: ignore[typeddict-unknown-key]
        super().on_headers_complete()

    async def _serve(self, endpoint: Endpoint, exchange: Exchange) -> None:
        assert self.serve is not None
        try:
            await self.serve(endpoint, exchange)
        finally:
            if exchange.task is not None:
                self.tasks.discard(exchange.task)
            if not exchange.response_complete and not exchange.disconnected:
                self.transport.close()  # an answer that did not come to its end must not look like one that did

    def on_message_begin(self) -> None:
        self.url = b""
        self.expect_100_continue = False
        self.headers = []
        self._in_headers, self._in_body = True, False

    def on_body(self, body: bytes) -> None:
        if self._refusal is not None:
            return
        cycle: Any = self.cycle
        if type(cycle) is not Exchange:
            super().on_body(body)
        elif not cycle.response_complete:
            cycle.add(body)
            if len(cycle.body) > HIGH_WATER_LIMIT:
                self.flow.pause_reading()

    def on_message_complete(self) -> None:
        self._in_body = False
        self._header_bytes = 0
        if self._refusal is None and not self._head_again:
            super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Called by uvicorn when the bytes are no HTTP."""
        del msg  # uvicorn's own words; ours are said in the family's form
        if self._nothing_said():
            self._refuse(self._refusal or BadRequest("this is not a valid HTTP/1.1 request"))
        else:
            self.transport.close()

    def _nothing_said(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or cycle.response_complete or not cycle.response_started

    def _arm(self, phase: str) -> None:
        if phase == self._timed:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._timed = phase
        if phase:
            seconds = self.limits.header_seconds if phase == "headers" else self.limits.body_seconds
            self._timer = self.loop.call_later(seconds, self._too_slow, phase)

    def _too_slow(self, phase: str) -> None:
        if self._nothing_said() and (self._in_headers or self._in_body):
            self._refuse(RequestTimeout(f"the {phase} did not arrive in time"))
        elif phase == "headers":
            self.transport.close()  # nothing was ever asked

    def _refuse(self, error: LexgateError) -> None:
        """Answers in the family's form and closes; a call that waits for the rest of its body sees a disconnect."""
        self._refusal = error
        self._arm("")
        if not self.transport.is_closing() and (self.pipeline or not self._nothing_said()):
            self.transport.close()  # nothing is written into an answer that may have begun
        if not self.transport.is_closing():
            family = FAMILIES[family_of(self.url.decode("latin-1"), dict(self.headers or []))]
            body = family.error_body(error, "")
            head = b"content-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body)
            self.transport.write(STATUS_LINE[error.status] + head + body)
            self.transport.close()
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
