"""Routes that need a permission. The permission is part of the route's description, so OpenAPI tells it too."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from gateway.control.document import check_media_type, parse
from gateway.control.frame import OPERATOR
from gateway.control.operators import Operator, Permission
from gateway.control.problems import documented

PERMISSION = "x-lexgate-permission"
SCHEME = "operatorKey"
OPEN = "open"
"""The permission of what strangers may ask."""


def governed(permission: Permission, *failures: int) -> dict[str, Any]:
    """Keyword arguments for a route that needs `permission` and can also fail with `failures`."""
    return {
        "openapi_extra": {PERMISSION: permission.value, "security": [{SCHEME: []}]},
        "responses": documented(*sorted({400, 401, 403, 500, *failures})),
    }


def open_to_strangers(*failures: int) -> dict[str, Any]:
    """Keyword arguments for a route that anybody may ask. A key that is presented must still be right."""
    return {
        "openapi_extra": {PERMISSION: OPEN, "security": [{}, {SCHEME: []}]},
        "responses": documented(*sorted({400, 401, 500, *failures})),
    }


def operator_of(request: Request) -> Operator:
    """Who asks, on a governed route."""
    operator = request.scope[OPERATOR]
    assert isinstance(operator, Operator)
    return operator


class GovernedRoute(APIRoute):
    """A route that checks its permission before anything of the request but its target and headers is read.

    A route without a permission answers nobody: the check fails when the application is put together.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()
        named = (self.openapi_extra or {})[PERMISSION]
        permission = None if named == OPEN else Permission(named)
        strangers = {} in (self.openapi_extra or {}).get("security", ())  # may ask too, and are told less
        takes_body = self.body_field is not None

        async def check_then_answer(request: Request) -> Response:
            if permission is not None and not (strangers and OPERATOR not in request.scope):
                operator_of(request).require(permission)
            if takes_body:
                check_media_type(request.headers.get("content-type", ""))
                parse(await request.body())
            return await answer(request)

        return check_then_answer
