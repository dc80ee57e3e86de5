"""/api/keys: callers' keys, listed, issued, rotated, revoked. A key itself is shown once, to whoever asked for it."""

from __future__ import annotations

import time
from typing import Annotated, Any

from fastapi import FastAPI, Path, Request

from gateway.control.deps import ControlDeps, ToldKey
from gateway.control.governed import governed, operator_of
from gateway.control.models import KEY_ID, KeyList, KeyMade, KeyTold, KeyWish, Rotation
from gateway.control.operators import Operator, Permission
from gateway.control.problems import Answer
from gateway.control.threads import Threads

KeyId = Annotated[str, Path(pattern=KEY_ID, description="first 16 hex digits of the key's SHA-256")]


def add(app: FastAPI, deps: ControlDeps, threads: Threads) -> None:
    """Register the endpoints."""

    @app.get("/api/keys", tags=["keys"], **_described(KeyList, "The keys"))
    async def listed(request: Request) -> Answer:
        """List the keys of callers, those of the configuration too."""
        found = await threads.run(deps.records_deadline_s, deps.keys.listed, operator_of(request).tenants)
        return Answer({"keys": [key.as_dict(time.time()) for key in found]})

    @app.post("/api/keys", tags=["keys"], **_described(KeyMade, "The new key", 408, 413, 415, 422))
    async def issue(wish: KeyWish, request: Request) -> Answer:
        """Issue a key for a caller. It opens the gateway within a second."""
        operator = operator_of(request)
        value, key = await deps.keys.issue(
            _id_of(operator),
            application=wish.application,
            user=wish.user,
            country=wish.country,
            region=wish.region,
            lasts_s=wish.lasts_seconds,
            tenants=operator.tenants,
        )
        return _made(value, key)

    @app.post("/api/keys/{key_id}/rotate", tags=["keys"], **_described(KeyMade, "The new key", 404, 408, 413, 415, 422))
    async def rotate(key_id: KeyId, rotation: Rotation, request: Request) -> Answer:
        """Issue another key for the same caller; the old one ends after the grace."""
        operator = operator_of(request)
        grace = rotation.grace_seconds
        value, key = await deps.keys.rotate(_id_of(operator), key_id, grace_s=grace, tenants=operator.tenants)
        return _made(value, key)

    @app.post("/api/keys/{key_id}/revoke", tags=["keys"], **_described(KeyTold, "What it was", 404))
    async def revoke(key_id: KeyId, request: Request) -> Answer:
        """Refuse a key from now on. Calls that run go on; the next one is refused within a second."""
        operator = operator_of(request)
        key = await deps.keys.revoke(_id_of(operator), key_id, tenants=operator.tenants)
        return Answer(key.as_dict(time.time()))


def _made(value: str, key: ToldKey) -> Answer:
    return Answer({"key": value, **key.as_dict(time.time())}, headers={"Cache-Control": "no-store"})


def _id_of(operator: Operator) -> str:
    """How the record names an operator: by their key, as it names callers; names of people stay out of it."""
    return operator.key_sha256[:16]


def _described(model: type, description: str, *failures: int) -> dict[str, Any]:
    route = governed(Permission.KEYS, 503, *failures)
    route["responses"][200] = {"model": model, "description": description}
    return route
