"""What the log says, for readers: search pages, one flow's record, its proof, the log as C2SP tiles."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection as SqlConnection

from audit.checkpoint import parse as parse_checkpoint
from audit.errors import LogUnavailable, QueryInvalid
from audit.keys import Keyring
from audit.merkle import inclusion_path
from audit.search.engine import reading_engine
from audit.search.leaves import LeafReader, Opened, StoredLeaf, erased_of
from audit.search.page import MAX_LIMIT, Page, cursor_of, position_of
from audit.search.query import compile_query, parse
from audit.search.trace import trace_of
from audit.store.schema import flow as flow_table
from audit.store.tiles import WIDTH, TileReader

PROOF_FORMAT = "lexgate-proof/1"
_GROUPS = ("pub", "meter", "facts", "subj", "digest", "content")
_COVERED_WITHIN_S = 2.0  # a checkpoint follows a leaf within milliseconds while the log writer lives


class Records:
    """The read side of one store. Safe to share between threads."""

    def __init__(self, store_path: Path, keyring: Keyring) -> None:
        self.path = store_path
        self._keyring = keyring
        self._engine = reading_engine(store_path)

    def close(self) -> None:
        """Let go of the store."""
        self._engine.dispose()

    def find(self, q: str = "", after: str | None = None, limit: int = 50) -> Page:
        """Records that `q` finds, newest first; QueryInvalid names what in `q` or `after` is not understood."""
        limit = min(limit, MAX_LIMIT)
        if limit < 1:
            raise QueryInvalid(str(limit), "a page has at least one record")
        query = compile_query(parse(q), position_of(after), limit + 1)
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
            more = len(rows) > limit
            records = [self._record(connection, row.seq) for row in rows[:limit]]
        return Page(records, cursor_of(rows[limit - 1].time_us, rows[limit - 1].seq) if more else None)

    def get(self, flow: str) -> dict[str, Any] | None:
        """The record of one flow (the object that `interfaces` calls "the record"), None when there is none."""
        with self._engine.connect() as connection:
            seq = self._seq(connection, flow)
            return None if seq is None else self._record(connection, seq)

    def trace(self, flow: str) -> dict[str, Any] | None:
        """The flows that this one came from and that came from it, of its tenant; None when there is no such flow."""
        with self._engine.connect() as connection:
            return trace_of(connection, flow, lambda seq: self._record(connection, seq))

    def proof(self, flow: str) -> dict[str, Any] | None:
        """A self-contained document that proves the flow's leaves are in the log; None when there is no such flow."""
        deadline = time.monotonic() + _COVERED_WITHIN_S
        while True:
            with self._engine.connect() as connection:
                seq = self._seq(connection, flow)
                if seq is None:
                    return None
                note = self._note(connection)
                size = parse_checkpoint(note).size if note else 0
                indices = _indices(_flow_row(connection, seq))
                if indices[-1] < size:
                    return self._prove(connection, flow, indices, note, size)
            if time.monotonic() > deadline:
                raise LogUnavailable("no checkpoint covers this flow yet: is the log writer running?")
            time.sleep(0.01)

    def checkpoint(self) -> str:
        """The latest signed checkpoint note, "" for a log that has signed nothing."""
        with self._engine.connect() as connection:
            return self._note(connection)

    def tile(self, level: int, index: int, width: int = WIDTH) -> bytes | None:
        """`width` hashes of a C2SP tile, None when the latest checkpoint does not cover that many."""
        with self._tiles() as reader:
            if not 0 <= level < 64 or index < 0 or not 0 < width <= WIDTH:
                return None
            if index * WIDTH + width > reader.size >> (8 * level):
                return None
            return reader.tile(level, index)[: width * 32]

    def entries(self, index: int, width: int = WIDTH) -> bytes | None:
        """A C2SP entry bundle of `width` entries, None when the latest checkpoint does not cover that many."""
        with self._tiles() as reader:
            if index < 0 or not 0 < width <= WIDTH or index * WIDTH + width > reader.size:
                return None
            return reader.entries(index, width)

    @contextmanager
    def _tiles(self) -> Iterator[TileReader]:
        with self._engine.connect() as connection:
            note = self._note(connection)
            yield TileReader(_driver(connection), parse_checkpoint(note).size if note else 0)

    def _note(self, connection: SqlConnection) -> str:
        row = connection.exec_driver_sql("select note from checkpoint order by second desc limit 1").first()
        return str(row[0]) if row else ""

    def _seq(self, connection: SqlConnection, flow: str) -> int | None:
        return connection.execute(select(flow_table.c.seq).where(flow_table.c.flow == flow)).scalar()

    def _record(self, connection: SqlConnection, seq: int) -> dict[str, Any]:
        row = _flow_row(connection, seq)
        reader = LeafReader(_driver(connection), self._keyring)
        leaves = [reader.leaf(index) for index in _indices(row)]
        merged: dict[str, dict[str, Any]] = {name: {} for name in _GROUPS}
        erased: set[str] = set()
        for leaf in leaves:
            groups = reader.open(leaf, row.flow)
            erased.update(erased_of(groups))
            for name, opened in groups.items():
                _merge(merged, name, opened)
        return _document(row, leaves, merged, sorted(erased))

    def _prove(self, connection: SqlConnection, flow: str, indices: list[int], note: str, size: int) -> dict[str, Any]:
        reader = LeafReader(_driver(connection), self._keyring)
        tiles = TileReader(_driver(connection), size)
        leaves = []
        for index in indices:
            leaf = reader.leaf(index)
            path = inclusion_path(index, size, tiles.subtree)
            groups, withheld = _disclose(reader, leaf, flow)
            leaves.append(
                {
                    "index": index,
                    "entry": leaf.data.decode(),
                    "path": [_b64(hash_) for hash_ in path],
                    "groups": groups,
                    "withheld": withheld,
                }
            )
        return {"format": PROOF_FORMAT, "flow": flow, "checkpoint": note, "leaves": leaves}


def _driver(connection: SqlConnection) -> Any:
    return connection.connection.driver_connection


def _flow_row(connection: SqlConnection, seq: int) -> Any:
    return connection.execute(select(flow_table).where(flow_table.c.seq == seq)).one()


def _indices(row: Any) -> list[int]:
    """The leaves of a flow in the order of the log."""
    found = [int(index) for index in row.intents.split(",") if index]
    return sorted(found + [index for index in (row.outcome, row.settle) if index is not None])


def _merge(merged: dict[str, dict[str, Any]], name: str, opened: Opened) -> None:
    """Later leaves say more, and what they say of the same thing holds; `flow` in settle items is the place, no fact."""
    value = opened.value
    value.pop("flow", None)
    merged[name] |= value


def _document(
    row: Any, leaves: list[StoredLeaf], groups: dict[str, dict[str, Any]], erased: list[str]
) -> dict[str, Any]:
    pub = groups["pub"]
    pub.pop("status", None)
    intents = [leaf for leaf in leaves if leaf.entry["k"] == "intent"]
    document = {
        "flow": row.flow,
        "time": _iso(row.time_us),
        "status": row.status,
        "intents": [{"attempt": leaf.entry.get("a", i), "leaf": leaf.index} for i, leaf in enumerate(intents, 1)],
        "outcome": None if row.outcome is None else {"leaf": row.outcome},
        "settle": None if row.settle is None else {"leaf": row.settle},
        "pub": pub,
        "meter": groups["meter"],
        "facts": groups["facts"],
        "subj": groups["subj"],
        "digest": groups["digest"],
    }
    if groups["content"]:
        document["content"] = groups["content"]
    if erased:
        document["erased"] = erased
    return document


def _disclose(reader: LeafReader, leaf: StoredLeaf, flow: str) -> tuple[dict[str, Any], list[str]]:
    """The groups of a leaf that can be disclosed, each with what binds it to the entry; and the names of the others."""
    groups: dict[str, Any] = {}
    withheld: list[str] = []
    for name, opened in reader.open(leaf, flow).items():
        if opened.body is None or opened.salt is None:
            withheld.append(name)
            continue
        shown: dict[str, Any] = {"value": opened.body.decode(), "salt": _b64(opened.salt)}
        if leaf.is_settle:
            position, size, path = reader.group_path(leaf, flow, name)
            shown |= {"position": position, "of": size, "path": [_b64(hash_) for hash_ in path]}
        groups[name] = shown
    return groups, withheld


def _iso(time_us: int) -> str:
    time_ = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_us)
    return time_.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
