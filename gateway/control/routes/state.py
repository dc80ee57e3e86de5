"""GET / /healthz /readyz /metrics: whether Lexgate lives, whether it can govern calls, and its figures."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import HTMLResponse, Response

from gateway.control.deps import ControlDeps
from gateway.control.frame import OPERATOR
from gateway.control.governed import governed, open_to_strangers, operator_of
from gateway.control.models import Health, Readiness
from gateway.control.operators import Forbidden, Operator, Permission
from gateway.control.page import CONTENT_SECURITY_POLICY, render
from gateway.control.problems import Answer
from gateway.control.threads import Threads
from gateway.errors import Unavailable

log = logging.getLogger("lexgate.control")

TEXT = {"content": {"text/plain": {"schema": {"type": "string"}}}}
DEADLINE_S = 5.0


def add(app: FastAPI, deps: ControlDeps, threads: Threads) -> None:
    """Register the endpoints."""

    async def components() -> Mapping[str, str | None]:
        try:
            return await threads.run(DEADLINE_S, deps.readiness)
        except Exception as error:  # a check that fails is a reason not to be ready, not a failed request
            log.warning("readiness could not be checked: %s", type(error).__name__)
            return {"readiness": "could not be checked"}

    @app.get("/healthz", tags=["state"], **open_to_strangers())
    async def healthz() -> Health:
        """Liveness: the control process answers. Says nothing of other components."""
        return Health(status="ok")

    @app.get("/readyz", tags=["state"], **_readyz())
    async def readyz(request: Request) -> Response:
        """Readiness: 200 when calls can be governed, else 503. Reasons only with a key that may read them."""
        reasons = await components()
        ready = all(reason is None for reason in reasons.values())
        body: dict[str, object] = {"status": "ready" if ready else "not ready"}
        operator: Operator | None = request.scope.get(OPERATOR)
        if operator is not None and operator.may(Permission.READINESS):
            body["components"] = dict(reasons)
        return Answer(body, 200 if ready else 503)

    @app.get("/metrics", response_class=Response, tags=["state"], **_metrics())
    async def metrics(request: Request) -> Response:
        """All workers' figures as Prometheus text. No content, no users in labels; of all tenants, so for operators of all."""
        if operator_of(request).tenants is not None:
            raise Forbidden("the figures are of all tenants; this operator is limited to some")
        try:
            text = await threads.run(DEADLINE_S, deps.metrics)
        except OSError:
            raise Unavailable("the workers' figures cannot be read") from None
        return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})

    @app.get("/", response_class=Response, tags=["state"], **_page())
    async def page(request: Request) -> HTMLResponse:
        """What this is and what can be asked here, for people who open it in a browser."""
        html = render(app.openapi(), deps, request.scope.get(OPERATOR))
        return HTMLResponse(html, headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY})


def _readyz() -> dict[str, Any]:
    route = open_to_strangers()
    route["responses"][200] = {"model": Readiness, "description": "Calls can be governed"}
    route["responses"][503] = {"model": Readiness, "description": "Calls are refused, for the reasons given"}
    return route


def _metrics() -> dict[str, Any]:
    route = governed(Permission.METRICS, 503)
    route["responses"][200] = {"description": "Prometheus text format", **TEXT}
    return route


def _page() -> dict[str, Any]:
    route = open_to_strangers()
    route["responses"][200] = {"description": "A page", "content": {"text/html": {"schema": {"type": "string"}}}}
    return route
