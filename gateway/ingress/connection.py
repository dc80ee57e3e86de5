"""One HTTP/1.1 connection of a caller: uvicorn's parser with our limits and our errors.

A connection that trickles its headers or body, floods headers, ends halfway or is no HTTP at all gets a 4xx in the
API family's own form, and its memory stays bounded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from gateway.errors import BadRequest, HeadersTooLarge, LexgateError, RequestTimeout
from gateway.ingress.coalescing import CoalescingTransport
from gateway.ingress.endpoints import family_of
from gateway.protocols.family import FAMILIES
from gateway.settings import Limits

PROBE_FIRST_S, PROBE_MOST_S = 0.5, 5.0
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\n"
"""Every HTTP/1.1 client passes over it (RFC 9110, section 15.2)."""


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


def limited(limits: Limits) -> type[HttpToolsProtocol]:
    """The protocol class for uvicorn with these limits."""
    return type("LimitedConnection", (Connection,), {"limits": limits})


class Connection(HttpToolsProtocol):
    """See the module. `limits` is set by `limited`."""

    limits: Limits

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._in_headers = False
        self._in_body = False
        self._header_bytes = 0
        self._refusal: LexgateError | None = None
        self.lost = False
        self.when_lost: Callable[[], object] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timed = ""  # which phase the timer bounds: headers, body or nothing

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(CoalescingTransport(transport, self.loop))  # type: ignore[arg-type]
        self.headers = []
        self.url = b""
        self._arm("headers")

    def connection_lost(self, exc: Exception | None) -> None:
        self._arm("")
        super().connection_lost(exc)
        self.lost = True
        if self.when_lost is not None:
            self.when_lost()

    def data_received(self, data: bytes) -> None:
        if self._refusal is not None:
            return
        if not self._in_body:
            self._header_bytes += len(data)
        super().data_received(data)
        refusal = self._found
        if self._in_headers and self._header_bytes > self.limits.header_bytes:
            refusal = refusal or HeadersTooLarge(f"headers are larger than {self.limits.header_bytes} bytes")
        if refusal is not None:
            self._refuse(refusal)
            return
        self._arm("headers" if self._in_headers else "body" if self._in_body else "")

    @property
    def _found(self) -> LexgateError | None:
        """What the parser's callbacks found wrong so far."""
        return self._refusal

    def eof_received(self) -> bool:  # type: ignore[override]  # uvicorn closes on every end
        """The caller will send no more. Half a request is answered as such; whole ones are answered, then it is closed.

        Whether it still reads cannot be seen. Interim answers tell: a caller that has left resets the connection on them.
        """
        if (self._in_headers or self._in_body) and self._refusal is None and self._nothing_said():
            self._refuse(BadRequest("the connection ended before the request was complete"))
        cycle: RequestResponseCycle | None = self.pipeline[0][0] if self.pipeline else self.cycle
        if cycle is None or cycle.response_complete or self._refusal is not None:
            return False
        cycle.keep_alive = False
        self.loop.call_later(PROBE_FIRST_S, self._probe, cycle, PROBE_FIRST_S)
        return True

    def _probe(self, cycle: RequestResponseCycle, pause: float) -> None:
        if self.lost or cycle.response_started or self.transport.is_closing():
            return
        if cycle.scope["http_version"] == "1.1":
            self.transport.write(INTERIM)
            self.loop.call_later(pause, self._probe, cycle, min(2 * pause, PROBE_MOST_S))

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        super()._start_asgi_task(cycle, without_chunks(cycle, app) if cycle.scope["http_version"] == "1.0" else app)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_headers, self._in_body = True, False

    def on_header(self, name: bytes, value: bytes) -> None:
        if len(self.headers) >= self.limits.header_count:
            self._refusal = HeadersTooLarge(f"more than {self.limits.header_count} header fields")
            return
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if (
            self._header_bytes > self.limits.header_bytes
            and sum(len(n) + len(v) for n, v in self.headers) + len(self.url) > self.limits.header_bytes
        ):
            self._refusal = HeadersTooLarge(f"headers are larger than {self.limits.header_bytes} bytes")
        self._header_bytes = 0
        self._in_headers, self._in_body = False, True
        if self._refusal is None:
            try:
                self.scope["lexgate.connection"] = self  # type: ignore[typeddict-unknown-key]
                super().on_headers_complete()
            except (httptools.HttpParserInvalidURLError, UnicodeDecodeError):
                self._refusal = BadRequest("the request target is not a valid path")

    def on_body(self, body: bytes) -> None:
        if self._refusal is None:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_body = False
        self._header_bytes = 0
        if self._refusal is None:
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
