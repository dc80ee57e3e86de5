"""Schema versions: a new store is made at head, an old one is upgraded only when asked (`lexgate migrate`)."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

from audit.errors import SchemaMismatch, StoreUnusable
from audit.store.fresh import make
from audit.store.sqlite import Connection, connect_reader, connect_writer, driver, require_sound

REVISION = "0002"
"""The Alembic revision that this program reads and writes."""


def upgrade(path: Path) -> tuple[str | None, str]:
    """Bring the store at `path` to this program's revision, making it if need be; (revision before, after)."""
    require_sound()
    before = revision(path) if path.exists() else None
    if before is not None and before > REVISION:
        raise SchemaMismatch(_newer(path, before))
    if before is None:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        with closing(connect_writer(path)) as connection:
            make(connection, REVISION)
    else:
        _migrate(path)
    return before, REVISION


def _migrate(path: Path) -> None:
    # Half a second of imports that no start needs.
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine, event
    from sqlalchemy.pool import NullPool

    engine = create_engine(
        "sqlite://",
        module=driver,
        creator=lambda: driver.connect(str(path), timeout=10.0, isolation_level=None),
        poolclass=NullPool,
    )
    # The driver's own transactions leave out the making of tables: whatever ends this, all of it is done or nothing.
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("begin immediate"))
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def revision(path: Path) -> str | None:
    """The revision of the store at `path`, None when it is an empty database."""
    connection = connect_reader(path)
    try:
        return _revision(connection)
    finally:
        connection.close()


def require_current(path: Path) -> None:
    """SchemaMismatch unless the store has exactly the schema of this program."""
    found = revision(path)
    if found == REVISION:
        return
    if found is not None and found > REVISION:
        raise SchemaMismatch(_newer(path, found))
    raise SchemaMismatch(f"{path} has schema {found or 'none'}, this program needs {REVISION}: run `lexgate migrate`")


def _newer(path: Path, found: str) -> str:
    return f"{path} has schema {found}, newer than this program's {REVISION}: use the newer Lexgate"


def _revision(connection: Connection) -> str | None:
    tables = {name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")}
    if "alembic_version" not in tables:
        if tables:
            raise StoreUnusable("this SQLite file is not a Lexgate store")
        return None
    row = connection.execute("select version_num from alembic_version").fetchone()
    return str(row[0]) if row else None
