"""The control process: API and status page for operators. The data plane lives on when it is down."""

from __future__ import annotations

import asyncio
import importlib.metadata
import math
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import structlog

from audit.keys import Keyring
from gateway.configuration.effective import Effective
from gateway.content.compose import verifier_of
from gateway.content.follower import Follower
from gateway.control.deps import Access, ControlDeps
from gateway.control.late_records import LateRecords
from gateway.control.metrics import render
from gateway.control.operators import Operator, operators_from
from gateway.control.serve import TlsFiles, run
from gateway.deciding.policy_point import PolicyPoint
from gateway.identity.key_keeper import KeyKeeper
from gateway.inspection.classifier import classify
from gateway.inspection.client import InspectorPool
from gateway.processes import child
from gateway.processes.writer import SOCKET
from gateway.telemetry import logs
from gateway.telemetry.metrics import age_s
from policies.decision import Decision

FRESH_SECONDS = 10.0

log = structlog.get_logger("lexgate.control")


def main(effective: Path, listener: int) -> None:
    """Runs until SIGTERM."""
    logs.configure("control")
    asyncio.run(_run(effective, socket.socket(fileno=listener)))


async def _run(effective_file: Path, listener: socket.socket) -> None:
    effective = Effective.read(effective_file)
    settings = effective.settings
    keyring = Keyring.open(settings.keys_dir, settings.key_passphrase)
    sockets = [settings.run_path / f"inspector-{index}.sock" for index in range(settings.inspection.processes)]
    inspectors = InspectorPool(sockets)
    await inspectors.start()
    version = importlib.metadata.version("lexgate")
    verifier, examiner = verifier_of(settings, keyring, processes=2)
    follower = Follower(settings.store_path, keyring)
    records = LateRecords(settings.store_path, keyring)
    deps = ControlDeps(
        organisation=settings.organisation.name,
        version=version,
        origin=settings.log_origin,
        operators=operators_from(settings.operators),
        records=records,
        inspectors=inspectors,
        keys=KeyKeeper(settings, keyring),
        verifier=verifier,
        content=settings.verification,
        classify=classify,
        policy=BundleInForce(effective_file).decide,
        readiness=lambda: readiness(effective_file, inspectors),
        metrics=lambda: render(settings.run_path, version),
        on_access=note_access,
    )
    tls = settings.tls
    files = (
        TlsFiles(Path(tls.certificate), Path(tls.key), Path(tls.client_ca) if tls.client_ca else None)
        if tls.certificate
        else None
    )
    follower.start()
    try:
        await run(deps, sockets=[listener], tls=files, ready=lambda _port: child.say_ready())
    finally:
        records.close()
        await asyncio.to_thread(follower.stop)
        examiner.close()
        await inspectors.close()


async def note_access(operator: Operator, access: Access) -> None:
    """Who looked at records, in the process log: the operator, what they did and how much they saw."""
    log.info("records accessed", operator=operator.name, action=access.action, found=access.found)


class BundleInForce:
    """Decides by the bundle that the data plane uses now. Used from one thread; reloads itself when it has changed."""

    def __init__(self, effective: Path) -> None:
        self._file = effective
        self._digest = ""
        self._point: PolicyPoint | None = None

    def decide(self, document: Mapping[str, Any]) -> Decision:
        effective = Effective.read(self._file)
        if self._point is None or effective.digest != self._digest:
            self._point = PolicyPoint.of(effective.bundle)
            self._digest = effective.digest
        return self._point.decide(self._point.canonical(document))


def readiness(effective_file: Path, inspectors: InspectorPool) -> Mapping[str, str | None]:
    """Component → None when it does its work, else why not."""
    effective = Effective.read(effective_file)
    settings = effective.settings
    state: dict[str, str | None] = {
        "inspectors": None if inspectors.connected else "no inspector is connected",
        "log": None if (settings.run_path / SOCKET).exists() else "the log writer is not there",
        "policies": None,
    }
    for slot in range(settings.workers):
        state[f"worker-{slot}"] = _worker_state(settings.run_path / "metrics" / f"worker-{slot}.json", effective)
    return state


def _worker_state(snapshot: Path, effective: Effective) -> str | None:
    try:
        document = orjson.loads(snapshot.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return "has not reported yet"
    if document.get("instance") != effective.instance:
        return "has not started yet"
    if age_s(document.get("monotonic_s", -math.inf)) > FRESH_SECONDS:
        return "has not reported lately"
    if document.get("bundle") != effective.digest:
        return "does not use the policy bundle in force yet"
    return None if document.get("log_available") else "has no connection to the log"
