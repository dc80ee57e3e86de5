"""Builds the search projection anew from the log, and compares it with the one that is there."""

from __future__ import annotations

import tempfile
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from audit.keys import Keyring
from audit.made.follow import rebuild
from audit.projection import row_of
from audit.search.leaves import LeafReader, StoredLeaf
from audit.store.batch import leaves_from, size_of
from audit.store.migrate import require_current
from audit.store.projector import OpenFlow, Projector, open_flows
from audit.store.sqlite import Connection, connect_writer, driver, only_writer

_TABLES = ("flow", "tag")
_BATCH = 2_000  # leaves between two writes


def reindex(path: Path, keyring: Keyring) -> int:
    """Build the projection anew from the log, and the index of what was made; the number of flows.

    The log writer must not be running.
    """
    with only_writer(path):
        require_current(path)
        with closing(connect_writer(path)) as connection:
            connection.execute("begin immediate")
            for table in _TABLES:
                connection.execute(f"delete from {table}")  # noqa: S608 - our own constants
            project(connection, connection, keyring)
            connection.execute("insert or replace into meta values ('projected', ?)", (str(size_of(connection)),))
            connection.execute("commit")
            count = int(connection.execute("select count(*) from flow").fetchone()[0])
        rebuild(path, keyring)
    return count


def project(source: Connection, target: Connection, keyring: Keyring, end: int | None = None) -> None:
    """Write the projection of the log in `source` to the (empty) tables of `target`; of its first `end` leaves."""
    _project(source, target, keyring, 0, {}, end)


def catch_up(connection: Connection, keyring: Keyring, projected: int, floor: int) -> None:
    """Project the leaves that a crash kept from it. Inside a transaction.

    `projected`: how many leaves the projection tells of; `floor`: no flow below this leaf is open in it.
    """
    _project(connection, connection, keyring, projected, dict(open_flows(connection, floor)))


def _project(
    source: Connection,
    target: Connection,
    keyring: Keyring,
    first: int,
    opened: dict[str, OpenFlow],
    end: int | None = None,
) -> None:
    reader, projector = LeafReader(source, keyring), Projector()
    for count, leaf in enumerate(leaves_from(source, first, end), 1):
        # A leaf that cannot be read has nothing to search; `verify_store` says so. Others are found all the same.
        with suppress(ValueError, KeyError, IndexError, TypeError, AttributeError):
            _one(StoredLeaf(*leaf), reader, projector, opened)
        if count % _BATCH == 0:
            projector.flush(target)
    projector.flush(target)


def _one(leaf: StoredLeaf, reader: LeafReader, projector: Projector, opened: dict[str, OpenFlow]) -> None:
    entry = leaf.entry
    kind, flow = entry["k"], entry.get("id", "")
    if kind == "settle":
        projector.settle(leaf.index, entry["f"])
    if kind not in ("intent", "outcome"):
        return
    groups = _searched(leaf, flow, reader)
    tenant, user = reader.owner(leaf)
    row = row_of(kind, tenant, user, groups)
    if row is None:
        return
    known = opened.get(flow)
    if known is None:
        projector.first(leaf.index, flow, entry["t"], row, outcome=kind == "outcome")
        if kind == "intent":
            opened[flow] = OpenFlow(flow, leaf.index, entry["t"], (entry["w"], entry["e"]), row)
    elif kind == "intent":
        projector.attempt(leaf.index, known, row)
        known.row = row
    else:
        projector.outcome(leaf.index, known, row)
        del opened[flow]


def _searched(leaf: StoredLeaf, flow: str, reader: LeafReader) -> dict[str, dict[str, Any]]:
    """What a row is made of, as far as it can be read: what is hidden of an outcome after its intent is none of it."""
    committed = leaf.entry["c"]
    groups = {"pub": dict(leaf.shown.get("pub") or {})} if "pub" in committed else {}
    if "subj" in committed:
        _, hidden = reader.hidden(leaf, flow, 0)
        groups["subj"] = dict(hidden.get("subj") or {})
    return groups


def differences(connection: Connection, keyring: Keyring, folder: Path) -> list[str]:
    """Where the projection differs from what the log says, in words; empty when it does not."""
    with (
        tempfile.TemporaryDirectory(prefix=".reindex-", dir=folder) as name,
        closing(driver.connect(f"{name}/search.db", isolation_level=None)) as fresh,
    ):
        fresh.execute("pragma synchronous=off")
        for table in _TABLES:
            found = "select sql from sqlite_master where tbl_name = ? and sql is not null order by type desc"
            for (sql,) in connection.execute(found, (table,)).fetchall():
                fresh.execute(sql)
        fresh.execute("begin")
        row = connection.execute("select value from meta where key = 'projected'").fetchone()
        project(connection, fresh, keyring, int(row[0]) if row else None)  # a log that is written may be ahead of it
        fresh.execute("commit")
        return [problem for table in _TABLES for problem in _compare(connection, fresh, table)]


def _compare(stored: Connection, fresh: Connection, table: str) -> list[str]:
    order = "seq" if table == "flow" else "kind, value, time_us, seq"
    query = f"select * from {table} order by {order}"  # noqa: S608 - our own constants
    ours, theirs = iter(stored.execute(query)), iter(fresh.execute(query))
    while True:
        a, b = next(ours, None), next(theirs, None)
        if a != b:
            row = b or a
            where = f"leaf {row[0]}" if table == "flow" and row else str(row[:2] if row else "")
            return [f"the search table {table!r} differs from the log at {where}: run `lexgate audit reindex`"]
        if a is None:
            return []
