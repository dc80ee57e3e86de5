"""The table of names: the C extension and the Python implementation leave the same bytes and read the same flows."""

from __future__ import annotations

import mmap
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.lineage import cells as python

native = pytest.importorskip("gateway.lineage._lineage", reason="the C extension was not built")
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


WRITER = """
import mmap, random, sys
from gateway.lineage import _lineage
chance = random.Random(int(sys.argv[2]))
with open(sys.argv[1], "r+b") as file:
    cells = mmap.mmap(file.fileno(), 0)
for _ in range(60_000):
    name = bytes([0, 0, 0, chance.randrange(8)]) + bytes(12)
    _lineage.put(cells, [name], bytes([chance.randrange(256)]) * 12 + name[:4])
"""


def test_what_two_processes_write_at_once_reads_whole_or_as_none(tmp_path: Path) -> None:
    path = tmp_path / "cells"
    path.write_bytes(bytes(python.BUCKET))
    with path.open("r+b") as file:
        cells = mmap.mmap(file.fileno(), 0)
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, path, str(seed)]) for seed in range(2)]
    names = [bytes([0, 0, 0, number]) + bytes(12) for number in range(8)]
    read = 0
    while any(writer.poll() is None for writer in writers):
        for name in names * 50:
            flow = native.get(cells, name)
            assert flow is None or flow == flow[:1] * 12 + name[:4]
            read += flow is not None
    assert [writer.wait() for writer in writers] == [0, 0]
    assert read
    assert any(native.get(cells, name) is not None for name in names)
