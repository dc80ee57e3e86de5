"""The table of names: the C extension and the Python implementation leave the same bytes and read the same flows."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.lineage import cells as python

native = pytest.importorskip("gateway.lineage._lineage", reason="the C extension was not built")
BOTH = [native, python]
BUCKETS = 3
EMPTY = bytes(python.BUCKET * BUCKETS)

names = st.builds(
    lambda first, rest: first.to_bytes(4, "big") + bytes([rest]) * 12, st.integers(0, 5), st.integers(0, 9)
)
flows = st.integers(0, 20).map(lambda number: number.to_bytes(16, "big"))
puts = st.lists(st.tuples(st.lists(names, max_size=4), flows), max_size=30)


@contextmanager
def table(cells: bytes) -> Iterator[int]:
    """A file of these bytes that only this process has."""
    file = os.memfd_create("cells")
    try:
        os.pwrite(file, cells, 0)
        yield file
    finally:
        os.close(file)


def bytes_of(file: int) -> bytes:
    return os.pread(file, os.fstat(file).st_size, 0)


@given(puts, st.lists(names, max_size=8))
def test_both_leave_the_same_bytes_and_read_the_same(put: list[tuple[list[bytes], bytes]], asked: list[bytes]) -> None:
    with table(EMPTY) as mine, table(EMPTY) as its:
        for some, flow in put:
            assert native.put(mine, BUCKETS, some, flow) == python.put(its, BUCKETS, some, flow) == len(some)
        assert bytes_of(mine) == bytes_of(its)
        read = [native.get(mine, BUCKETS, name) for name in asked]
        assert read == [python.get(its, BUCKETS, name) for name in asked]
        found = [flow for flow in read if flow is not None]
        assert native.find(mine, BUCKETS, tuple(asked)) == python.find(its, BUCKETS, tuple(asked)) == found


@given(st.binary(max_size=python.BUCKET * BUCKETS), names, flows)
def test_both_read_the_same_of_any_bytes(cells: bytes, name: bytes, flow: bytes) -> None:
    """Also of a file that was cut off, wherever."""
    with table(cells) as mine, table(cells) as its:
        assert native.get(mine, BUCKETS, name) == python.get(its, BUCKETS, name)
        native.put(mine, BUCKETS, [name], flow)
        python.put(its, BUCKETS, [name], flow)
        assert bytes_of(mine) == bytes_of(its)
        assert native.get(mine, BUCKETS, name) == python.get(its, BUCKETS, name) == flow


@pytest.mark.parametrize("side", BOTH)
def test_a_torn_entry_reads_as_none(side) -> None:
    with table(bytes(python.BUCKET)) as file:
        side.put(file, 1, [bytes(16)], b"f" * 16)
        assert side.get(file, 1, bytes(16)) == b"f" * 16
        os.pwrite(file, b"F", 20)
        assert side.get(file, 1, bytes(16)) is None


@pytest.mark.parametrize("side", BOTH)
def test_a_file_that_is_cut_off_or_gone_while_it_is_in_use_ends_nobody(side) -> None:
    name = b"\0\0\0\2" + bytes(12)
    with table(EMPTY) as file:
        side.put(file, BUCKETS, [name], b"f" * 16)
        for size in (0, 100, python.BUCKET * 2 + 17):
            os.ftruncate(file, size)
            assert side.get(file, BUCKETS, name) is None
        assert side.put(file, BUCKETS, [name], b"g" * 16) == 1
        assert side.get(file, BUCKETS, name) == b"g" * 16
    assert side.get(-1, BUCKETS, name) is None
    assert side.put(-1, BUCKETS, [name], b"g" * 16) == 0


@pytest.mark.parametrize("side", BOTH)
@pytest.mark.parametrize(
    ("buckets", "name", "flow"), [(1, b"short", bytes(16)), (1, bytes(16), b"short"), (0, bytes(16), bytes(16))]
)
def test_other_sizes_are_errors(side, buckets: int, name: bytes, flow: bytes) -> None:
    with table(EMPTY) as file, pytest.raises(ValueError):
        side.put(file, buckets, [name], flow)


WRITER = """
import os, random, sys
from gateway.lineage import _lineage
chance = random.Random(int(sys.argv[2]))
cells = os.open(sys.argv[1], os.O_RDWR)
for _ in range(60_000):
    name = bytes([0, 0, 0, chance.randrange(8)]) + bytes(12)
    _lineage.put(cells, 1, [name], bytes([chance.randrange(256)]) * 12 + name[:4])
"""


def test_what_two_processes_write_at_once_reads_whole_or_as_none(tmp_path: Path) -> None:
    path = tmp_path / "cells"
    path.write_bytes(bytes(python.BUCKET))
    cells = os.open(path, os.O_RDWR)
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, path, str(seed)]) for seed in range(2)]
    names = [bytes([0, 0, 0, number]) + bytes(12) for number in range(8)]
    read = 0
    while any(writer.poll() is None for writer in writers):
        for name in names * 50:
            flow = native.get(cells, 1, name)
            assert flow is None or flow == flow[:1] * 12 + name[:4]
            read += flow is not None
    assert [writer.wait() for writer in writers] == [0, 0]
    assert read
    assert any(native.get(cells, 1, name) is not None for name in names)
    os.close(cells)
