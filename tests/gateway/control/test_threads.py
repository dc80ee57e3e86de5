from __future__ import annotations

import asyncio
import threading

import pytest

from gateway.control.threads import Threads
from gateway.errors import Unavailable


async def test_results_and_errors_come_through() -> None:
    threads = Threads("test", threads=2, waiting=2)
    assert await threads.run(5, divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        await threads.run(5, divmod, 7, 0)
    with pytest.raises(TimeoutError):  # the function's own, not ours
        await threads.run(5, _raise, TimeoutError())
    threads.close()


async def test_more_than_fits_is_refused_at_once() -> None:
    threads, release = Threads("test", threads=1, waiting=2), threading.Event()
    held = [asyncio.create_task(threads.run(5, release.wait, 5)) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="too many"):
        await threads.run(5, int)
    release.set()
    assert await asyncio.gather(*held) == [True, True, True]
    assert await threads.run(5, int) == 0
    threads.close()


async def test_what_hangs_keeps_its_place() -> None:
    threads, release = Threads("test", threads=1, waiting=0), threading.Event()
    with pytest.raises(Unavailable, match="did not answer"):
        await threads.run(0.01, release.wait, 5)
    with pytest.raises(Unavailable, match="too many"):
        await threads.run(0.01, int)
    release.set()
    while True:
        try:
            assert await threads.run(5, int) == 0
            break
        except Unavailable:
            await asyncio.sleep(0.01)
    threads.close()


def _raise(error: Exception) -> None:
    raise error
