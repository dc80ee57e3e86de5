"""Work on large bodies, in a thread of its own: the event loop keeps turning for everybody else's calls.

A large body costs tens of milliseconds of parsing or redaction. On the event loop that would stall all calls of the
worker (and past `timeouts.stall` the supervisor would replace it); in this one thread it only waits for other large ones.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

LARGE = 131_072
"""Bytes from which on a body is large."""


class HeavyWork:
    """One thread. Nothing that belongs to the event loop's thread (engines, scanners) may be used in it."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="heavy")

    async def run(self, size: int, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """`function(...)`, here and now if it works on few bytes (`size`), else in the thread."""
        if size < LARGE:
            return function(*arguments, **named)
        work: Callable[[], Any] = partial(function, *arguments, **named)
        result: T = await asyncio.get_running_loop().run_in_executor(self._pool, work)
        return result

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
