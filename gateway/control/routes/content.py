"""POST /api/content/verify: is this ours, and from which call? And the page for it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import FastAPI, Query, Request

from audit.console.app import routes
from gateway.control.frame import OPERATOR
from gateway.control.governed import SCHEME, governed
from gateway.control.looks import Looks
from gateway.control.models import VerifyAnswer
from gateway.control.operators import Operator, Permission
from gateway.control.problems import Answer, Unprocessable
from gateway.errors import BadRequest
from gateway.protocols.multipart import read_form

PATH = "/api/content/verify"
FORM = "multipart/form-data"


def add(app: FastAPI, looks: Looks) -> None:
    """Register the endpoint and the page."""

    @app.post(PATH, tags=["content"], **_described(public=looks.public))
    async def verify(
        request: Request,
        language: Annotated[Literal["en", "zh"], Query(description="of the words in the answer")] = "en",
    ) -> Answer:
        """Say what a file carries of where it comes from, and whether the record confirms it.

        The body is the file itself, of any type, or a form with `file` and, if there is one, `sidecar`. Nothing is kept.
        """
        operator: Operator | None = request.scope.get(OPERATOR)
        async with looks.room(request.client.host if request.client else "", operator):
            body = await request.body()
            declared = request.headers.get("content-type", "")[:256]
            data, sidecar = _parts(body) if declared.partition(";")[0].strip().lower() == FORM else (body, b"")
            if not data:
                raise Unprocessable("there is no content to verify")
            return Answer(await looks.look(operator, data, declared, sidecar, language))

    app.router.routes.extend(routes(looks))


def _parts(body: bytes) -> tuple[bytes, bytes]:
    """File and sidecar of a form. Raises BadRequest."""
    _, fields = read_form(body)
    found = {field.name: body[field.start : field.end] for field in fields}
    if len(found) != len(fields) or not found.keys() <= {"file", "sidecar"} or "file" not in found:
        raise BadRequest("the form has the field file and, if there is one, sidecar, each once")
    return found["file"], found.get("sidecar", b"")


def _described(*, public: bool) -> dict[str, Any]:
    route = governed(Permission.VERIFY, 408, 413, 422, 429, 503)
    if public:
        route["openapi_extra"]["security"] = [{}, {SCHEME: []}]
    binary = {"type": "string", "format": "binary"}
    form = {"type": "object", "properties": {"file": binary, "sidecar": binary}, "required": ["file"]}
    content = {"application/octet-stream": {"schema": binary}, FORM: {"schema": form}}
    route["openapi_extra"]["requestBody"] = {"required": True, "content": content}
    route["responses"][200] = {"model": VerifyAnswer, "description": "Evidence, the record's word, and the verdict"}
    return route
