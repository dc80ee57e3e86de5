"""Which texts have a mark: 64-bit marks of texts in sorted runs, as rows of many marks.

A row for each mark would write a page for nearly each of a text's hundreds. So the marks that come together are sorted into one
*run*; eight runs of a level become one of the next (a log-structured merge tree: O'Neil and others, 1996). Each mark is
written once a level, in order, and looked for once a run. A run is cut into rows of some 4 KB:

    run      (id, level)
    chunk    (run, first, data): `first` the smallest mark in it; data = marks, ascending (8 bytes each) ‖ their texts (4 each)

Integers in data are little-endian, marks signed as SQLite's are. Runs of a lower level are newer, of one level those with
higher ids; texts are numbered in the order in which they come, so what is newer has the higher numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from audit.store.sqlite import Connection

_FAN = 8
_WIDTH = 12  # bytes of a mark with its text
_PER_CHUNK = 330  # with them a row fills a page
_ROWS = 64  # of a run read at a time when runs are merged

Marks = NDArray[np.int64]
Texts = NDArray[np.uint32]


def add(connection: Connection, marks: Sequence[Sequence[int]], texts: Sequence[int]) -> None:
    """Add the marks of new texts, as a run of their own. Inside the caller's transaction."""
    if not texts:
        return
    own = np.concatenate([np.array(each, dtype=np.uint64) for each in marks]).view(np.int64)
    owners = np.repeat(np.array(texts, dtype=np.uint32), [len(each) for each in marks])
    run = connection.execute("insert into run (level) values (0)").lastrowid
    _insert(connection, run, *_sorted(own, owners))
    level = 0
    while len(full := _runs(connection, level)) >= _FAN:
        _merge(connection, full, level + 1)
        level += 1


def texts_of_each(connection: Connection, marks: Sequence[int], most: int) -> Iterator[list[int]]:
    """For each mark the texts that have it, at most `most`, the latest ones first. Neighbours are found in one row."""
    runs = [_Run(connection, id_) for (id_,) in connection.execute("select id from run order by level, id desc")]
    for mark in np.array(marks, dtype=np.uint64).view(np.int64).tolist():
        found: list[int] = []
        for run in runs:
            if len(found) >= most:
                break
            found += run.texts_of(mark, most - len(found))
        yield found


def forget(connection: Connection, texts: Sequence[int]) -> None:
    """Take these texts out, with all their marks: rows that hold one are written anew."""
    gone = np.array(texts, dtype=np.uint32)
    for (id_,) in connection.execute("select id from chunk").fetchall() if texts else ():
        marks, owners = _read(connection.execute("select data from chunk where id = ?", (id_,)).fetchone()[0])
        kept = ~np.isin(owners, gone)
        if not kept.any():
            connection.execute("delete from chunk where id = ?", (id_,))
        elif not kept.all():
            left = marks[kept]
            packed = _packed(left, owners[kept])
            connection.execute("update chunk set first = ?, data = ? where id = ?", (int(left[0]), packed, id_))
    connection.execute("delete from run where id not in (select run from chunk)")


def all_of(connection: Connection) -> list[tuple[int, int]]:
    """Each mark with a text that has it, in the order of texts and marks."""
    rows = [_read(data) for (data,) in connection.execute("select data from chunk")]
    pairs = [pair for marks, texts in rows for pair in zip(marks.view(np.uint64).tolist(), texts.tolist(), strict=True)]
    return sorted(pairs, key=lambda pair: (pair[1], pair[0]))


class _Run:
    """One run while many marks are looked for: the row that was read last may hold the next one."""

    def __init__(self, connection: Connection, id_: int) -> None:
        self._connection = connection
        self._id = id_
        self._marks: Marks = np.empty(0, np.int64)
        self._texts: Texts = np.empty(0, np.uint32)

    def texts_of(self, mark: int, most: int) -> list[int]:
        marks = self._marks
        if not (len(marks) and marks[0] < mark < marks[-1]):  # what a row ends with, the next one may begin with
            return self._searched(mark, most)
        return self._here(mark, most)[0]

    def _here(self, mark: int, most: int) -> tuple[list[int], bool]:
        """What the row says, and whether the one before may say more."""
        start = int(np.searchsorted(self._marks, mark, "left"))
        end = int(np.searchsorted(self._marks, mark, "right"))
        return self._texts[max(start, end - most) : end][::-1].tolist(), start == 0

    def _searched(self, mark: int, most: int) -> list[int]:
        found: list[int] = []
        rows = self._connection.execute(
            "select data from chunk where run = ? and first <= ? order by first desc, id desc", (self._id, mark)
        )
        for (data,) in rows:
            self._marks, self._texts = _read(data)
            here, more = self._here(mark, most - len(found))
            found += here
            if not more or len(found) >= most:
                break
        return found


def _runs(connection: Connection, level: int) -> list[int]:
    return [id_ for (id_,) in connection.execute("select id from run where level = ? order by id", (level,))]


def _merge(connection: Connection, runs: Sequence[int], level: int) -> None:
    """Make one run of these, piece by piece: of runs of any length only some rows are held at a time."""
    merged = connection.execute("insert into run (level) values (?)", (level,)).lastrowid
    sources = [_Source(connection, run) for run in runs]
    rest: tuple[Marks, Texts] = (np.empty(0, np.int64), np.empty(0, np.uint32))
    while any(len(source.marks) for source in sources):
        # Whatever is smaller than the last mark of each source that has more to come is all there.
        ends = [source.marks[-1] for source in sources if source.more]
        pieces = [source.take(min(ends) if ends else None) for source in sources]
        piece = _sorted(*(np.concatenate([part[i] for part in pieces]) for i in (0, 1)))
        rest = np.concatenate([rest[0], piece[0]]), np.concatenate([rest[1], piece[1]])
        whole = len(rest[0]) // _PER_CHUNK * _PER_CHUNK
        _insert(connection, merged, rest[0][:whole], rest[1][:whole])
        rest = rest[0][whole:], rest[1][whole:]
    _insert(connection, merged, *rest)
    for run in runs:
        connection.execute("delete from chunk where run = ?", (run,))
        connection.execute("delete from run where id = ?", (run,))


class _Source:
    """A run that is read from its smallest mark to its largest. `more`: there are rows that were not read yet."""

    def __init__(self, connection: Connection, run: int) -> None:
        self._connection = connection
        rows = connection.execute("select id from chunk where run = ? order by first, id", (run,))
        self._rows: list[int] = [id_ for (id_,) in rows]
        self.marks: Marks = np.empty(0, np.int64)
        self._texts: Texts = np.empty(0, np.uint32)
        self._read()

    @property
    def more(self) -> bool:
        return bool(self._rows)

    def take(self, end: np.int64 | None) -> tuple[Marks, Texts]:
        """What is smaller than `end`, or all that is left."""
        count = len(self.marks) if end is None else int(np.searchsorted(self.marks, end, "left"))
        taken = self.marks[:count], self._texts[:count]
        self.marks, self._texts = self.marks[count:], self._texts[count:]
        self._read()
        return taken

    def _read(self) -> None:
        """As long as the last mark that was read is the first one too, the next row may say it as well."""
        while self._rows and not (len(self.marks) and self.marks[0] < self.marks[-1]):
            some, self._rows = self._rows[:_ROWS], self._rows[_ROWS:]
            found = "select data from chunk where id = ?"
            rows = [_read(self._connection.execute(found, (id_,)).fetchone()[0]) for id_ in some]
            self.marks = np.concatenate([self.marks, *(row[0] for row in rows)])
            self._texts = np.concatenate([self._texts, *(row[1] for row in rows)])


def _sorted(marks: Marks, texts: Texts) -> tuple[Marks, Texts]:
    """By mark, then by text; what is said twice stands once."""
    order = np.lexsort((texts, marks))
    marks, texts = marks[order], texts[order]
    new = np.ones(len(marks), np.bool_)
    new[1:] = (marks[1:] != marks[:-1]) | (texts[1:] != texts[:-1])
    return marks[new], texts[new]


def _insert(connection: Connection, run: int, marks: Marks, texts: Texts) -> None:
    ends = [(at, at + _PER_CHUNK) for at in range(0, len(marks), _PER_CHUNK)]
    connection.executemany(
        "insert into chunk (run, first, data) values (?, ?, ?)",
        [(run, int(marks[at]), _packed(marks[at:end], texts[at:end])) for at, end in ends],
    )


def _packed(marks: Marks, texts: Texts) -> bytes:
    return marks.astype("<i8").tobytes() + texts.astype("<u4").tobytes()


def _read(data: bytes) -> tuple[Marks, Texts]:
    count = len(data) // _WIDTH
    return np.frombuffer(data, "<i8", count).astype(np.int64), np.frombuffer(data, "<u4", count, 8 * count).astype(
        np.uint32
    )
