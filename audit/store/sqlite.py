"""SQLite as it must be opened: which versions are refused, which pragmas hold, who may write."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pysqlite3 import dbapi2

from audit.errors import SqliteAffected, StoreLocked, StoreUnusable

driver: Any = dbapi2
"""pysqlite3, which ships no types."""

Connection = Any
"""A pysqlite3 connection."""

Error: type[Exception] = driver.Error


def is_affected(version: tuple[int, int, int]) -> bool:
    """Whether this SQLite has the WAL-reset bug, which can lose committed writes.

    Present from 3.7.0 to 3.51.2; fixed in 3.51.3 and in the branch releases 3.50.7 and 3.44.6 (sqlite.org/wal.html).
    """
    if version in ((3, 50, 7), (3, 44, 6)):
        return False
    return (3, 7, 0) <= version < (3, 51, 3)


def require_sound(version: tuple[int, int, int] | None = None) -> None:
    """SqliteAffected unless the SQLite behind the driver keeps what it has committed."""
    found: tuple[int, int, int] = version or driver.sqlite_version_info
    if is_affected(found):
        raise SqliteAffected(
            f"SQLite {'.'.join(map(str, found))} can lose committed writes (WAL-reset bug); "
            "3.51.3 or later, 3.50.7 or 3.44.6 is needed: install the pysqlite3 wheel"
        )


def connect_writer(path: Path) -> Connection:
    """The one connection that writes: WAL, synchronous=FULL, transactions begun and ended by hand."""
    require_sound()
    connection = driver.connect(str(path), isolation_level=None, timeout=10.0)
    for pragma in (
        "page_size=16384",  # of a new store: a quarter of the writes for a transaction of many leaves
        "journal_mode=wal",
        "synchronous=full",
        "wal_autocheckpoint=1000",
        "cache_size=-16384",
        "secure_delete=on",  # a destroyed key must not linger in free pages
        "foreign_keys=off",
    ):
        connection.execute(f"pragma {pragma}").fetchall()
    return connection


def connect_reader(path: Path) -> Connection:
    """A connection that cannot write; StoreUnusable when there is no store."""
    require_sound()
    if not path.exists():
        raise StoreUnusable(f"there is no store at {path}; `lexgate serve` makes one")
    uri = path.absolute().as_uri() + "?mode=ro"
    connection = driver.connect(uri, uri=True, isolation_level=None, timeout=10.0, check_same_thread=False)
    connection.execute("pragma query_only=on")
    return connection


@contextmanager
def only_writer(path: Path) -> Iterator[None]:
    """Hold the store's lock file; StoreLocked when another process does. Two writers would fork the log."""
    path = path.resolve()  # one lock for a store, whatever links lead to it
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(f"{path}.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StoreLocked(f"another log writer has {path}") from error
        yield
    finally:
        os.close(handle)
