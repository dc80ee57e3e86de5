"""What is settled is recorded once for each flow, whatever becomes of the flows beside it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from audit.errors import LogUnavailable
from audit.record import LeafDraft
from gateway.settling import settler as settler_module
from gateway.settling.settler import BATCH, Settler, Waiting


class Log:
    """Keeps what is appended to it, unless it is gone."""

    def __init__(self, *, gone: bool = False) -> None:
        self.gone = gone
        self.lost = asyncio.Event()
        self.flows: list[str] = []

    async def append(self, draft: LeafDraft) -> None:
        if self.gone:
            self.lost.set()
            raise LogUnavailable("the log writer is gone")
        self.flows += draft.flows


def known(flow: str, log: Log) -> Waiting:
    """A flow whose settlement is known."""
    waits: Any = log
    return Waiting(None, waits, 0, {"flow": flow, "pub": {}, "meter": {}, "digest": {}})


def never() -> Any:
    raise AssertionError("nothing is to be analysed")


async def test_a_flow_beside_one_whose_log_is_gone_is_recorded_once() -> None:
    here, gone = Log(), Log(gone=True)
    settler = Settler(never)
    for waiting in (known("a", here), known("b", gone), known("c", here)):
        settler._put(waiting)
    settler.start()
    await settler.close()
    assert here.flows == ["a", "c"]


@pytest.fixture
async def resting(monkeypatch: pytest.MonkeyPatch) -> tuple[Settler, Log]:
    """A settler in its pause, one that would last an hour, and the log of its first flow."""
    monkeypatch.setattr(settler_module, "PAUSE_SECONDS", 3600.0)
    settler, log = Settler(never), Log()
    settler.start()
    settler._put(known("first", log))
    while not log.flows:
        await asyncio.sleep(0)
    return settler, log


async def test_what_comes_in_the_pause_is_recorded_before_the_end(resting: tuple[Settler, Log]) -> None:
    settler, log = resting
    settler._put(known("second", log))
    await settler.close()
    assert log.flows == ["first", "second"]


async def test_a_whole_batch_does_not_wait_for_the_pause_to_end(resting: tuple[Settler, Log]) -> None:
    settler, log = resting
    for number in range(BATCH - 1):
        settler._put(known(str(number), log))
    for _ in range(20):
        await asyncio.sleep(0)
    assert log.flows == ["first"]
    settler._put(known("the last of a batch", log))
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(log.flows) == 1 + BATCH
    await settler.close()


async def test_a_flow_that_cannot_be_settled_takes_no_other_with_it() -> None:
    class Choosy(Log):
        async def append(self, draft: LeafDraft) -> None:
            if "bad" in draft.flows:
                raise RuntimeError("no")
            await super().append(draft)

    log = Choosy()
    settler = Settler(never)
    for flow in ("a", "bad", "b"):
        settler._put(known(flow, log))
    settler.start()
    await settler.close()
    assert log.flows == ["a", "b"]


async def test_a_batch_holds_so_many_bytes_and_a_large_flow_goes_alone() -> None:
    class Counting(Log):
        async def append(self, draft: LeafDraft) -> None:
            self.batches = [*getattr(self, "batches", []), list(draft.flows)]

    log = Counting()
    settler = Settler(never)
    for flow, size in (("a", 5_000_000), ("b", 5_000_000), ("c", 9_000_000), ("d", 1), ("e", 1)):
        waiting = known(flow, log)
        waiting.size = size
        settler._bytes += size
        settler._put(waiting)
    settler.start()
    await settler.close()
    assert log.batches == [["a"], ["b"], ["c"], ["d", "e"]]
    assert settler._bytes == 0
