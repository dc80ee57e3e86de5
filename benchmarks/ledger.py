"""What a leaf costs: CPU of worker and log writer together, from draft to durable, per leaf.

    python -m benchmarks.ledger [--flows 4000] [--concurrency 64]

Real parts: a log-writer process with SQLite on disk, one worker process (this one). Wall-clock figures depend on the
disk and on neighbours; CPU per leaf and the ratio to a bare SQLite insert of the same bytes are what to compare.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import uuid_utils

from audit.appender import Appender
from audit.keys import Keyring
from audit.record import LeafDraft, LeafKind
from audit.store.sqlite import connect_writer

_SUBJECTS = dict.fromkeys(("pi", "spi", "health", "financial", "geo", "biometric", "identifier", "genomic", "omic"), 0)
_SERVICE = """
import sys
from pathlib import Path
import uvloop
from audit.keys import Keyring
from audit.service import run
store, keys, socket = map(Path, sys.argv[1:])
uvloop.run(run(store, Keyring.open(keys), socket, "bench/log", lambda: print("ready", flush=True)))
"""


def groups(personal: bool) -> dict[str, Any]:
    """A call's intent as the gateway records it, with the whole policy input in `facts`."""
    return {
        "pub": {
            "decision": "redact" if personal else "allow",
            "grade": "L3" if personal else "L1",
            "categories": ["personal"] if personal else [],
            "bundle": "sha256:" + "9e" * 32,
            "provider": "demo",
            "rules": [{"id": "strict.personal", "citation": "PIPL Art. 38"}] if personal else [],
            "model": "smollm2-135m",
            "protocol": "openai_chat",
            "stream": False,
            "from": "DE",
            "to": "US",
            "mechanism": None,
            "entities": {"PERSON": 1, "PHONE": 1} if personal else {},
            "redactions": {"PERSON": 1} if personal else {},
            "parents": [],
            "attempt": 1,
            "audience": "internal",
            "purpose": "support",
            "trace_id": "0af7651916cd43dd8448eb211c80319c",
        },
        "facts": {
            "schema": "lexgate/input@1",
            "now": "2026-11-24T12:00:00Z",
            "caller": {
                "tenant": "acme",
                "application": "crm",
                "audience": "internal",
                "user": "li.wei",
                "purpose": "support",
                "country": "CN",
            },
            "organisation": {"name": "Example AG", "country": "DE", "ciio": False},
            "destination": {
                "provider": "demo",
                "model": "smollm2-135m",
                "country": "US",
                "retention_days": None,
                "training": None,
                "certifications": [],
            },
            "request": {
                "protocol": "openai_chat",
                "stream": True,
                "json_mode": False,
                "tools": 2,
                "provider_tools": [],
                "references": [],
                "uninspected": [],
            },
            "data": {
                "grade": "L3",
                "categories": ["personal"],
                "entities": {"PERSON": 1},
                "subjects": _SUBJECTS,
                "new_subjects": _SUBJECTS,
                "important": False,
                "minors": False,
            },
            "counters": {f"{name}_12m": 0 for name in _SUBJECTS},
            "mechanisms": [],
            "attempt": 1,
        },
        "subj": {
            "tenant": "acme",
            "application": "crm",
            "user": "li.wei",
            "session": "",
            "party": "acme",
            "subjects": ["3f" * 12] if personal else [],
        },
        "digest": {"received": "ab" * 32, "forwarded": "cd" * 32},
    }


def prepared(personal: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """The groups of intent and outcome: made once, because making them is the gateway's cost, not the log's.

    As in the gateway, an outcome does not repeat what its intent said of caller and decision.
    """
    body = groups(personal)
    pub = {"status": "completed", "error": None, "labels": ["fingerprint"], "finish": "stop"}
    digest = {"response": "ef" * 32, "delivered": "01" * 32}
    return body, {"pub": pub, "meter": METER, "digest": digest}


METER = {
    "reported": {"input": 31, "cached_input": 0, "cache_write": 0, "output": 17, "reasoning": 0},
    "latency_ms": 412,
    "first_byte_ms": 96,
}
CALLS = {personal: prepared(personal) for personal in (True, False)}


async def call(log: Appender, i: int, settled: list[str]) -> None:
    """One call: intent, outcome; every 50th settles fifty."""
    flow = str(uuid_utils.uuid7())
    body, done = CALLS[i % 10 < 3]
    now = time.time_ns() // 1000
    await log.append(LeafDraft(LeafKind.INTENT, flow, now, "acme", "li.wei", body, attempt=1))
    await log.append(LeafDraft(LeafKind.OUTCOME, flow, now, "acme", "li.wei", done))
    settled.append(flow)
    if len(settled) >= 50:
        flows = tuple(settled)
        settled.clear()
        meters = [{"flow": f, **METER, "counted": {"input": 31, "output": 17, "method": "exact"}} for f in flows]
        prints = [{"flow": f, "fingerprint": "5a" * 64} for f in flows]
        what: dict[str, dict[str, Any]] = {"meter": {"flows": meters}, "digest": {"flows": prints}}
        await log.append(LeafDraft(LeafKind.SETTLE, "", now, "", "", what, flows=flows))


async def load(log: Appender, flows: int, concurrency: int) -> None:
    """`flows` calls, `concurrency` at a time."""
    numbers = iter(range(flows))
    settled: list[str] = []

    async def one() -> None:
        for i in numbers:
            await call(log, i, settled)

    await asyncio.gather(*(one() for _ in range(concurrency)))


def process_cpu(pid: int) -> float:
    """CPU seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def bare_insert(folder: Path, leaves: int) -> float:
    """CPU seconds a leaf of a plain SQLite insert of 1.5 KB, in batches of 32: the ratio's other half."""
    connection = connect_writer(folder / "bare.db")
    connection.execute("create table log (seq integer primary key, entry blob)")
    before = time.process_time()
    for start in range(0, leaves, 32):
        connection.execute("begin")
        connection.executemany("insert into log values (?, ?)", [(start + i, os.urandom(1500)) for i in range(32)])
        connection.execute("commit")
    return (time.process_time() - before) / leaves


async def measure(flows: int, concurrency: int) -> dict[str, Any]:
    """One run; figures in microseconds of CPU a leaf."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        keyring = Keyring.create(folder / "keys")
        command = [sys.executable, "-c", _SERVICE, str(folder / "l.db"), str(folder / "keys"), str(folder / "s")]
        service = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert service.stdout is not None
        service.stdout.readline()
        log = await Appender.connect(folder / "s", keyring, "w0")
        await load(log, 200, concurrency)
        start, mine, theirs = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF), process_cpu(service.pid)
        first = log.sent
        await load(log, flows, concurrency)
        wall, leaves = time.perf_counter() - start, log.sent - first
        now = resource.getrusage(resource.RUSAGE_SELF)
        worker = now.ru_utime + now.ru_stime - mine.ru_utime - mine.ru_stime
        writer = process_cpu(service.pid) - theirs
        await log.close()
        service.terminate()
        service.wait()
        bare = bare_insert(folder, 8000)
        return {
            "flows": flows,
            "leaves": leaves,
            "concurrency": concurrency,
            "leaves_per_s": round(leaves / wall),
            "worker_us": round(worker / leaves * 1e6, 1),
            "writer_us": round(writer / leaves * 1e6, 1),
            "total_us": round((worker + writer) / leaves * 1e6, 1),
            "per_flow_us": round((worker + writer) / flows * 1e6, 1),
            "bare_insert_us": round(bare * 1e6, 1),
            "bytes_per_flow": round((folder / "l.db").stat().st_size / (flows + 200)),
        }


def main() -> None:
    """Print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flows", type=int, default=4000)
    parser.add_argument("--concurrency", type=int, default=64)
    arguments = parser.parse_args()
    import uvloop

    print(json.dumps(uvloop.run(measure(arguments.flows, arguments.concurrency))))


if __name__ == "__main__":
    main()
