"""Settings of the whole suite. Fixtures live beside the tests that use them."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests import kept_patterns

# Two shared cores make single examples slow now and then: the suite proves behaviour, never wall-clock time.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("soak", parent=settings.get_profile("default"), max_examples=5_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

LONG = ("e2e", "audit", "gateway/redaction", "gateway/inspection", "gateway/control", "watermark", "gateway/protocols")
"""Folders whose files take longest, in this order. They are begun first: one left for the end keeps one process busy alone."""


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # the process whose environment the others are given
        os.environ[kept_patterns.FOLDER] = tempfile.mkdtemp(prefix="lexgate-patterns-")
    kept_patterns.share()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ.pop(kept_patterns.FOLDER, ""), ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _turn(item.path))


def _turn(file: Path) -> int:
    within = file.relative_to(Path(__file__).parent).as_posix()
    return next((turn for turn, folder in enumerate(LONG) if within.startswith(folder + "/")), len(LONG))
