"""The library that runs the model neither keeps anything for itself nor speaks to anybody."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
PROGRAM = """
from gateway.inspection.engine import Engine
print([span.label for span in Engine(names=True).inspect("Please call Maria Schneider.")])
"""


def test_nothing_is_collected_for_its_maker(tmp_path: Path) -> None:
    """What it would send it first puts into a database in the home folder, unless it believes to run in CI."""
    quiet = {"CI", "GITHUB_ACTIONS", "TF_BUILD", "ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME", "XDG_DATA_HOME"}
    environment = {name: value for name, value in os.environ.items() if name not in quiet}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=tmp_path, env=environment | {"HOME": str(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "['PERSON']"
    assert list(tmp_path.rglob("*")) == []
