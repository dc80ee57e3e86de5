"""Work on large bodies and answers, in a thread of its own: the event loop keeps turning for everybody else's calls.

A large body costs tens of milliseconds of parsing or redaction. On the event loop that would stall all calls of the
worker (and past `timeouts.stall` the supervisor would replace it); in this one thread it only waits for other large ones.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

LARGE = 131_072
"""Bytes from which on a body is large."""


ANSWER_WEIGHT = 8
"""How many bytes of a request a byte of an answer weighs: the guard's patterns read it, half a millisecond a KB at worst."""


class HeavyWork:
    """One thread. Nothing that belongs to the event loop's thread alone (engines) may be used in it."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="heavy")

    async def run(self, size: int, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """`function(...)`, here and now if it works on few bytes (`size`), else in the thread.

        A cancelled call that has begun is waited for: nobody may touch what the thread works on.
        """
        if size < LARGE:
            return function(*arguments, **named)
        work: Callable[[], Any] = partial(function, *arguments, **named)
        submitted = self._pool.submit(work)
        running = asyncio.wrap_future(submitted)
        try:
            result: T = await asyncio.shield(running)
        except asyncio.CancelledError:
            while not (submitted.cancel() or submitted.done()):
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait([running])
            raise
        return result

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
