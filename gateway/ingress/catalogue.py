"""What is not hot on the data plane: the list of models, and the refusal of every path that we do not understand.

`/v1/models` and Google's `/v1beta/models` are answered from the configuration: no call leaves for it, so there is
nothing to record. Marked files wait behind links of their own (`gateway/marking/content_store.py`): their call's record
names each of them. Starlette, which FastAPI is built on: there is nothing here to declare, and each worker would hold
FastAPI's models of OpenAPI documents.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.errors import LexgateError, MethodNotAllowed, NotFound, Unauthenticated
from gateway.identity.callers import identify
from gateway.ingress.endpoints import family_of
from gateway.ingress.refused import reason_of
from gateway.protocols.family import FAMILIES
from gateway.services import Services

LONGEST_TOKEN = 128
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
CREDENTIALS = (b"authorization", b"x-api-key", b"x-goog-api-key")
CONTENT_HEADERS = MappingProxyType(
    {
        "cache-control": "private, no-store",
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; sandbox",
        "referrer-policy": "no-referrer",
    }
)
"""Of a file that a model made, when a browser opens it: shown as what it is, and able to do nothing."""
CREATED = 1_767_225_600
"""2026-01-01: the families' SDKs expect a creation time; ours is that of the catalogue, not of a model."""


def create_catalogue(services: Callable[[], Services]) -> Starlette:
    """The application behind the hot endpoints."""

    async def models(request: Request) -> Response:
        current = services()
        family = family_of(request.url.path, dict(request.scope["headers"]))
        if (refusal := await _refusal(request, current)) is not None:
            return _error(request, refusal)
        rows = list(dict(current.routes.models(family)).items())
        return _json(_LISTS[family](rows))

    async def model(request: Request) -> Response:
        current, name = services(), request.path_params["name"]
        if family_of(request.url.path, dict(request.scope["headers"])) != "gemini":
            return _error(request, NotFound("Lexgate does not know this endpoint"))
        if (refusal := await _refusal(request, current)) is not None:
            return _error(request, refusal)
        if name not in dict(current.routes.models("gemini")):
            return _error(request, NotFound("no configured provider names this model"))
        return _json(_gemini_model(name))

    async def content(request: Request) -> Response:
        current, token = services(), request.path_params["token"]
        found = await asyncio.to_thread(current.content.get, token) if len(token) <= LONGEST_TOKEN else None
        if found is None or not await _may_see(request, current, found.tenant):
            return _error(request, NotFound("there is nothing behind this link, or its time is over"))
        return Response(found.data, media_type=found.media_type, headers=CONTENT_HEADERS)

    async def unknown(request: Request) -> Response:
        known = request.url.path in {"/v1/models", "/v1beta/models"}
        error: LexgateError = (
            MethodNotAllowed("this endpoint takes GET") if known else NotFound(reason_of(request.url.path))
        )
        return _error(request, error)

    return Starlette(
        routes=[
            Route("/v1/models", models),
            Route("/v1beta/models", models),
            Route("/v1beta/models/{name:path}", model),
            Route("/v1/models/{name:path}", model),
            Route("/v1/content/{token}", content),
            Route("/{path:path}", unknown, methods=METHODS),
        ]
    )


async def _may_see(request: Request, services: Services, tenant: str) -> bool:
    """A link is all that is asked for; but who says who they are must be of the tenant whose file it is."""
    headers = dict(request.scope["headers"])
    if headers.keys().isdisjoint(CREDENTIALS):
        return True
    try:
        entry = await identify(headers, request.scope.get("lexgate.connection"), services)
    except LexgateError:
        return False
    return entry.principal.tenant == tenant


async def _refusal(request: Request, services: Services) -> LexgateError | None:
    """Why this caller is told nothing; None for a principal."""
    try:
        await identify(dict(request.scope["headers"]), request.scope.get("lexgate.connection"), services)
    except LexgateError as error:
        if isinstance(error, Unauthenticated):
            services.refusals.count(request.client.host if request.client else "unknown", error.code)
        return error
    return None


def _error(request: Request, error: LexgateError) -> Response:
    family = FAMILIES[family_of(request.url.path, dict(request.scope["headers"]))]
    headers = {} if error.retry_after is None else {"retry-after": str(error.retry_after)}
    if isinstance(error, Unauthenticated):
        headers["www-authenticate"] = "Bearer"
    return Response(family.error_body(error, ""), error.status, headers, media_type="application/json")


def _json(document: dict[str, Any]) -> Response:
    return Response(orjson.dumps(document), media_type="application/json")


def _openai_list(rows: list[tuple[str, str]]) -> dict[str, Any]:
    data = [{"id": model, "object": "model", "created": CREATED, "owned_by": provider} for model, provider in rows]
    return {"object": "list", "data": data}


def _anthropic_list(rows: list[tuple[str, str]]) -> dict[str, Any]:
    data = [
        {"type": "model", "id": model, "display_name": model, "created_at": "2026-01-01T00:00:00Z"} for model, _ in rows
    ]
    ends = {"first_id": data[0]["id"], "last_id": data[-1]["id"]} if data else {"first_id": None, "last_id": None}
    return {"data": data, "has_more": False, **ends}


def _gemini_model(name: str) -> dict[str, Any]:
    methods = ["generateContent", "streamGenerateContent", "countTokens", "embedContent", "batchEmbedContents"]
    return {"name": f"models/{name}", "displayName": name, "version": "", "supportedGenerationMethods": methods}


def _gemini_list(rows: list[tuple[str, str]]) -> dict[str, Any]:
    return {"models": [_gemini_model(model) for model, _ in rows]}


_LISTS: Mapping[str, Callable[[list[tuple[str, str]]], dict[str, Any]]] = MappingProxyType(
    {"openai": _openai_list, "anthropic": _anthropic_list, "gemini": _gemini_list}
)
