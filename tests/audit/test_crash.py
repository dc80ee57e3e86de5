"""kill -9 under load, again and again: nothing acknowledged is lost, nothing stays open, the log verifies."""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path

import pytest

from audit.appender import Appender
from audit.errors import LogUnavailable
from audit.merkle import leaf_hash
from audit.store.inspect import verify_store
from audit.store.sqlite import connect_reader
from tests.audit.lab import Lab, entries_of, intent, new_flow, outcome

CYCLES = int(os.environ.get("CRASH_CYCLES", "10"))


@pytest.fixture
async def fallen(tmp_path: Path) -> Lab:
    """A log whose writer is killed by the test."""
    return Lab(tmp_path)


async def load(log: Appender, acknowledged: dict[int, bytes], started: set[str], ended: set[str]) -> None:
    """Calls until the writer is gone."""
    try:
        while True:
            flow = new_flow()
            receipt = await log.append(intent(flow))
            acknowledged[receipt.index] = receipt.leaf_hash
            started.add(flow)
            receipt = await log.append(outcome(flow))
            acknowledged[receipt.index] = receipt.leaf_hash
            ended.add(flow)
    except LogUnavailable:
        return


async def test_killed_again_and_again(fallen: Lab) -> None:
    lab = fallen
    chance = random.Random(7)
    acknowledged: dict[int, bytes] = {}
    started: set[str] = set()
    ended: set[str] = set()
    for _ in range(CYCLES):
        lab.start()
        logs = [await lab.connect(f"w{i}") for i in range(2)]
        tasks = [asyncio.ensure_future(load(log, acknowledged, started, ended)) for log in logs for _ in range(8)]
        await asyncio.sleep(chance.uniform(0.02, 0.4))
        lab.kill()
        await asyncio.gather(*tasks)
    lab.start()
    await asyncio.to_thread(lab.stop)

    connection = connect_reader(lab.store)
    entries = entries_of(connection)
    statuses = dict(connection.execute("select flow, status from flow"))
    connection.close()
    assert len(acknowledged) > CYCLES
    for index, hash_ in acknowledged.items():
        assert leaf_hash(entries[index]) == hash_
    assert started <= statuses.keys()
    assert {statuses[flow] for flow in ended} == {"completed"}
    assert {statuses[flow] for flow in started - ended} <= {"interrupted", "completed"}
    assert "open" not in statuses.values()
    assert verify_store(lab.store, lab.keyring).problems == []


async def test_a_store_that_cannot_be_written_ends_the_writer(lab: Lab) -> None:
    log, flow = await lab.connect(), new_flow()
    await log.append(intent(flow))
    # RLIMIT_FSIZE from outside: from now on every write of the writer that would grow a file fails.
    assert lab.process is not None
    import resource

    resource.prlimit(lab.process.pid, resource.RLIMIT_FSIZE, (4096, 4096))
    with pytest.raises(LogUnavailable):
        await asyncio.gather(*(log.append(outcome(new_flow(), "denied")) for _ in range(200)))
    await asyncio.to_thread(lab.process.communicate, None, 10)
    assert lab.process.returncode != 0

    lab.start()
    assert (lab.records().get(flow) or {})["status"] == "interrupted"
    await asyncio.to_thread(lab.stop)
    assert verify_store(lab.store, lab.keyring).problems == []
