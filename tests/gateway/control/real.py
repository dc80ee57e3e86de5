"""The control plane over the real log, inspector and policies."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uuid_utils

from audit.appender import Appender
from audit.keys import Keyring
from audit.record import LeafDraft, LeafKind
from gateway.content.compose import verifier_of
from gateway.control.late_records import LateRecords
from gateway.control.metrics import render
from gateway.identity.key_keeper import KeyKeeper
from gateway.inspection.classifier import classify
from gateway.inspection.client import InspectorPool
from gateway.inspection.engine import Engine as Inspection
from gateway.inspection.methods import inspection_methods
from gateway.inspection.service import serve
from gateway.settings import Settings
from gateway.telemetry.metrics import Registry, write_snapshot
from policies.bundle import load
from policies.decision import Decision
from policies.engine import Engine
from tests.gateway.control.parts import deps, serving

ORIGIN = "lexgate/test"
WRITER = """
import asyncio, sys
from pathlib import Path
from audit.keys import Keyring
from audit.service import run
store, keys, socket = map(Path, sys.argv[1:4])
asyncio.run(run(store, Keyring.open(keys), socket, sys.argv[4], lambda: print("ready", flush=True), drain_s=2.0))
"""


@dataclass(frozen=True)
class Real:
    """A running control plane, the flows in its log (of acme and globex in turn), and the log's public key."""

    url: str
    flows: list[str]
    vkey: str
    records: LateRecords


class StrictPolicy:
    """builtin:strict, made in the thread that first asks."""

    def __init__(self) -> None:
        self._engine: Engine | None = None

    def __call__(self, document: Mapping[str, Any]) -> Decision:
        if self._engine is None:
            self._engine = Engine(load("builtin:strict"))
        return self._engine.decide(document)


def leaf(kind: LeafKind, flow: str, tenant: str) -> LeafDraft:
    pub = {
        "decision": "redact", "grade": "L3", "categories": ["personal"], "bundle": "sha256:00", "provider": "demo",
        "model": "smollm2-135m", "protocol": "openai_chat", "stream": True, "from": "DE", "to": "US",
        "mechanism": None, "entities": {"PERSON": 1}, "redactions": {"PERSON": 1}, "parents": [],
        "rules": [{"id": "strict.personal", "citation": "PIPL art. 38"}],
    }  # fmt: skip
    if kind is LeafKind.OUTCOME:
        pub |= {"status": "completed", "error": None, "labels": ["fingerprint"], "finish": "stop"}
    subj = {"tenant": tenant, "application": "crm", "user": "li.wei", "session": "", "subjects": ["s1"]}
    return LeafDraft(kind, flow, time.time_ns() // 1000, tenant, "li.wei", {"pub": pub, "subj": subj}, attempt=1)


async def write(socket: Path, keyring: Keyring, count: int) -> list[str]:
    appender = await Appender.connect(socket, keyring, "worker-0")
    flows = []
    for number in range(count):
        flow, tenant = str(uuid_utils.uuid7()), ("acme", "globex")[number % 2]
        await appender.append(leaf(LeafKind.INTENT, flow, tenant))
        await appender.append(leaf(LeafKind.OUTCOME, flow, tenant))
        flows.append(flow)
    await appender.close()
    return flows


def settings(folder: Path) -> Settings:
    """A configuration with one caller."""
    return Settings.model_validate(
        {
            "store": f"sqlite:///{folder / 'lexgate.db'}",
            "keys": {"file": str(folder / "keys")},
            "run_dir": str(folder),
            "origin": ORIGIN,
            "applications": [{"name": "crm", "tenant": "acme"}, {"name": "shop", "tenant": "globex"}],
            "principals": [{"key_sha256": "ab" * 32, "application": "crm", "user": "li.wei", "country": "DE"}],
        }
    )


@contextmanager
def log_writer(store: Path, keys: Path, socket: Path) -> Iterator[None]:
    command = [sys.executable, "-c", WRITER, str(store), str(keys), str(socket), ORIGIN]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "ready\n", process.stderr.read()
        yield
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()
        process.stderr.close()


@contextmanager
def inspector(socket: Path) -> Iterator[None]:
    """A real inspector on its own event loop in a thread (patterns only)."""
    loop, up = asyncio.new_event_loop(), threading.Event()
    task = loop.create_task(serve(socket, lambda: inspection_methods(Inspection(names=False)), up.set))

    def main() -> None:
        try:
            loop.run_until_complete(task)
        except asyncio.CancelledError:
            loop.close()

    thread = threading.Thread(target=main)
    thread.start()
    assert up.wait(60)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join(20)


@contextmanager
def running(folder: Path, flows: int = 40) -> Iterator[Real]:
    keyring = Keyring.create(folder / "keys")
    store, log_socket, inspector_socket = folder / "lexgate.db", folder / "log.sock", folder / "inspector-0.sock"
    figures = Registry()
    figures.count("lexgate_grades", grade="L3")
    write_snapshot(figures, folder, 0)
    with log_writer(store, folder / "keys", log_socket), inspector(inspector_socket):
        written = asyncio.run(write(log_socket, keyring, flows))
        records, pool = LateRecords(store, keyring), InspectorPool([inspector_socket])
        verifier, examiner = verifier_of(settings(folder), keyring)
        given = deps(
            origin=ORIGIN,
            verifier=verifier,
            records=records,
            inspectors=pool,
            keys=KeyKeeper(settings(folder), keyring),
            classify=classify,
            policy=StrictPolicy(),
            metrics=lambda: render(folder, "0.1.0"),
        )
        with serving(given, first=pool.start, last=pool.close) as url:
            yield Real(url, written, str(keyring.verifier_key(ORIGIN)), records)
        examiner.close()
        records.close()
