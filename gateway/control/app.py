"""The control plane as one FastAPI application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from audit.console.app import PAGE, PATHS
from gateway.control import problems
from gateway.control.deps import ControlDeps
from gateway.control.frame import OPEN_PATHS, Frame
from gateway.control.governed import SCHEME, GovernedRoute
from gateway.control.looks import Looks
from gateway.control.routes import content, decide, inspect, keys, log, records, state
from gateway.control.threads import Threads

DESCRIPTION = """The control plane of Lexgate: inspection, decisions, records, proofs, the log and the verification of content.

Every request carries `Authorization: Bearer <operator key>`, except `/`, `/healthz`, `/readyz`, `/openapi.json` and the page `/verify`.
What a key may do follows from its operator's roles; each operation names the permission it needs as
`x-lexgate-permission`. Every error is `{"error": {"code", "message"}}`.
"""

TAGS = [
    {"name": "state", "description": "Whether Lexgate lives and can govern calls"},
    {"name": "decisions", "description": "What the gateway would find and decide; nothing is kept"},
    {"name": "records", "description": "What was recorded of each model call"},
    {"name": "keys", "description": "Keys of callers; each change is recorded and takes effect at once"},
    {"name": "content", "description": "Is this ours, and from which call? Also a page: /verify"},
    {"name": "log", "description": "The tamper-evident log, as C2SP tlog-tiles"},
]


def create_app(deps: ControlDeps) -> FastAPI:
    """The application. Threads are started when they are first needed and released at shutdown."""
    reading = Threads("records", threads=4, waiting=60)
    policy = Threads("policy", threads=1, waiting=30)
    state_threads = Threads("state", threads=2, waiting=30)
    content_threads = Threads("content", threads=2, waiting=6)
    public_threads = Threads("content", threads=1, waiting=3)
    app = FastAPI(
        title="Lexgate control plane",
        version=deps.version,
        description=DESCRIPTION,
        openapi_tags=TAGS,
        docs_url=None,  # those pages load scripts from elsewhere; / lists the endpoints
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan(reading, policy, state_threads, content_threads, public_threads),
    )
    app.router.route_class = GovernedRoute
    problems.install(app)
    looks = Looks(deps, content_threads, public_threads)
    app.add_middleware(
        Frame,
        operators=deps.operators,
        body_deadline_s=deps.body_deadline_s,
        open_paths=OPEN_PATHS | PATHS | ({content.PATH} if looks.public else set()),
        largest={content.PATH: looks.largest, PAGE: looks.largest},
    )
    state.add(app, deps, state_threads)
    inspect.add(app, deps, state_threads)
    decide.add(app, deps, policy)
    records.add(app, deps, reading)
    log.add(app, deps, reading)
    keys.add(app, deps, state_threads)
    content.add(app, looks)
    app.openapi = _described(app)  # type: ignore[method-assign]  # FastAPI's documented way to extend the document
    return app


def _lifespan(*threads: Threads) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        try:
            yield
        finally:
            for pool in threads:
                pool.close()

    return lifespan


def _described(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """The OpenAPI document, made once: with the key scheme, and without FastAPI's own error that is never sent."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                routes=app.routes,
                tags=app.openapi_tags,
            )
            for operations in document["paths"].values():
                for operation in operations.values():
                    if "requestBody" not in operation:
                        operation["responses"].pop("422", None)
            components = document.setdefault("components", {})
            for unused in ("HTTPValidationError", "ValidationError"):
                components.get("schemas", {}).pop(unused, None)
            components["securitySchemes"] = {
                SCHEME: {"type": "http", "scheme": "bearer", "description": "An operator key of this installation"}
            }
            app.openapi_schema = document
        return app.openapi_schema

    return openapi
