"""Groups with a share of a core: made where they can be, and always removed."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks import tree
from benchmarks.quota import CannotLimit, Quotas, put


def test_where_no_group_can_be_made_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(CannotLimit, match=str(tmp_path)):
        Quotas.found(tmp_path)
    (tmp_path / "cgroup.controllers").write_text("memory io\n")
    with pytest.raises(CannotLimit, match="no cpu controller"):
        Quotas.found(tmp_path)


def test_a_process_in_a_group_gets_its_share_and_the_group_goes_after_a_failure() -> None:
    try:
        quotas = Quotas.found()
    except CannotLimit as problem:
        pytest.skip(str(problem))
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as busy:
        try:
            with contextlib.suppress(ZeroDivisionError), quotas:
                group = quotas.add("test", 0.1)
                put(group, busy.pid)
                before, begun = tree.process_seconds(busy.pid), time.monotonic()
                time.sleep(1.0)
                share = (tree.process_seconds(busy.pid) - before) / (time.monotonic() - begun)
                assert share < 0.2
                _ = 1 / 0
            assert not group.exists()
            assert busy.poll() is None
        finally:
            busy.kill()
    assert not [name for name in os.listdir(quotas.parent) if name.startswith(f"lexgate-benchmark-{os.getpid()}-")]
