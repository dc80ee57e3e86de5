"""Marks of texts in sorted runs: whoever asks finds what a plain table of marks and texts would say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.made import mark_tables, marks
from audit.store.sqlite import Connection, driver

TOP = (1 << 64) - 1
values = st.one_of(st.integers(0, 6), st.sampled_from([1 << 63, (1 << 63) - 1, TOP]), st.integers(0, TOP))
batches = st.lists(st.lists(st.lists(values, min_size=1, max_size=5), max_size=3), max_size=30)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with closing(driver.connect(str(tmp_path / "marks.db"), isolation_level=None)) as connection:
        connection.executescript(mark_tables.SCHEMA)
        yield connection


@given(batches=batches, most=st.integers(1, 4), gone=st.sets(st.integers(1, 60)), row=st.sampled_from([1, 2, 3, 330]))
def test_marks_lead_to_the_latest_texts_that_have_them(batches, most, gone, row):
    expected: dict[int, set[int]] = defaultdict(set)
    with (
        pytest.MonkeyPatch.context() as patch,
        closing(driver.connect(":memory:", isolation_level=None)) as connection,
    ):
        patch.setattr(marks, "_PER_CHUNK", row)
        connection.executescript(mark_tables.SCHEMA)
        text = 0
        for batch in batches:
            texts = range(text + 1, text + 1 + len(batch))
            text += len(batch)
            marks.add(connection, batch, list(texts))
            for number, its in zip(texts, batch, strict=True):
                for mark in its:
                    expected[mark].add(number)
        for without in (set(), gone):
            marks.forget(connection, sorted(without))
            asked = sorted({*expected, 3, 99, TOP})
            found = list(marks.texts_of_each(connection, asked, most))
            assert found == [sorted(expected[mark] - without, reverse=True)[:most] for mark in asked]
            pairs = [(mark, number) for mark, numbers in expected.items() for number in numbers - without]
            assert marks.all_of(connection) == sorted(pairs, key=lambda pair: (pair[1], pair[0]))


def test_few_runs_stand_however_many_were_added(connection: Connection) -> None:
    for text in range(1, 601):
        marks.add(connection, [[text, 7, TOP - text]], [text])
    runs = connection.execute("select count(*) from run").fetchone()[0]
    assert runs <= 7 * 4
    assert len(marks.all_of(connection)) == 3 * 600 - 1  # text 7 has one of its marks twice
    assert next(marks.texts_of_each(connection, [7], 2000)) == list(range(600, 0, -1))
    marks.forget(connection, list(range(1, 601)))
    assert connection.execute("select (select count(*) from run), (select count(*) from chunk)").fetchone() == (0, 0)


def test_long_runs_are_merged_piece_by_piece(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marks, "_PER_CHUNK", 5)
    monkeypatch.setattr(marks, "_ROWS", 2)
    expected = []
    for text in range(1, 65):
        its = sorted({text * 7919 * index % 500 for index in range(60)} | {250})
        expected += [(mark, text) for mark in its]
        marks.add(connection, [its], [text])
    assert connection.execute("select level, count(*) from run group by level").fetchall() == [(2, 1)]
    assert marks.all_of(connection) == expected
    assert next(marks.texts_of_each(connection, [250], 64)) == list(range(64, 0, -1))


def test_a_mark_that_goes_on_in_the_next_row_is_found_there_after_its_neighbour_too(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marks, "_PER_CHUNK", 4)
    marks.add(connection, [[10, 20, 30], [30], [30]], [1, 2, 3])  # rows: 10 20 30 30, 30
    assert list(marks.texts_of_each(connection, [20, 30], 64)) == [[1], [3, 2, 1]]
    assert list(marks.texts_of_each(connection, [20, 30], 2)) == [[1], [3, 2]]
