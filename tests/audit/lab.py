"""A real log writer, in this process or in one of its own, for the tests of the audit package."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import uuid_utils

from audit.appender import Appender
from audit.keys import Keyring
from audit.record import LeafDraft, LeafKind
from audit.search.records import Records
from audit.store.batch import INSERT, Leaf, leaves_from, pack, size_of
from audit.store.sqlite import connect_reader

ORIGIN = "lexgate/test"

_SERVICE = """
import asyncio, sys
from pathlib import Path
from audit.keys import Keyring
from audit.service import run
store, keys, socket = map(Path, sys.argv[1:4])
asyncio.run(run(store, Keyring.open(keys), socket, sys.argv[4], lambda: print("ready", flush=True), drain_s=0.1))
"""


def new_flow() -> str:
    return str(uuid_utils.uuid7())


def pub(**more: Any) -> dict[str, Any]:
    return {
        "decision": "redact",
        "grade": "L3",
        "categories": ["personal"],
        "rules": [{"id": "strict.personal", "citation": "PIPL Art. 38"}],
        "bundle": "sha256:" + "ab" * 32,
        "provider": "demo",
        "model": "smollm2-135m",
        "protocol": "openai_chat",
        "stream": True,
        "from": "DE",
        "to": "US",
        "mechanism": None,
        "entities": {"PERSON": 1},
        "redactions": {"PERSON": 1},
        "parents": [],
    } | more


def intent(flow: str, *, user: str = "li.wei", tenant: str = "acme", attempt: int = 1, **more: Any) -> LeafDraft:
    groups = {
        "pub": pub(**more),
        "facts": {"schema": "lexgate/input@1", "caller": {"tenant": tenant, "user": user}, "note": "PLANTEDFACT"},
        "subj": {"tenant": tenant, "application": "crm", "user": user, "session": "PLANTEDSESSION", "subjects": ["s1"]},
        "digest": {"received": "11" * 32, "forwarded": "22" * 32},
    }
    return LeafDraft(LeafKind.INTENT, flow, time.time_ns() // 1000, tenant, user, groups, attempt=attempt)


def outcome(
    flow: str, status: str = "completed", *, user: str = "li.wei", tenant: str = "acme", **more: Any
) -> LeafDraft:
    groups = {
        "pub": pub(**more) | {"status": status, "error": None, "labels": ["fingerprint"], "finish": "stop"},
        "meter": {"reported": {"input": 31, "output": 17}, "latency_ms": 412, "first_byte_ms": 96},
        "subj": {"tenant": tenant, "application": "crm", "user": user, "session": "PLANTEDSESSION", "subjects": ["s1"]},
        "digest": {"response": "33" * 32, "delivered": "44" * 32},
    }
    return LeafDraft(LeafKind.OUTCOME, flow, time.time_ns() // 1000, tenant, user, groups)


def settle(flows: tuple[str, ...]) -> LeafDraft:
    meter = [
        {
            "flow": flow,
            "reported": {"input": 31, "output": 17},
            "counted": {"input": 31, "output": 17, "method": "exact"},
            "discrepancy": False,
            "price": {"amount": "0.000012", "currency": "USD", "match": "exact", "book": "test"},
            "latency_ms": 412,
            "first_byte_ms": 96,
        }
        for flow in flows
    ]
    groups = {
        "pub": {"flows": [{"flow": flow, "labels": ["fingerprint"], "answer_entities": {}} for flow in flows]},
        "meter": {"flows": meter},
        "digest": {"flows": [{"flow": flow, "fingerprint": f"PLANTEDPRINT{flow}"} for flow in flows]},
    }
    return LeafDraft(LeafKind.SETTLE, "", time.time_ns() // 1000, "", "", groups, flows=flows)


class Lab:
    """A store, its keys, and a log-writer process that can be started, stopped and killed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = folder / "lexgate.db"
        self.keys = folder / "keys"
        self.socket = folder / "log.sock"
        self.keyring = Keyring.create(self.keys)
        self.vkey = str(self.keyring.verifier_key(ORIGIN))
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-c", _SERVICE, str(self.store), str(self.keys), str(self.socket), ORIGIN]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert self.process.stdout is not None
        if self.process.stdout.readline() != b"ready\n":
            _, errors = self.process.communicate(timeout=10)
            raise AssertionError(errors.decode())

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            _, errors = self.process.communicate(timeout=15)
            assert self.process.returncode == 0, errors.decode()

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.communicate(timeout=10)

    async def connect(self, writer: str = "w0") -> Appender:
        return await Appender.connect(self.socket, self.keyring, writer)

    async def has(self, leaf: int) -> None:
        """Wait until readers see this leaf: under load the store has it a little after it is durable."""
        with closing(connect_reader(self.store)) as connection:
            await eventually(lambda: size_of(connection) > leaf)

    def records(self) -> Records:
        return Records(self.store, self.keyring)


def entries_of(connection: Any) -> list[bytes]:
    """The entries of all leaves in the order of the log."""
    return [leaf[1] for leaf in leaves_from(connection)]


def rewrite(connection: Any, change: Callable[[list[list[Any]]], object]) -> None:
    """Whoever can write the file: all leaves as [index, entry, disclosed, sealed, content], changed and put back."""
    leaves = [list(leaf) for leaf in leaves_from(connection)]
    change(leaves)
    connection.execute("delete from batch")
    rows: list[list[Leaf]] = []
    for leaf in sorted(leaves, key=lambda leaf: int(leaf[0])):
        if not rows or rows[-1][-1][0] + 1 != leaf[0] or len(rows[-1]) == 40:
            rows.append([])
        rows[-1].append((leaf[0], leaf[1], leaf[2], leaf[3], leaf[4]))
    connection.executemany(INSERT, [(row[0][0], len(row), pack(row)) for row in rows])


async def eventually(check: Callable[[], Awaitable[bool]] | Callable[[], bool]) -> None:
    """Wait until something another process does has been done."""
    for _ in range(500):
        found = check()
        if found if isinstance(found, bool) else await found:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not happen")
