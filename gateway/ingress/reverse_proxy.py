"""The data plane as a reverse proxy: the hot endpoints as raw ASGI, in front of a FastAPI application for the rest."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from uuid_utils import uuid7

from gateway import pipeline
from gateway.errors import LexgateError, MethodNotAllowed
from gateway.flow import Flow, Timing
from gateway.ingress.caller import Caller, Receive, Send
from gateway.ingress.endpoints import Endpoint, endpoint_of, refuse_credential
from gateway.protocols.family import FAMILIES
from gateway.services import Services

Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]


class ReverseProxy:
    """An ASGI application. `services` is asked once per call, so a reload holds from the next call on."""

    def __init__(self, services: Callable[[], Services], fallback: Application) -> None:
        self._services = services
        self._fallback = fallback

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        http = scope["type"] == "http"
        endpoint = endpoint_of(scope["path"], scope["query_string"], scope["method"]) if http else None
        if endpoint is None:
            await self._fallback(scope, receive, send)
            return
        caller = Caller(scope, receive, send)
        try:
            if scope["method"] != endpoint.method:
                raise MethodNotAllowed(f"this endpoint takes {endpoint.method}")
            if endpoint.family == "gemini":
                refuse_credential(scope["query_string"])
        except LexgateError as error:
            await _refuse(endpoint, caller, error)
            return
        await self.serve(endpoint, caller)

    async def serve(self, endpoint: Endpoint, caller: Caller) -> None:
        """Answers one call to an endpoint of ours."""
        services, task = self._services(), caller.task
        if task is None:
            raise RuntimeError("a call runs in a task")
        try:
            flow = _flow(endpoint, caller, services)
            services.log.enter(task, flow.log)
            try:
                await pipeline.run(flow, services)
            finally:
                services.log.leave(task)
        except LexgateError as error:
            services.call_metrics.refused(endpoint.protocol, error.code)
            await _refuse(endpoint, caller, error)


def _flow(endpoint: Endpoint, caller: Caller, services: Services) -> Flow:
    appender = services.log.current()
    flow_id = str(uuid7())
    traceparent = caller.header(b"traceparent") if b"traceparent" in caller.headers else ""
    return Flow(
        id=flow_id,
        time_us=time.time_ns() // 1000,
        endpoint=endpoint,
        caller=caller,
        log=appender,
        timing=Timing(time.perf_counter()),
        trace=services.tracing.begin(traceparent, flow_id, endpoint.route or endpoint.path),
    )


async def _refuse(endpoint: Endpoint, caller: Caller, error: LexgateError) -> None:
    body = FAMILIES[endpoint.family].error_body(error, "")
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    if error.retry_after is not None:
        headers.append((b"retry-after", b"%d" % error.retry_after))
    await caller.start(error.status, headers)
    await caller.send(body, more=False)
