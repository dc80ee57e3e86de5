"""Writes the search projection: the live log and `reindex` run the same code, so that both give equal tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from audit.projection import COLUMNS, TAGS, Row
from audit.store.sqlite import Connection

_STATUS = COLUMNS.index("status")
_SHARED = ("grade", "decision", "status", "from_", "to_", "provider", "model")
_FROM = COLUMNS.index("grade")
_LISTS = len(COLUMNS)

_INSERT = (
    f"insert into flow (seq, flow, time_us, {', '.join(COLUMNS)}, intents, outcome)"  # noqa: S608 - our own constants
    f" values ({', '.join('?' * (len(COLUMNS) + 5))})"
)
_ATTEMPT = f"update flow set intents = intents || ',' || ?, {', '.join(f'{c} = ?' for c in _SHARED)} where seq = ?"  # noqa: S608
_OUTCOME = f"update flow set outcome = ?, {', '.join(f'{c} = ?' for c in _SHARED)} where seq = ?"  # noqa: S608
_STATUS_ONLY = "update flow set outcome = ?, status = ? where seq = ?"
_SETTLE = "update flow set settle = ? where flow = ?"
_TAG = "insert or ignore into tag values (?, ?, ?, ?)"


@dataclass(slots=True)
class OpenFlow:
    """A flow that has an intent and no outcome yet. `row` is None when it was read back at start-up."""

    seq: int
    time_us: int
    owner: tuple[str, int]
    row: Row | None


class Projector:
    """Gathers the changes of one batch; `flush` writes them inside the caller's transaction."""

    __slots__ = ("_attempts", "_inserts", "_outcomes", "_settles", "_statuses", "_tags")

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self._inserts: list[tuple[object, ...]] = []
        self._attempts: list[tuple[object, ...]] = []
        self._outcomes: list[tuple[object, ...]] = []
        self._statuses: list[tuple[object, ...]] = []
        self._settles: list[tuple[object, ...]] = []
        self._tags: list[tuple[object, ...]] = []

    def first(self, index: int, flow: str, time_us: int, row: Row, *, outcome: bool) -> None:
        """The first leaf of a flow: an intent, or the outcome of a call that never left."""
        intents = "" if outcome else str(index)
        done = index if outcome else None
        self._inserts.append((index, flow, time_us, *row[:_LISTS], intents, done))
        self._tag(row, time_us, index)

    def attempt(self, index: int, opened: OpenFlow, row: Row) -> None:
        """A further intent: the columns tell of the latest attempt."""
        self._attempts.append((str(index), *row[_FROM:_LISTS], opened.seq))
        self._tag(row, opened.time_us, opened.seq)

    def outcome(self, index: int, opened: OpenFlow, row: Row) -> None:
        """The outcome of an open flow. One that says no decision (we died) leaves the intent's in place."""
        status = row[_STATUS]
        before = opened.row
        same = before is not None and _said(before) == _said(row)
        if same or not row[_FROM + 1]:
            self._statuses.append((index, status, opened.seq))
            return
        self._outcomes.append((index, *row[_FROM:_LISTS], opened.seq))
        self._tag(row, opened.time_us, opened.seq)

    def settle(self, index: int, flows: Sequence[str]) -> None:
        """A settle leaf."""
        self._settles.extend((index, flow) for flow in flows)

    def _tag(self, row: Row, time_us: int, seq: int) -> None:
        for kind, values in zip(TAGS, row[_LISTS:], strict=True):
            for value in values:
                self._tags.append((kind, value, time_us, seq))

    def flush(self, connection: Connection) -> None:
        """Write the batch. Inserts first: what follows may concern them."""
        for statement, rows in (
            (_INSERT, self._inserts),
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
        yield flow, OpenFlow(seq, time_us, ("", 0), None)


def _said(row: Row) -> tuple[object, ...]:
    """Everything that an outcome can change but the status; lists compared as lists."""
    return (*row[_FROM:_STATUS], *row[_STATUS + 1 : _LISTS], *(list(values) for values in row[_LISTS:]))
