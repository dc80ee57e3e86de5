"""Work beside the event loop: large pieces go to one thread, small ones do not, and nothing is touched while it runs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.commands.key import new_key
from gateway.flow import Span
from gateway.heavy_work import LARGE, HeavyWork
from gateway.inspection.guard import GuardScanner
from tests.gateway.test_closed import ask, data_plane
from tests.providers.canned import CannedProvider

HERE = threading.get_ident


@pytest.fixture
def heavy() -> Iterator[HeavyWork]:
    work = HeavyWork()
    yield work
    work.close()


async def test_small_work_is_done_here_and_large_work_there(heavy: HeavyWork) -> None:
    assert await heavy.run(LARGE - 1, HERE) == HERE()
    assert await heavy.run(LARGE, HERE) != HERE()


async def test_what_fails_there_fails_here(heavy: HeavyWork) -> None:
    with pytest.raises(ZeroDivisionError):
        await heavy.run(LARGE, lambda: 1 // 0)


async def test_a_cancelled_call_ends_only_when_its_work_has(heavy: HeavyWork) -> None:
    begun, gate, ended = threading.Event(), threading.Event(), []

    def work() -> None:
        begun.set()
        gate.wait(10)
        ended.append(True)

    task = asyncio.create_task(heavy.run(LARGE, work))
    await asyncio.to_thread(begun.wait, 10)
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    gate.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == [True]


async def test_work_that_has_not_begun_is_cancelled_at_once(heavy: HeavyWork) -> None:
    gate, ran = threading.Event(), []
    first = asyncio.create_task(heavy.run(LARGE, gate.wait, 10))
    second = asyncio.create_task(heavy.run(LARGE, ran.append, True))
    await asyncio.sleep(0)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    gate.set()
    assert await first
    assert ran == []


class WitnessedGuard(GuardScanner):
    """A guard that notes in which threads it is asked. It is asked for each text: no automaton says no before it."""

    automaton: Any = None

    def __init__(self) -> None:
        super().__init__()
        self.threads: set[int] = set()

    def find(self, text: str, context: str = "") -> list[Span]:
        self.threads.add(HERE())
        return super().find(text, context)


def test_a_guard_finds_the_same_in_every_thread() -> None:
    guard, found = GuardScanner(), []
    text = "key ghp_16C7e42F292c6912E7710c838347Ae178B4a"
    threads = [threading.Thread(target=lambda: found.append(guard.find(text))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [guard.find(text)] * 3


@pytest.mark.parametrize("stream", [False, True])
async def test_a_large_answer_is_guarded_beside_the_loop(tmp_path: Path, stream: bool) -> None:
    key, key_hash = new_key("caller")
    async with CannedProvider() as provider, data_plane(tmp_path, provider.url, key_hash) as plane:
        guard = WitnessedGuard()
        plane._services = replace(whole := plane.services(), guard=guard)
        answer: Any = await ask(plane, key, stream=False, text="some 1234 words " * 2_000)
        assert answer.status_code == 200
        assert HERE() not in guard.threads
        assert guard.threads
        guard.threads.clear()
        await ask(plane, key, stream=stream, text="few words")
        assert guard.threads == {HERE()}
        plane._services = whole
