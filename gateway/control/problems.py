"""How the control plane says that something did not work: one shape, no content, no stack trace."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from audit.errors import AuditError, QueryInvalid
from audit.store.sqlite import Error as SqliteError
from gateway.errors import BadRequest, LexgateError, MethodNotAllowed, NotFound, Unavailable

log = logging.getLogger("lexgate.control")

DESCRIPTIONS: Mapping[int, str] = {
    400: "The request cannot be read; the message names the part that is wrong",
    401: "No operator key, or one that is not known",
    403: "The operator's roles do not allow this",
    404: "There is no such thing, or it is not this operator's to see",
    405: "This path does not know the method",
    408: "The body did not arrive in time",
    413: "The body is too large",
    415: "The body is not JSON",
    422: "The document is JSON but does not say what this endpoint needs",
    429: "Too many of these requests came from this address",
    500: "Lexgate failed; its log says where",
    503: "A component that this needs did not do its work",
}
"""Every status with which a request can fail, as the OpenAPI document tells it."""


class Unprocessable(LexgateError):
    """Well-formed, but not a document that this endpoint can work on."""

    status, code = 422, "lexgate_invalid_document"


class ProblemDetail(BaseModel):
    """What went wrong."""

    model_config = ConfigDict(extra="forbid")
    code: str = Field(description="stable, for programs", pattern=r"^lexgate_[a-z_]+$")
    message: str = Field(description="for people; never contains content of a call")


class Problem(BaseModel):
    """The body of every answer that is an error."""

    model_config = ConfigDict(extra="forbid")
    error: ProblemDetail


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that can fail with these."""
    return {status: {"model": Problem, "description": DESCRIPTIONS[status]} for status in statuses}


class Answer(Response):
    """A JSON answer."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return orjson.dumps(content, default=_plain)


def _plain(value: object) -> Any:
    """Mappings that are not dicts, and sets: sorted, so that the same answer has the same bytes."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(type(value).__name__)


def problem(error: LexgateError) -> Response:
    """The answer for an error of the tree."""
    headers = {"WWW-Authenticate": 'Bearer realm="lexgate control plane"'} if error.status == 401 else {}
    if error.status in {408, 413}:
        headers["Connection"] = "close"  # what is left of the body is not read
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    return Response(body_of(error), error.status, headers, "application/json")


def body_of(error: LexgateError) -> bytes:
    """The error as JSON."""
    message = error.message.encode("utf-8", "replace").decode("utf-8")
    return orjson.dumps({"error": {"code": error.code, "message": message}})


def failure(error: BaseException, where: str) -> Response:
    """The answer for an error that nobody foresaw. Type and place are logged; its message could hold content."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "unknown"
    log.error("control request failed: %s in %s at %s", type(error).__name__, where, place)
    return problem(LexgateError("Lexgate failed to answer this request; its log says where"))


def _framework(error: HTTPException) -> LexgateError:
    """The frameworks' own refusals, in our words."""
    if error.status_code == HTTPStatus.NOT_FOUND:
        return NotFound("there is nothing at this path")
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return MethodNotAllowed("this path does not know the method")
    return BadRequest("the request cannot be read")


def _invalid(error: RequestValidationError) -> LexgateError:
    """The first thing that is wrong, by its place. Validators' messages state the rule, never the value."""
    first: Mapping[str, Any] = error.errors()[0]
    source, *rest = [str(step) for step in first["loc"]] or ["body"]
    place = ".".join([source, *(step[:64] for step in rest[:8])])
    message = f"{place}: {first['msg'][:300]}"
    return Unprocessable(message) if source == "body" else BadRequest(message)


def install(app: FastAPI) -> None:
    """Make the application answer all foreseen errors in our shape."""

    async def ours(_: Request, error: Exception) -> Response:
        assert isinstance(error, LexgateError)
        return problem(error)

    async def audit(_: Request, error: Exception) -> Response:
        if isinstance(error, QueryInvalid):
            return problem(BadRequest(f"the search cannot be read at {error}"[:400]))
        cause = type(error.__cause__ or error).__name__
        log.error("the records could not be read: %s", cause)
        return problem(Unavailable("the records cannot be read now", retry_after=5))

    async def framework(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        answer = problem(_framework(error))
        if allow := (error.headers or {}).get("Allow"):
            answer.headers["Allow"] = allow
        return answer

    async def invalid(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return problem(_invalid(error))

    app.add_exception_handler(LexgateError, ours)
    for unreadable in (AuditError, SqliteError):
        app.add_exception_handler(unreadable, audit)
    app.add_exception_handler(HTTPException, framework)
    app.add_exception_handler(RequestValidationError, invalid)
