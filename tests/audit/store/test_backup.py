"""Backups: consistent under load, verified when put back, and never a silent fork."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from audit.errors import KeysUnusable, LogForked, StoreUnusable
from audit.head import read_head
from audit.keys import Keyring
from audit.sequencer import Log
from audit.store.backup import accept_loss, backup, restore
from audit.store.inspect import verify_store
from audit.store.sqlite import connect_reader, connect_writer
from audit.verify import verify_proof
from tests.audit.lab import ORIGIN, Lab, entries_of, intent, new_flow, outcome


def remove(store: Path) -> None:
    for suffix in ("", "-wal", "-shm", ".lock"):
        store.with_name(store.name + suffix).unlink(missing_ok=True)


@pytest.mark.parametrize("name", ["copy", "copy.tar", "copy.tar.gz"])
async def test_there_and_back_while_it_runs(lab: Lab, tmp_path: Path, name: str) -> None:
    log, flow = await lab.connect(), new_flow()
    await log.append(intent(flow))
    await log.append(outcome(flow))
    made = await asyncio.to_thread(backup, lab.store, lab.keys, tmp_path / name)
    with pytest.raises(StoreUnusable, match="does not overwrite"):
        backup(lab.store, lab.keys, tmp_path / name)
    other = tmp_path / "elsewhere"
    shutil.copytree(lab.keys, other / "keys")
    restored = restore(tmp_path / name, other / "lexgate.db", other / "keys")
    assert restored.backup == made
    assert verify_store(other / "lexgate.db", Keyring.open(other / "keys"), marked=False).problems == []
    with pytest.raises(StoreUnusable, match="exists already"):
        restore(tmp_path / name, other / "lexgate.db", other / "keys")


async def test_consistent_under_load(lab: Lab, tmp_path: Path) -> None:
    log = await lab.connect()
    stop = asyncio.Event()

    async def load() -> None:
        while not stop.is_set():
            await log.append(outcome(new_flow(), "denied"))

    tasks = [asyncio.ensure_future(load()) for _ in range(8)]
    for i in range(3):
        await asyncio.to_thread(backup, lab.store, lab.keys, tmp_path / f"b{i}", with_keys=True)
    stop.set()
    await asyncio.gather(*tasks)
    sizes = []
    for i in range(3):
        restored = restore(tmp_path / f"b{i}", tmp_path / f"r{i}" / "lexgate.db", tmp_path / f"r{i}" / "keys")
        sizes.append(restored.backup.size)
    assert sizes == sorted(sizes)
    assert sizes[0] > 0


async def test_keys_are_in_it_only_when_asked_for(lab: Lab, tmp_path: Path) -> None:
    backup(lab.store, lab.keys, tmp_path / "without")
    backup(lab.store, lab.keys, tmp_path / "with", with_keys=True)
    files = [p.name for p in (tmp_path / "without").rglob("*")]
    assert sorted(files) == ["backup.json", "checkpoint", "lexgate.db"]
    assert json.loads((tmp_path / "without" / "backup.json").read_text())["with_keys"] is False
    assert (tmp_path / "with" / "keys" / "kek.key").exists()
    with pytest.raises(KeysUnusable, match="brings none"):
        restore(tmp_path / "without", tmp_path / "new" / "lexgate.db", tmp_path / "new" / "keys")
    restore(tmp_path / "with", tmp_path / "new" / "lexgate.db", tmp_path / "new" / "keys")


async def test_an_altered_backup_is_refused(lab: Lab, tmp_path: Path) -> None:
    log = await lab.connect()
    await log.append(outcome(new_flow(), "denied"))
    backup(lab.store, lab.keys, tmp_path / "b")
    connection = connect_writer(tmp_path / "b" / "lexgate.db")
    connection.execute("update flow set decision = 'allow'")
    connection.close()
    (tmp_path / "new").mkdir()
    with pytest.raises(StoreUnusable, match="does not verify"):
        restore(tmp_path / "b", tmp_path / "new" / "lexgate.db", lab.keys)
    assert not (tmp_path / "new" / "lexgate.db").exists()
    for bad in (tmp_path / "nothing", tmp_path / "new"):
        with pytest.raises(StoreUnusable, match="not a backup"):
            restore(bad, tmp_path / "new" / "lexgate.db", lab.keys)


async def test_an_older_state_is_refused_until_its_loss_is_recorded(lab: Lab, tmp_path: Path) -> None:
    log, kept, lost = await lab.connect(), new_flow(), new_flow()
    await log.append(outcome(kept, "denied"))
    backup(lab.store, lab.keys, tmp_path / "b")
    await log.append(outcome(lost, "denied"))
    await log.close()
    await asyncio.to_thread(lab.stop)
    remove(lab.store)
    assert restore(tmp_path / "b", lab.store, lab.keys).behind > 0

    with pytest.raises(AssertionError, match="accept-loss"):
        lab.start()
    with pytest.raises(LogForked):
        Log.open(lab.store, lab.keyring, ORIGIN)
    with pytest.raises(StoreUnusable, match="say why"):
        accept_loss(lab.store, lab.keyring, ORIGIN, "  ")
    mark = read_head(lab.keys, ORIGIN, lab.keyring.verifier_key(ORIGIN))
    assert mark is not None
    generation, _ = accept_loss(lab.store, lab.keyring, ORIGIN, "disk died")
    assert generation == 2

    connection = connect_reader(lab.store)
    (entry,) = [json.loads(e) for e in entries_of(connection) if b'"k":"loss"' in e]
    assert entry["x"]["lost"] == mark.note
    assert entry["x"]["reason"] == "disk died"

    lab.start()
    again, flow = await lab.connect(), new_flow()
    await again.append(outcome(flow, "denied"))
    await again.close()
    await asyncio.to_thread(lab.stop)
    records = lab.records()
    assert records.checkpoint().startswith(f"{ORIGIN}/2\n")
    for proven in (kept, flow):
        document = records.proof(proven)
        assert document is not None
        assert verify_proof(document, lab.vkey).problems == []
    assert records.get(lost) is None
    assert verify_store(lab.store, lab.keyring).problems == []


async def test_a_store_that_is_gone_is_not_silently_begun_anew(lab: Lab) -> None:
    log = await lab.connect()
    await log.append(outcome(new_flow(), "denied"))
    await asyncio.to_thread(lab.stop)
    remove(lab.store)
    with pytest.raises(AssertionError, match="was signed"):
        lab.start()
