"""Blocking work beside the event loop: a thread pool that refuses rather than queues without end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from gateway.errors import Unavailable

T = TypeVar("T")


class Threads:
    """`threads` calls at work and `waiting` in line; one more is refused at once.

    A call that passes its deadline is refused too, but keeps its place until its thread is free again: what cannot be
    interrupted must not be piled up.
    """

    def __init__(self, name: str, threads: int, waiting: int) -> None:
        self.name = name
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=f"lexgate-{name}")
        self._places = threads + waiting
        self._taken = 0

    async def run(self, deadline_s: float, function: Callable[..., T], *arguments: object) -> T:
        """The function's result or error. Raises Unavailable when all places are taken or the deadline has passed."""
        if self._taken >= self._places:
            raise Unavailable(f"too many requests wait for {self.name}", retry_after=1)
        future = asyncio.get_running_loop().run_in_executor(self._executor, function, *arguments)
        self._taken += 1
        future.add_done_callback(self._leave)
        done, _ = await asyncio.wait({future}, timeout=deadline_s)
        if not done:
            raise Unavailable(f"{self.name} did not answer within {deadline_s:g} s", retry_after=5)
        return future.result()

    def close(self) -> None:
        """Take no more work. Running calls end by themselves; waiting ones are dropped."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _leave(self, future: asyncio.Future[T]) -> None:
        self._taken -= 1
        if not future.cancelled():
            future.exception()  # fetched, so that an error after the deadline is not reported as forgotten
