"""Memory moves into large pages where the kernel can do that, holds what it held, and what is not in use stays untouched."""

from __future__ import annotations

import ctypes
import mmap
import re
from pathlib import Path

import pytest

from gateway.processes import large_pages
from gateway.processes.large_pages import LARGE, into_large_pages


def of_address(address: int, what: str) -> int:
    """A figure (KiB) of the mapping that holds an address, as the kernel tells it."""
    inside = False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if found := re.match(r"([0-9a-f]+)-([0-9a-f]+) ", line):
            inside = int(found[1], 16) <= address < int(found[2], 16)
        elif inside and line.startswith(f"{what}:"):
            return int(line.split()[1])
    raise AssertionError("no such mapping")


@pytest.fixture
def memory():
    """Four large pages of memory, and where the second one begins."""
    with mmap.mmap(-1, 4 * LARGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as made:
        begin = ctypes.addressof(ctypes.c_char.from_buffer(made))
        yield made, -(-begin // LARGE) * LARGE + LARGE


def test_what_is_in_use_moves_and_holds_what_it_held(memory):
    made, begin = memory
    for at in range(0, len(made), 4096):
        made[at : at + 4] = (at // 4096).to_bytes(4, "big")
    before = of_address(begin, "AnonHugePages")
    moved = into_large_pages()
    if not moved:
        pytest.skip("this kernel has no large pages to give")
    assert of_address(begin, "AnonHugePages") >= before + LARGE // 1024
    assert all(made[at : at + 4] == (at // 4096).to_bytes(4, "big") for at in range(0, len(made), 4096))


def test_what_is_hardly_used_stays_as_small_as_it_was(memory):
    made, begin = memory
    made[: 64 * 4096] = bytes(64 * 4096)
    before = of_address(begin, "Rss")
    into_large_pages()
    assert of_address(begin, "Rss") == before


def test_who_has_switched_large_pages_off_gets_none(monkeypatch, tmp_path):
    switch = tmp_path / "enabled"
    switch.write_text("always madvise [never]\n")
    monkeypatch.setattr(large_pages, "_SWITCH", switch)
    monkeypatch.setattr(large_pages, "_ranges", lambda: pytest.fail("looked for memory"))
    assert into_large_pages() == 0


def test_where_the_kernel_does_not_tell_nothing_happens(monkeypatch, tmp_path):
    monkeypatch.setattr(large_pages, "_SWITCH", tmp_path / "missing")
    assert into_large_pages() == 0


def test_what_was_freed_is_given_back(monkeypatch, tmp_path):
    if not hasattr(ctypes.CDLL(None), "malloc_trim"):
        pytest.skip("this C library gives back by itself")
    monkeypatch.setattr(large_pages, "_SWITCH", tmp_path / "missing")
    blocks = [b"x" * 100_000 for _ in range(320)]
    kept = blocks[::32]  # the freed ones lie between them
    del blocks

    before = resident()
    into_large_pages()

    assert before - resident() > 16 * 1024
    assert all(block == b"x" * 100_000 for block in kept)


def resident() -> int:
    """KiB of this process that are in memory."""
    return int(re.findall(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())[0])
