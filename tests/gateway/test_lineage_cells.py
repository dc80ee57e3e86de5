"""The table of names: the C extension and the Python implementation leave the same bytes and read the same flows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import lineage_cells as python

native = pytest.importorskip("gateway._lineage", reason="the C extension was not built")
BOTH = [native, python]
BUCKETS = 3

names = st.builds(
    lambda first, rest: first.to_bytes(4, "big") + bytes([rest]) * 12, st.integers(0, 5), st.integers(0, 9)
)
flows = st.integers(0, 20).map(lambda number: number.to_bytes(16, "big"))
puts = st.lists(st.tuples(st.lists(names, max_size=4), flows), max_size=30)


@given(puts, st.lists(names, max_size=8))
def test_both_leave_the_same_bytes_and_read_the_same(put: list[tuple[list[bytes], bytes]], asked: list[bytes]) -> None:
    mine, its = bytearray(python.BUCKET * BUCKETS), bytearray(python.BUCKET * BUCKETS)
    for some, flow in put:
        native.put(mine, some, flow)
        python.put(its, some, flow)
    assert mine == its
    assert [native.get(mine, name) for name in asked] == [python.get(its, name) for name in asked]


@given(st.binary(min_size=python.BUCKET * BUCKETS, max_size=python.BUCKET * BUCKETS), names, flows)
def test_both_read_the_same_of_any_bytes(cells: bytes, name: bytes, flow: bytes) -> None:
    mine, its = bytearray(cells), bytearray(cells)
    assert native.get(mine, name) == python.get(its, name)
    native.put(mine, [name], flow)
    python.put(its, [name], flow)
    assert mine == its


@pytest.mark.parametrize("side", BOTH)
def test_a_torn_entry_reads_as_none(side) -> None:
    cells = bytearray(python.BUCKET)
    side.put(cells, [bytes(16)], b"f" * 16)
    assert side.get(cells, bytes(16)) == b"f" * 16
    cells[20] ^= 1
    assert side.get(cells, bytes(16)) is None


@pytest.mark.parametrize("side", BOTH)
@pytest.mark.parametrize(
    ("size", "name", "flow"),
    [(160, b"short", bytes(16)), (160, bytes(16), b"short"), (150, bytes(16), bytes(16)), (0, bytes(16), bytes(16))],
)
def test_other_sizes_are_errors(side, size: int, name: bytes, flow: bytes) -> None:
    with pytest.raises(ValueError):
        side.put(bytearray(size), [name], flow)
