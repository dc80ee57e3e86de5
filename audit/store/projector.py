"""Writes the search projection: the live log and `reindex` run the same code, so that both give equal tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from audit.projection import COLUMNS, TAGS, Row
from audit.store.sqlite import Connection

_STATUS = COLUMNS.index("status")
_SHARED = ("grade", "decision", "status", "from_", "to_", "provider", "model")
_FROM = COLUMNS.index("grade")
_LISTS = len(COLUMNS)

_ROW_STATUS = 3 + _STATUS  # where things stand in a row that is not written yet: seq, flow, time_us, columns, ...
_ROW_SHARED = slice(3 + _FROM, 3 + _LISTS)
_ROW_INTENTS, _ROW_OUTCOME, _ROW_SETTLE = range(3 + _LISTS, 6 + _LISTS)

_INSERT = (
    f"insert into flow (seq, flow, time_us, {', '.join(COLUMNS)}, intents, outcome, settle)"  # noqa: S608 - our own constants
    f" values ({', '.join('?' * (len(COLUMNS) + 6))})"
)
_ATTEMPT = f"update flow set intents = intents || ',' || ?, {', '.join(f'{c} = ?' for c in _SHARED)} where seq = ?"  # noqa: S608
_OUTCOME = f"update flow set outcome = ?, {', '.join(f'{c} = ?' for c in _SHARED)} where seq = ?"  # noqa: S608
_STATUS_ONLY = "update flow set outcome = ?, status = ? where seq = ?"
_SETTLE = "update flow set settle = ? where flow = ?"
_TAG = "insert or ignore into tag values (?, ?, ?, ?)"


@dataclass(slots=True)
class OpenFlow:
    """A flow that has an intent and no outcome yet. `row` is None when it was read back at start-up."""

    flow: str
    seq: int
    time_us: int
    owner: tuple[str, int]
    row: Row | None


class Projector:
    """Gathers changes; `flush` writes them inside the caller's transaction.

    What happens to a flow between two flushes is written once: later leaves change its row while that waits.
    """

    __slots__ = ("_attempts", "_outcomes", "_rows", "_settles", "_statuses", "_tags")

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self._rows: dict[str, list[Any]] = {}  # by flow: rows that are not written yet
        self._attempts: list[tuple[object, ...]] = []
        self._outcomes: list[tuple[object, ...]] = []
        self._statuses: list[tuple[object, ...]] = []
        self._settles: list[tuple[object, ...]] = []
        self._tags: list[tuple[object, ...]] = []

    def first(self, index: int, flow: str, time_us: int, row: Row, *, outcome: bool) -> None:
        """The first leaf of a flow: an intent, or the outcome of a call that never left."""
        intents, done = ("", index) if outcome else (str(index), None)
        self._rows[flow] = [index, flow, time_us, *row[:_LISTS], intents, done, None]
        self._tag(row, time_us, index)

    def attempt(self, index: int, opened: OpenFlow, row: Row) -> None:
        """A further intent: the columns tell of the latest attempt."""
        waiting = self._rows.get(opened.flow)
        if waiting is None:
            self._attempts.append((str(index), *row[_FROM:_LISTS], opened.seq))
        else:
            waiting[_ROW_INTENTS] += f",{index}"
            waiting[_ROW_SHARED] = row[_FROM:_LISTS]
        self._tag(row, opened.time_us, opened.seq)

    def outcome(self, index: int, opened: OpenFlow, row: Row) -> None:
        """The outcome of an open flow. One that says no decision leaves the intent's in place."""
        waiting, before = self._rows.get(opened.flow), opened.row
        if waiting is not None:
            waiting[_ROW_OUTCOME] = index
        if not row[_FROM + 1] or (before is not None and _said(before) == _said(row)):
            if waiting is None:
                self._statuses.append((index, row[_STATUS], opened.seq))
            else:
                waiting[_ROW_STATUS] = row[_STATUS]
            return
        if waiting is None:
            self._outcomes.append((index, *row[_FROM:_LISTS], opened.seq))
        else:
            waiting[_ROW_SHARED] = row[_FROM:_LISTS]
        self._tag(row, opened.time_us, opened.seq)

    def settle(self, index: int, flows: Sequence[str]) -> None:
        """A settle leaf."""
        rows = self._rows
        for flow in flows:
            waiting = rows.get(flow)
            if waiting is None:
                self._settles.append((index, flow))
            else:
                waiting[_ROW_SETTLE] = index

    def _tag(self, row: Row, time_us: int, seq: int) -> None:
        if any(lists := row[_LISTS:]):
            for kind, values in zip(TAGS, lists, strict=True):
                self._tags += [(kind, value, time_us, seq) for value in values]

    def flush(self, connection: Connection) -> None:
        """Write what was gathered. The rows first: settlements of flows written earlier come last."""
        for statement, rows in (
            (_INSERT, list(self._rows.values())),
            (_ATTEMPT, self._attempts),
            (_OUTCOME, self._outcomes),
            (_STATUS_ONLY, self._statuses),
            (_SETTLE, self._settles),
            (_TAG, self._tags),
        ):
            if rows:
                connection.executemany(statement, rows)
        self._clear()


def open_flows(connection: Connection, floor: int) -> Iterator[tuple[str, OpenFlow]]:
    """The flows without an outcome among those that began at leaf `floor` or later."""
    found = "select flow, seq, time_us from flow where seq >= ? and outcome is null"
    for flow, seq, time_us in connection.execute(found, (floor,)).fetchall():
        yield flow, OpenFlow(flow, seq, time_us, ("", 0), None)


def _said(row: Row) -> tuple[object, ...]:
    """Everything that an outcome can change but the status; lists compared as lists."""
    return (*row[_FROM:_STATUS], *row[_STATUS + 1 : _LISTS], *(list(values) for values in row[_LISTS:]))
