"""Kept databases: damaged ones are compiled again, and whoever writes one writes it whole."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import hyperscan
import pytest

from gateway.inspection import databases as module
from gateway.inspection.databases import _keep, databases, forget

EXPRESSIONS = [rf"word{number}[0-9]{{3}}" for number in range(4)]


def found(made: list[Any]) -> list[int]:
    hits: list[int] = []
    for database in made:
        database.scan(b"a word2123 and word3999", match_event_handler=lambda number, *_: hits.append(number))
    return hits


def test_a_damaged_one_is_compiled_and_kept_again(tmp_path: Path) -> None:
    databases(hyperscan, EXPRESSIONS, tmp_path)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    middle = len(whole) // 2
    flipped = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
    for damaged in (b"", whole[:3], whole[:middle], bytes(len(whole)), flipped, b"\0" + whole[1:]):
        file.write_bytes(damaged)
        assert found(databases(hyperscan, EXPRESSIONS, tmp_path)) == [2, 3]
        assert file.read_bytes() == whole
    assert list(tmp_path.iterdir()) == [file]


def test_two_threads_that_keep_the_same_do_not_write_into_one_another(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A first start compiles in two threads of one process."""
    made = databases(hyperscan, EXPRESSIONS)[0]
    file = tmp_path / "patterns-x.hsdb"

    def keep() -> None:
        for _ in range(200):
            _keep(hyperscan, made, file)

    threads = [threading.Thread(target=keep) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "could not be kept" not in caplog.text
    assert file.read_bytes() == hyperscan.dumpb(made)
    assert list(tmp_path.iterdir()) == [file]


def test_where_there_is_no_room_nothing_is_kept_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(file: Path, content: bytes) -> int:
        with file.open("wb") as opened:
            opened.write(content[: len(content) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", half)
    assert found(databases(hyperscan, EXPRESSIONS, tmp_path)) == [2, 3]
    assert list(tmp_path.iterdir()) == []


def test_what_no_start_has_used_is_forgotten(tmp_path: Path) -> None:
    databases(hyperscan, EXPRESSIONS, tmp_path)
    databases(hyperscan, EXPRESSIONS[:2], tmp_path)
    (tmp_path / "patterns-x.12-34").write_bytes(b"half, of one that was killed")
    (tmp_path / "inspector-0.sock").touch()
    for file in tmp_path.iterdir():
        os.utime(file, (1_000, 1_000))
    databases(hyperscan, EXPRESSIONS, tmp_path)
    forget(tmp_path, since=2_000)
    assert sorted(file.suffix for file in tmp_path.iterdir()) == [".hsdb", ".sock"]
    assert found(databases(hyperscan, EXPRESSIONS, tmp_path)) == [2, 3]


def test_how_it_was_compiled_is_part_of_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    databases(hyperscan, EXPRESSIONS, tmp_path)
    monkeypatch.setattr(module, "_options", lambda given: (given.HS_MODE_BLOCK, given.HS_FLAG_SOM_LEFTMOST))
    databases(hyperscan, EXPRESSIONS, tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
