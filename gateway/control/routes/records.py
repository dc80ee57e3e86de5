"""GET /api/records…: search, one record, its chain, its proof. Each look is told to `on_access` before the answer leaves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import FastAPI, Path, Query, Request

from audit.errors import QueryInvalid
from gateway.control.deps import Access, ControlDeps
from gateway.control.governed import governed, operator_of
from gateway.control.models import FLOW, ProofDocument, Record, RecordPage, RecordQuery, Trace
from gateway.control.operators import Operator, Permission
from gateway.control.problems import Answer, log
from gateway.control.scope import ScopedRecords
from gateway.control.threads import Threads
from gateway.errors import NotFound, Unavailable

Flow = Annotated[str, Path(pattern=FLOW, description="id of one model call, as in the header Lexgate-Flow")]


def add(app: FastAPI, deps: ControlDeps, threads: Threads) -> None:
    """Register the endpoints."""

    @app.get("/api/records", tags=["records"], **_described(Permission.SEARCH, RecordPage, "One page"))
    async def find(query: Annotated[RecordQuery, Query()], request: Request) -> Answer:
        """Search the records, newest first."""
        operator = operator_of(request)
        seen = ScopedRecords(deps.records, operator.tenants)
        page = await threads.run(deps.records_deadline_s, seen.find, query.q, query.after, query.limit)
        await _tell(deps, operator, Access(Permission.SEARCH, found=len(page.records), query=query.q))
        return Answer({"records": page.records, "next": page.next})

    @app.get("/api/records/{flow}", tags=["records"], **_described(Permission.READ, Record, "The record", 404))
    async def get(flow: Flow, request: Request) -> Answer:
        """All that is recorded of one flow."""
        operator = operator_of(request)
        seen = ScopedRecords(deps.records, operator.tenants)
        record = await threads.run(deps.records_deadline_s, seen.get, flow)
        return await _one(deps, operator, Access(Permission.READ, int(record is not None), flow), record)

    @app.get("/api/records/{flow}/trace", tags=["records"], **_described(Permission.READ, Trace, "The chain", 404))
    async def trace(flow: Flow, request: Request) -> Answer:
        """Which flows of its tenant this one came from, and which came from it."""
        operator = operator_of(request)
        seen = ScopedRecords(deps.records, operator.tenants)
        chain = await threads.run(deps.records_deadline_s, seen.trace, flow)
        return await _one(deps, operator, Access(Permission.READ, int(chain is not None), flow), chain)

    @app.get(
        "/api/records/{flow}/proof",
        tags=["records"],
        **_described(Permission.PROVE, ProofDocument, "A document that verifies offline", 404),
    )
    async def proof(flow: Flow, request: Request) -> Answer:
        """Leaves, disclosed groups, inclusion paths and checkpoint of one flow, for `lexgate audit verify`."""
        operator = operator_of(request)
        seen = ScopedRecords(deps.records, operator.tenants)
        try:
            document = await threads.run(deps.records_deadline_s, seen.proof, flow)
        except QueryInvalid:  # the flow is well-formed, so what is missing is a checkpoint over its leaves
            raise Unavailable("the log has not signed a checkpoint over this flow yet", retry_after=2) from None
        return await _one(deps, operator, Access(Permission.PROVE, int(document is not None), flow), document)


async def _one(deps: ControlDeps, operator: Operator, access: Access, found: Mapping[str, Any] | None) -> Answer:
    await _tell(deps, operator, access)
    if found is None:
        raise NotFound("no record of this flow")
    return Answer(found)


async def _tell(deps: ControlDeps, operator: Operator, access: Access) -> None:
    """Who looks at records is itself recorded; a look that cannot be recorded does not happen."""
    if deps.on_access is None:
        return
    try:
        await deps.on_access(operator, access)
    except Exception as error:
        log.error("an access to records could not be recorded: %s", type(error).__name__)
        raise Unavailable("this access could not be recorded, so nothing is shown", retry_after=5) from None


def _described(permission: Permission, model: type, description: str, *failures: int) -> dict[str, Any]:
    route = governed(permission, 503, *failures)
    route["responses"][200] = {"model": model, "description": description}
    return route
