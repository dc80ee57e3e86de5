"""Fixtures of the audit tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.audit.lab import Lab


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    """A running log."""
    made = Lab(tmp_path)
    made.start()
    yield made
    if made.process is not None and made.process.poll() is None:
        await asyncio.to_thread(made.stop)
