"""Hostile texts are inspected or refused within the deadline; the inspector lives on and keeps its memory."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio

from gateway.errors import Unavailable
from gateway.inspection.client import InspectorPool
from gateway.inspection.engine import Engine
from tests.gateway.inspection.hostile.texts import SIZE, against_patterns, example, general

SERVE = """
import asyncio, sys
from pathlib import Path
from typing import Any
from gateway.inspection.service import serve
from gateway.processes.inspector import methods

asyncio.run(serve(Path(sys.argv[1]), lambda: methods(names=False), dies_when_stuck=True))
"""
DEADLINE = 2.0
MOST_MEMORY = 1_200_000_000
SOME = ("one token", "brackets", "Base64 of Base64", "digits apart", "mails", "combining", "spelled", "zero width")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def inspector(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[InspectorPool, psutil.Process]]:
    socket: Path = tmp_path_factory.mktemp("inspector") / "i.sock"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", SERVE, str(socket))
    pool = InspectorPool([socket])
    await pool.start()
    while not pool.connected:
        assert process.returncode is None
        await asyncio.sleep(0.05)
    yield pool, psutil.Process(process.pid)
    await pool.close()
    process.terminate()
    await process.wait()


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", SOME)
async def test_two_megabytes_are_inspected_or_refused(
    inspector: tuple[InspectorPool, psutil.Process], name: str
) -> None:
    pool, process = inspector
    with contextlib.suppress(Unavailable):  # refused: the deadline has passed
        answer = await pool.call("inspect", {"texts": [general()[name]]}, DEADLINE)
        assert isinstance(answer["spans"][0], list)
    assert process.memory_info().rss < MOST_MEMORY
    small = await _answered(pool)
    assert [row[2] for row in small["spans"][0]] == ["EMAIL"]


async def _answered(pool: InspectorPool) -> Any:
    """A small text's answer, once the inspector is through with what nobody waits for any more."""
    for _ in range(60):
        with contextlib.suppress(Unavailable):
            return await pool.call("inspect", {"texts": ["mail li@example.com"]}, 30)
        await asyncio.sleep(0.5)
    raise AssertionError("the inspector does not answer")


def test_every_pattern_bears_texts_made_against_it() -> None:
    engine = Engine(names=False)
    for count, (_, text) in enumerate(against_patterns(4_096)):
        if count % 9 == 0:
            engine.inspect(text)
    assert count > 500


@pytest.mark.soak
def test_every_pattern_bears_two_megabytes_of_each_text_made_against_it() -> None:
    engine = Engine(names=False)
    for name, text in [*general().items(), *against_patterns(SIZE)]:
        for steps, _ in enumerate(engine.seen([text])):
            assert steps < 100_000, name


def test_examples_are_matched_by_what_they_are_made_from() -> None:
    import re

    for expression in (r"\b[A-Z]{2}\d{2,4}(?:x|yz)+", r"(?P<value>[^,]{3,9}),", r"\d{1,3}\.\d+"):
        assert re.match(expression, example(expression))
