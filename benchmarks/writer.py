"""What the log writer alone pays for a call: intent, outcome and its part of a settle leaf, in batches as workers send them.

    python -m benchmarks.writer [--calls 4000] [--batch 6] [--rate 1000] [--rounds 3]

The leaves are sealed beforehand; then the service's own code takes them from a worker's connection and makes them
durable, on a real store on disk. CPU of this process, the best round, because neighbours only ever add to it. A batch is
so many calls begun and as many ended, for one commit; `rate` calls a second leave pauses, as real traffic does.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import uuid_utils

from audit.keys import Keyring
from audit.record import LeafDraft, LeafKind, seal
from audit.sequencer import Log
from audit.service import _Connection, _Service
from audit.wire import Frame, pack_append, pack_json, pack_key
from benchmarks.ledger import CALLS, METER

SETTLED = 50


class Sink:
    """The transport of a worker who only listens."""

    def write(self, data: bytes) -> None:
        pass

    def is_closing(self) -> bool:
        return False

    def abort(self) -> None:
        raise AssertionError("the log writer refused a leaf")


def frames(keyring: Keyring, calls: int, batch: int) -> Iterator[bytes]:
    """What arrives for one commit after another: `batch` intents, the outcomes of those before, a settlement of fifty."""
    n, known, begun, ended = 0, set[bytes](), list[str](), list[str]()

    def packed(draft: LeafDraft) -> bytes:
        nonlocal n
        leaf = seal(draft, keyring, "w0", 1, n)
        keys = [pack_key(k.id, k.tenant, k.user, k.wrapped) for k in leaf.user_keys if k.id not in known]
        known.update(key.id for key in leaf.user_keys)
        n += 1
        return pack_append(n - 1, leaf, keys, "", None)

    for start in range(0, calls + batch, batch):
        now = time.time_ns() // 1000
        sent = []
        for i, flow in enumerate(begun):
            sent.append(packed(LeafDraft(LeafKind.OUTCOME, flow, now, "acme", "li.wei", CALLS[i % 10 < 3][1])))
        ended += begun
        begun = [str(uuid_utils.uuid7()) for _ in range(batch)] if start < calls else []
        for i, flow in enumerate(begun):
            sent.append(
                packed(LeafDraft(LeafKind.INTENT, flow, now, "acme", "li.wei", CALLS[i % 10 < 3][0], attempt=1))
            )
        if len(ended) >= SETTLED:
            sent.append(packed(settlement(tuple(ended[:SETTLED]), now)))
            ended = ended[SETTLED:]
        yield b"".join(sent)


def settlement(flows: tuple[str, ...], now: int) -> LeafDraft:
    meters = [{"flow": f, **METER, "counted": {"input": 31, "output": 17, "method": "exact"}} for f in flows]
    prints = [{"flow": f, "fingerprint": "5a" * 64} for f in flows]
    groups: dict[str, dict[str, Any]] = {"meter": {"flows": meters}, "digest": {"flows": prints}}
    return LeafDraft(LeafKind.SETTLE, "", now, "", "", groups, flows=flows)


async def one_round(calls: int, batch: int, rate: float) -> dict[str, float]:
    """Microseconds of CPU a call, and bytes that went to the disk for it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        keyring = Keyring.create(folder / "keys")
        log = Log.open(folder / "l.db", keyring, "bench/log")
        service = _Service(log)
        worker = _Connection(service)
        worker.connection_made(cast("asyncio.Transport", Sink()))
        worker.data_received(pack_json(Frame.HELLO, {"writer": "w0"}))
        await asyncio.sleep(0.05)
        batches = list(frames(keyring, calls, batch))
        due = time.perf_counter()
        before, blocks = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_oublock
        for arrived in batches:
            worker.data_received(arrived)
            await asyncio.sleep(0)
            due += batch / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
        spent = time.process_time() - before
        written = (resource.getrusage(resource.RUSAGE_SELF).ru_oublock - blocks) * 512
        worker.connection_lost(None)
        service.finish()
        return {"cpu_us": spent / calls * 1e6, "written_bytes": written / calls}


def main() -> None:
    """Print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=4000)
    parser.add_argument("--batch", type=int, default=6, help="calls for one commit")
    parser.add_argument("--rate", type=float, default=1000.0, help="calls a second")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    import uvloop

    rounds = [uvloop.run(one_round(arguments.calls, arguments.batch, arguments.rate)) for _ in range(arguments.rounds)]
    best = min(rounds, key=lambda one: one["cpu_us"])
    print(json.dumps({name: round(value, 1) for name, value in best.items()} | {"batch": arguments.batch}))


if __name__ == "__main__":
    main()
