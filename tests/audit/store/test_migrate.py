"""A store of the schema before this one: refused as it is, and whole once it is migrated."""

from __future__ import annotations

import asyncio
import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

import pysqlite3.dbapi2 as sqlite
import pytest

from audit.errors import SchemaMismatch, StoreUnusable
from audit.keys import Keyring
from audit.sequencer import Log
from audit.store import migrate
from audit.store.batch import leaves_from
from audit.store.inspect import verify_store
from audit.store.migrate import upgrade
from audit.store.reindex import reindex
from audit.store.sqlite import connect_writer
from tests.audit.lab import ORIGIN, Lab, entries_of, intent, new_flow, outcome, settle


def of_schema_0001(lab: Lab) -> None:
    """One row for each leaf, as versions before had it."""
    with closing(connect_writer(lab.store)) as store:
        store.execute(
            "create table leaf (idx integer not null, entry blob not null, disclosed blob not null, sealed blob not null,"
            " content blob not null, primary key (idx))"
        )
        store.executemany("insert into leaf values (?, ?, ?, ?, ?)", list(leaves_from(store)))
        store.execute("drop table batch")
        store.execute("update alembic_version set version_num = '0001'")


async def test_a_store_of_the_version_before(lab: Lab) -> None:
    log = await lab.connect()
    flows = [new_flow() for _ in range(150)]
    await asyncio.gather(*(log.append(intent(flow)) for flow in flows))
    await asyncio.gather(*(log.append(outcome(flow)) for flow in flows))
    await log.append(settle(tuple(flows)))
    await log.close()
    await asyncio.to_thread(lab.stop)
    with closing(connect_writer(lab.store)) as store:
        before = entries_of(store)
    record = lab.records().get(flows[77])
    of_schema_0001(lab)

    with pytest.raises(SchemaMismatch, match="lexgate migrate"):
        Log.open(lab.store, lab.keyring, ORIGIN)
    assert upgrade(lab.store) == ("0001", "0002")
    assert verify_store(lab.store, lab.keyring).problems == []
    with closing(connect_writer(lab.store)) as store:
        assert entries_of(store) == before
    assert lab.records().get(flows[77]) == record
    assert reindex(lab.store, lab.keyring) == 150
    Log.open(lab.store, lab.keyring, ORIGIN).close()
    assert verify_store(lab.store, lab.keyring).problems == []


def test_leaves_that_are_not_dense_are_not_migrated(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    Log.open(lab.store, lab.keyring, ORIGIN).close()
    of_schema_0001(lab)
    with closing(connect_writer(lab.store)) as store:
        store.execute("update leaf set idx = 9 where idx = 1")
    with pytest.raises(StoreUnusable, match="not dense"):
        upgrade(lab.store)


def test_killed_at_any_step_it_is_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = Lab(tmp_path / "lab")
    Log.open(lab.store, lab.keyring, ORIGIN).close()
    of_schema_0001(lab)
    taken: list[Path] = []

    def keep() -> None:
        taken.append(tmp_path / f"{len(taken)}")
        shutil.copytree(lab.folder, taken[-1])

    class Cursor(sqlite.Cursor):
        def execute(self, *given: Any) -> Any:
            done = super().execute(*given)
            keep()
            return done

    class Connection(sqlite.Connection):
        def cursor(self, *_: Any) -> Any:
            return super().cursor(Cursor)

    class Driver:
        def __getattr__(self, name: str) -> Any:
            return getattr(sqlite, name)

        def connect(self, *given: Any, **more: Any) -> Any:
            return sqlite.connect(*given, factory=Connection, **more)

    with monkeypatch.context() as patched:
        patched.setattr(migrate, "driver", Driver())
        upgrade(lab.store)
    assert len(taken) > 5
    for folder in taken:
        assert upgrade(folder / "lexgate.db") == ("0001", "0002")
        Log.open(folder / "lexgate.db", Keyring.open(folder / "keys"), ORIGIN).close()


def test_a_start_that_was_cut_short_before_there_were_tables_is_done_again(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    connect_writer(lab.store).close()
    Log.open(lab.store, lab.keyring, ORIGIN).close()
    assert verify_store(lab.store, lab.keyring).problems == []


def test_a_new_store_is_what_the_migrations_make(tmp_path: Path) -> None:
    made, migrated = tmp_path / "made.db", tmp_path / "migrated.db"
    assert upgrade(made) == (None, migrate.REVISION)
    connect_writer(migrated).close()
    migrate._migrate(migrated)

    def schema(path: Path) -> list[Any]:
        with closing(connect_writer(path)) as store:
            version = store.execute("select * from alembic_version").fetchall()
            rows = store.execute("select type, name, tbl_name, sql from sqlite_master").fetchall()
            return [version, *sorted((*row[:3], " ".join((row[3] or "").lower().split())) for row in rows)]

    assert [str(each).replace("( ", "(").replace(" )", ")") for each in schema(made)] == [
        str(each).replace("( ", "(").replace(" )", ")") for each in schema(migrated)
    ]


def test_a_new_store_that_was_not_finished_is_made_again(tmp_path: Path) -> None:
    store = tmp_path / "lexgate.db"
    with closing(connect_writer(store)) as connection:
        connection.execute("begin immediate")
        connection.execute("create table meta (key text)")  # and killed here: never committed
    assert upgrade(store) == (None, migrate.REVISION)
