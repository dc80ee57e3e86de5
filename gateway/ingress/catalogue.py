"""What is not hot on the data plane: the list of models, and the refusal of every path that we do not understand.

`/v1/models` is answered from the configuration: no call leaves for it, so there is nothing to record.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.responses import Response

from gateway.directory import presented_key
from gateway.errors import LexgateError, MethodNotAllowed, NotFound, Unauthenticated
from gateway.ingress.endpoints import family_of
from gateway.ingress.refused import reason_of
from gateway.protocols.family import FAMILIES
from gateway.services import Services

CREATED = 1_767_225_600
"""2026-01-01: the families' SDKs expect a creation time; ours is that of the catalogue, not of a model."""


def create_catalogue(services: Callable[[], Services]) -> FastAPI:
    """The application behind the hot endpoints."""
    app = FastAPI(title="Lexgate data plane", openapi_url=None, docs_url=None, redoc_url=None)

    @app.get("/v1/models")
    async def models(request: Request) -> Response:
        current = services()
        family = family_of(request.url.path, dict(request.scope["headers"]))
        if _principal_missing(request, current):
            return _error(request, Unauthenticated("no such key: present a Lexgate key where the provider's would go"))
        rows = list(dict(current.routes.models(family)).items())
        return _json(_anthropic_list(rows) if family == "anthropic" else _openai_list(rows))

    @app.api_route("/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
    async def unknown(request: Request, path: str) -> Response:
        del path
        known = request.url.path == "/v1/models"
        error: LexgateError = (
            MethodNotAllowed("this endpoint takes GET") if known else NotFound(reason_of(request.url.path))
        )
        return _error(request, error)

    return app


def _principal_missing(request: Request, services: Services) -> bool:
    if services.directory.find(presented_key(dict(request.scope["headers"]))) is not None:
        return False
    services.refusals.count(request.client.host if request.client else "unknown", Unauthenticated.code)
    return True


def _error(request: Request, error: LexgateError) -> Response:
    family = FAMILIES[family_of(request.url.path, dict(request.scope["headers"]))]
    return Response(family.error_body(error, ""), error.status, media_type="application/json")


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
