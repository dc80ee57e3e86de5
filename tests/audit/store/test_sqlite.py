"""Which SQLite is refused, and which schema."""

from __future__ import annotations

from pathlib import Path

import pysqlite3.dbapi2 as sqlite
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from audit.errors import SchemaMismatch, SqliteAffected, StoreLocked, StoreUnusable
from audit.store.migrate import REVISION, require_current, revision, upgrade
from audit.store.schema import metadata
from audit.store.sqlite import connect_writer, is_affected, only_writer, require_sound

AFFECTED = [(3, 7, 0), (3, 40, 1), (3, 44, 5), (3, 44, 7), (3, 46, 0), (3, 50, 6), (3, 50, 8), (3, 51, 0), (3, 51, 2)]
SOUND = [(3, 6, 23), (3, 44, 6), (3, 50, 7), (3, 51, 3), (3, 52, 0), (3, 53, 4), (4, 0, 0)]


@pytest.mark.parametrize("version", AFFECTED)
def test_an_affected_sqlite_is_refused(version: tuple[int, int, int]) -> None:
    assert is_affected(version)
    with pytest.raises(SqliteAffected, match=r"can lose committed writes"):
        require_sound(version)


@pytest.mark.parametrize("version", SOUND)
def test_a_sound_one_is_not(version: tuple[int, int, int]) -> None:
    require_sound(version)


def test_the_driver_here_is_sound() -> None:
    require_sound()


def test_the_pragmas_that_durability_rests_on(tmp_path: Path) -> None:
    connection = connect_writer(tmp_path / "x.db")
    found = {
        p: connection.execute(f"pragma {p}").fetchone()[0] for p in ("journal_mode", "synchronous", "secure_delete")
    }
    assert found == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1}


def test_migrations_lead_to_the_declared_schema(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    assert upgrade(path) == (None, REVISION)
    assert upgrade(path) == (REVISION, REVISION)
    require_current(path)
    engine = create_engine("sqlite://", module=sqlite, creator=lambda: sqlite.connect(str(path)))
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


@pytest.mark.parametrize(("found", "says"), [("9999", "newer"), ("0000", "lexgate migrate")])
def test_another_schema_is_refused_by_name(tmp_path: Path, found: str, says: str) -> None:
    path = tmp_path / "x.db"
    upgrade(path)
    connection = sqlite.connect(str(path))
    connection.execute("update alembic_version set version_num = ?", (found,))
    connection.commit()
    connection.close()
    with pytest.raises(SchemaMismatch, match=says):
        require_current(path)
    if found == "9999":
        with pytest.raises(SchemaMismatch):
            upgrade(path)


def test_a_database_of_somebody_else_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    connection = sqlite.connect(str(path))
    connection.execute("create table mine (x)")
    connection.close()
    with pytest.raises(StoreUnusable, match="not a Lexgate store"):
        upgrade(path)
    with pytest.raises(StoreUnusable):
        revision(tmp_path / "none.db")


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with only_writer(path), pytest.raises(StoreLocked), only_writer(path):
        pass
    with only_writer(path):
        pass
