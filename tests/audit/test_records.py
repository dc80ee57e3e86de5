"""Reindexing gives equal tables; the writer's own edge cases that need no second process."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pysqlite3.dbapi2 as sqlite
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.errors import RecordInvalid
from audit.keys import Keyring
from audit.merkle import leaf_hash, root_of
from audit.record import MAX_SETTLED, LeafDraft, LeafKind, seal
from audit.sequencer import Log
from audit.store.inspect import verify_store
from audit.store.reindex import reindex
from audit.store.tiles import TileReader
from tests.audit.lab import ORIGIN, Lab, entries_of, intent, new_flow, outcome, settle


def tables(store: Path) -> list[Any]:
    connection = sqlite.connect(str(store))
    return [connection.execute(f"select * from {t} order by 1, 2, 3, 4").fetchall() for t in ("flow", "tag")]


async def test_reindex_equals_what_was_written_live(lab: Lab) -> None:
    log = await lab.connect()
    for i in range(12):
        flow = new_flow()
        await log.append(intent(flow, user=f"u{i % 3}"))
        if i % 4 == 1:
            await log.append(intent(flow, user=f"u{i % 3}", attempt=2, to="DE", entities={"EMAIL": 1}))
        if i % 4 != 2:
            await log.append(outcome(flow, user=f"u{i % 3}", decision="block" if i % 4 == 3 else "redact"))
            await log.append(settle((flow,)))
    lab.kill()
    lab.start()
    await asyncio.to_thread(lab.stop)
    before = tables(lab.store)
    assert reindex(lab.store, lab.keyring) == 12
    assert tables(lab.store) == before
    assert verify_store(lab.store, lab.keyring).problems == []


_REINDEX = "import sys; from pathlib import Path; from audit.keys import Keyring; from audit.store.reindex import reindex; reindex(Path(sys.argv[1]), Keyring.open(Path(sys.argv[2])))"


async def test_a_reindex_that_is_killed_changes_nothing(lab: Lab) -> None:
    log = await lab.connect()
    flows = [new_flow() for _ in range(300)]
    await asyncio.gather(*(log.append(intent(flow)) for flow in flows))
    await asyncio.gather(*(log.append(outcome(flow)) for flow in flows))
    await log.close()
    await asyncio.to_thread(lab.stop)
    before = tables(lab.store)
    command = [sys.executable, "-c", _REINDEX, str(lab.store), str(lab.keys)]
    begun = time.monotonic()
    subprocess.run(command, check=True)
    took = time.monotonic() - begun
    for share in (0.5, 0.7, 0.8, 0.9, 0.95):
        process = subprocess.Popen(command)
        await asyncio.sleep(took * share)
        process.kill()
        process.wait()
        assert tables(lab.store) == before
    Log.open(lab.store, lab.keyring, ORIGIN).close()
    assert reindex(lab.store, lab.keyring) == 300
    assert tables(lab.store) == before
    assert verify_store(lab.store, lab.keyring).problems == []


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 150), min_size=1, max_size=6))
def test_the_tree_is_the_same_however_often_it_is_opened(
    tmp_path_factory: pytest.TempPathFactory, batches: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("t")
    keyring = Keyring.create(folder / "keys")
    for batch in batches:
        log = Log.open(folder / "l.db", keyring, ORIGIN)
        stream = ("w", log.open_stream("w"))
        for n in range(batch):
            draft = LeafDraft(LeafKind.REFUSALS, "", time.time_ns() // 1000, "", "", {"pub": {"count": n}})
            log.append(stream, n, seal(draft, keyring, *stream, n))
        log.commit()
        log.close()
    connection = sqlite.connect(str(folder / "l.db"))
    hashes = [leaf_hash(entry) for entry in entries_of(connection)]
    reader = TileReader(connection, len(hashes))
    for level in range(len(hashes).bit_length()):
        for index in range(len(hashes) >> level):
            assert reader.subtree(level, index) == root_of(hashes[index << level : (index + 1) << level])
    assert verify_store(folder / "l.db", keyring).problems == []


async def test_content_can_be_kept_encrypted(lab: Lab) -> None:
    log, flow = await lab.connect(), new_flow()
    draft = intent(flow)
    groups = dict(draft.groups) | {"content": {"request": "PLANTEDCONTENT", "answer": "世界"}}
    await log.append(LeafDraft(draft.kind, flow, draft.time_us, draft.tenant, draft.user, groups, attempt=1))
    await log.append(outcome(flow))
    await log.close()
    assert (lab.records().get(flow) or {})["content"] == {"request": "PLANTEDCONTENT", "answer": "世界"}
    assert b"PLANTEDCONTENT" not in lab.store.read_bytes() + lab.store.with_name("lexgate.db-wal").read_bytes()
    assert verify_store(lab.store, lab.keyring).problems == []


async def test_a_settle_leaf_of_as_many_flows_as_fit(lab: Lab) -> None:
    log = await lab.connect()
    flows = tuple(new_flow() for _ in range(MAX_SETTLED))
    await asyncio.gather(*(log.append(outcome(flow, "denied")) for flow in flows))
    await log.append(settle(flows))
    for bad in (settle((*flows, new_flow())), settle((flows[0], flows[0])), settle((new_flow(),))):
        with pytest.raises(RecordInvalid):
            await log.append(bad)
    record = lab.records().get(flows[777])
    assert record is not None
    assert record["digest"]["fingerprint"] == f"PLANTEDPRINT{flows[777]}"


async def test_a_settlement_survives_a_reconnect(lab: Lab) -> None:
    log, flow = await lab.connect(), new_flow()
    await log.append(outcome(flow, "denied"))
    await log.close()
    again = await lab.connect()
    await again.append(settle((flow,)))
    await again.close()
    record = lab.records().get(flow)
    assert record is not None
    assert record["digest"]["fingerprint"] == f"PLANTEDPRINT{flow}"
    assert verify_store(lab.store, lab.keyring).problems == []


def test_a_leaf_has_no_content_in_its_entry(tmp_path: Path) -> None:
    keyring = Keyring.create(tmp_path / "keys")
    leaf = seal(intent("0199"), keyring, "w0", 1, 0)
    for word in (b"li.wei", b"acme", b"redact", b"PERSON", b"PLANTED"):
        assert word not in leaf.entry
        assert word not in leaf.sealed
    assert len(leaf.entry) < 450
