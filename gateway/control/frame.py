"""What surrounds every request: limits on what comes in, authentication, headers on what goes out.

Order is security, so it is one class read from top to bottom rather than a stack of registrations:
1. the caller is an operator, unless the path is open to strangers; 2. the target is well-formed; 3. the body stays
within its limits while it is read; 4. whatever happens inside, the answer has our shape and our headers.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.control.document import check_target
from gateway.control.operators import Operator, authenticate
from gateway.control.problems import failure, problem
from gateway.errors import BadRequest, LexgateError, RequestTimeout, TooLarge

OPERATOR = "lexgate.operator"
"""Where the ASGI scope holds the operator; absent for a stranger."""

MAX_BODY = 1_048_576
DRAIN_BYTES, DRAIN_S = 8 * MAX_BODY, 2.0

OPEN_PATHS = frozenset({"/", "/healthz", "/readyz", "/openapi.json"})
"""Paths that answer strangers. None of them says anything about this installation unless a key is presented."""

HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""On every answer, unless the answer sets a header of that name itself."""


class Frame:
    """ASGI middleware around the whole application."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        operators: Sequence[Operator],
        body_deadline_s: float,
        open_paths: Collection[str] = OPEN_PATHS,
        largest: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        """`largest`: bytes of a body at paths where it may be larger than MAX_BODY, or must be smaller."""
        self._app = app
        self._operators = operators
        self._body_deadline_s = body_deadline_s
        self._open_paths = open_paths
        self._largest = largest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        outlet = Outlet(send, tls=scope.get("scheme") == "https")
        most = self._largest.get(scope["path"], MAX_BODY)
        inlet = Inlet(receive, self._body_deadline_s, most)
        try:
            self._admit(scope)
            _check_length(scope, most)
            await self._app(scope, inlet, outlet)
        except LexgateError as error:
            await inlet.drain()
            await outlet.instead(problem(error), scope)
        except Exception as error:
            await outlet.instead(failure(error, scope["method"]), scope)

    def _admit(self, scope: Scope) -> None:
        authorization = _values(scope, b"authorization")
        if authorization or scope["path"] not in self._open_paths:
            scope[OPERATOR] = authenticate(self._operators, authorization)
        check_target(scope.get("raw_path") or scope["path"].encode(), scope["query_string"])


class Inlet:
    """`receive` with a limit on bytes and on time. Raises TooLarge and RequestTimeout inside the application."""

    def __init__(self, receive: Receive, deadline_s: float, most: int = MAX_BODY) -> None:
        self._receive = receive
        self._most = most
        self._bytes = 0
        self._whole = False
        self._deadline = asyncio.get_running_loop().time() + deadline_s

    async def __call__(self) -> Message:
        if self._whole:  # waiting for the caller to leave has no deadline
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._next()
        except TimeoutError:
            raise RequestTimeout("the body did not arrive in time") from None
        if self._bytes > self._most:
            await self.drain()
            raise TooLarge(f"the body is larger than {self._most} bytes")
        return message

    async def drain(self) -> None:
        """Read and forget what is still being sent, for a moment: closing at once would lose our answer on its way."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_S):
                while not self._whole and self._bytes <= DRAIN_BYTES:
                    await self._next()

    async def _next(self) -> Message:
        message = await self._receive()
        self._bytes += len(message.get("body", b""))
        self._whole = message["type"] != "http.request" or not message.get("more_body", False)
        return message


class Outlet:
    """`send` that adds our headers and knows whether an answer has begun."""

    def __init__(self, send: Send, *, tls: bool) -> None:
        self._send = send
        self._tls = tls
        self._begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._begun = True
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            if self._tls:
                headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        await self._send(message)

    async def instead(self, answer: Response, scope: Scope) -> None:
        """Send an error, if nothing was sent yet. A begun answer stays cut off: the caller sees that it is not whole."""
        if not self._begun:
            answer.headers["Connection"] = "close"  # what is left of the request is not read
            await answer(scope, _nothing, self)


async def _nothing() -> Message:
    return {"type": "http.disconnect"}


def _values(scope: Mapping[str, Any], name: bytes) -> list[bytes]:
    return [value for key, value in scope["headers"] if key == name]


def _check_length(scope: Mapping[str, Any], most: int) -> None:
    """Refuse a body that says it is too long before any of it is kept."""
    values = _values(scope, b"content-length")
    if not values:
        return
    if len(values) > 1 or not values[0].isdigit():
        raise BadRequest("Content-Length is not one number")
    if len(values[0]) > 18 or int(values[0]) > most:
        raise TooLarge(f"the body is larger than {most} bytes")
