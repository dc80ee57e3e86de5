"""Rows of leaves are read in order, and no further than asked for."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pysqlite3.dbapi2 as sqlite
import pytest

from audit.errors import StoreUnusable
from audit.store.batch import INSERT, Leaf, leaf_at, leaves_from, pack

WANTED = b'"k":"settle"'


@pytest.fixture
def store() -> Iterator[sqlite.Connection]:
    connection = sqlite.connect(":memory:", isolation_level=None)
    connection.execute("create table batch (first integer primary key, leaves integer not null, data blob not null)")
    yield connection
    connection.close()


def leaf(index: int, *, wanted: bool = False) -> Leaf:
    return (index, b"{%b}%d" % (WANTED if wanted else b"", index), b"", b"", b"")


def keep(store: sqlite.Connection, *rows: list[Leaf]) -> None:
    store.executemany(INSERT, [(row[0][0], len(row), pack(row)) for row in rows])


def test_leaves_between_two_places(store) -> None:
    keep(store, [leaf(0), leaf(1)], [leaf(2)], [leaf(3), leaf(4)])
    assert list(leaves_from(store)) == [leaf(i) for i in range(5)]
    assert list(leaves_from(store, 1, 4)) == [leaf(1), leaf(2), leaf(3)]
    assert leaf_at(store, 4) == leaf(4)
    with pytest.raises(StoreUnusable, match="leaf 5 is missing"):
        leaf_at(store, 5)


def test_rows_that_tell_nothing_are_passed_over(store) -> None:
    keep(store, [leaf(0), leaf(1)], [leaf(2), leaf(3, wanted=True)], [leaf(4)], [leaf(5, wanted=True)])
    assert list(leaves_from(store, 0, None, (WANTED,))) == [leaf(2), leaf(3, wanted=True), leaf(5, wanted=True)]
    assert list(leaves_from(store, 0, 5, (WANTED,))) == [leaf(2), leaf(3, wanted=True)]


def test_where_nothing_tells_nothing_beyond_the_end_is_read(store) -> None:
    keep(store, *([leaf(index)] for index in range(1000)))
    read: list[str] = []
    store.set_trace_callback(read.append)
    assert list(leaves_from(store, 0, 10, (WANTED,))) == []
    assert len(read) == 2  # where to begin, and the first rows from there


def test_a_row_that_was_altered_is_not_guessed_at(store) -> None:
    store.execute(INSERT, (0, 1, struct.pack(">IIII", 9, 0, 0, 0) + b"short"))
    with pytest.raises(StoreUnusable, match="altered"):
        list(leaves_from(store))
