"""GET /log/…: the log itself, as a C2SP tiled transparency log (tlog-tiles, tlog-checkpoint)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import FastAPI, Path, Request
from starlette.responses import Response

from gateway.control.deps import ControlDeps
from gateway.control.governed import governed, operator_of
from gateway.control.operators import Forbidden, Permission
from gateway.control.threads import Threads
from gateway.control.tiles import FULL, parse_path
from gateway.errors import NotFound

Index = Annotated[str, Path(max_length=64, description="tile index, e.g. `067`, `x001/067` or `x001/067.p/12`")]
Level = Annotated[str, Path(pattern=r"^[0-5]$", description="level of the tile, 0 holds leaf hashes")]

FOREVER = {"Cache-Control": "private, max-age=31536000, immutable"}
"""A tile never changes. `private`: it was given to one operator."""


def add(app: FastAPI, deps: ControlDeps, threads: Threads) -> None:
    """Register the endpoints. /log/tile/entries comes first: `entries` is no level."""

    @app.get("/log/checkpoint", response_class=Response, tags=["log"], **_described("text/plain", 404))
    async def checkpoint() -> Response:
        """The signed tree head, a C2SP signed note."""
        note = await threads.run(deps.records_deadline_s, deps.records.checkpoint)
        if not note:
            raise NotFound("the log has no checkpoint yet")
        return Response(note, headers={"Content-Type": "text/plain; charset=utf-8"})

    @app.get("/log/tile/entries/{index:path}", response_class=Response, tags=["log"], **_tile())
    async def entries(index: Index, request: Request) -> Response:
        """An entry bundle: each leaf with its length before it. They are of all tenants, so for operators of all."""
        number, width = parse_path(index)
        if operator_of(request).tenants is not None:
            raise Forbidden("entries are of all tenants; this operator is limited to some (use the proof of a record)")
        return _bytes(await threads.run(deps.records_deadline_s, deps.records.entries, number, width))

    @app.get("/log/tile/{level}/{index:path}", response_class=Response, tags=["log"], **_tile())
    async def tile(level: Level, index: Index) -> Response:
        """A tile of hashes: up to 256 of 32 bytes."""
        number, width = parse_path(index)
        return _bytes(await threads.run(deps.records_deadline_s, deps.records.tile, int(level), number, width))


def _bytes(content: bytes | None) -> Response:
    if content is None:
        raise NotFound(f"the log has no such tile (full tiles have {FULL} entries)")
    return Response(content, media_type="application/octet-stream", headers=FOREVER)


def _described(media_type: str, *failures: int) -> dict[str, Any]:
    route = governed(Permission.LOG, 503, *failures)
    route["responses"][200] = {"description": "As C2SP says", "content": {media_type: {"schema": {"type": "string"}}}}
    return route


def _tile() -> dict[str, Any]:
    route = _described("application/octet-stream", 404)
    route["responses"][200]["content"]["application/octet-stream"]["schema"]["format"] = "binary"
    return route
