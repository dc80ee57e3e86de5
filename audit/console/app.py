"""The console as an ASGI application, mounted by the control plane: it is told what it needs and knows no gateway.

Its only page yet is `/verify`. Whoever may be answered, and how often, is decided by the port behind it; what this adds
is HTML, and headers under which a browser runs no script and loads no style but ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from audit.console.page import render
from audit.console.words import Language, language_of

PAGE, STYLE, SCRIPT = "/verify", "/verify/style.css", "/verify/verify.js"
PATHS = frozenset({PAGE, STYLE, SCRIPT})
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'; connect-src 'self'; "
    "script-src 'self'; style-src 'self'"
)


@dataclass(frozen=True, slots=True)
class Looked:
    """What became of a look: an answer of verification, or a problem in a sentence; `status` of HTTP."""

    status: int
    answer: Mapping[str, Any] | None = None
    problem: str = ""


class Looking(Protocol):
    """The port behind the page. `public`: whether strangers are answered; `largest`: bytes of a body."""

    @property
    def public(self) -> bool: ...
    @property
    def largest(self) -> int: ...
    def admitted(self, address: str) -> AbstractAsyncContextManager[Looked | None]:
        """Room for one look of somebody at this address; what is entered is why there is none."""

    async def form(self, body: bytes, language: Language) -> Looked:
        """The answer to a form: fields `key`, `file`, `text`, `sidecar`."""


def routes(looking: Looking) -> list[Route]:
    """The routes of the console."""

    async def page(request: Request) -> Response:
        language = _language(request)
        if request.method != "POST":
            return _html(render(language, public=looking.public, largest=looking.largest))
        async with looking.admitted(request.client.host if request.client else "") as refused:
            looked = refused or await looking.form(await request.body(), language)
        html = render(
            language, public=looking.public, largest=looking.largest, answer=looked.answer, problem=looked.problem
        )
        return _html(html, looked.status)

    async def static(request: Request) -> Response:
        name = request.url.path.rpartition("/")[2]
        kind = "text/css" if name.endswith(".css") else "text/javascript"
        return Response(_static(name), media_type=kind, headers={"Cache-Control": "no-cache"})

    return [
        Route(PAGE, page, methods=["GET", "POST"]),
        Route(STYLE, static, methods=["GET"]),
        Route(SCRIPT, static, methods=["GET"]),
    ]


@cache
def _static(name: str) -> bytes:
    return (Path(__file__).parent / "static" / name).read_bytes()


def _language(request: Request) -> Language:
    return language_of(request.query_params.get("lang", ""), request.headers.get("accept-language", ""))


def _html(html: str, status: int = 200) -> Response:
    headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Vary": "Accept-Language"}
    return HTMLResponse(html, status, headers)
