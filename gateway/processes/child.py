"""What every child of the supervisor does: say when it is ready, and show that its loop is alive."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Coroutine
from typing import Any

READY_FD = "LEXGATE_READY_FD"
HEARTBEAT_FD = "LEXGATE_HEARTBEAT_FD"
HEARTBEAT_SECONDS = 0.05
PATIENT_SECONDS = 0.5
"""Between two beats of a child whose supervisor has patience for several seconds: each one wakes its process."""


def say_ready() -> None:
    """Tells the supervisor, once, that this process does its work."""
    if (fd := os.environ.pop(READY_FD, "")) != "":
        os.write(int(fd), b"1")
        os.close(int(fd))


async def beating(work: Coroutine[Any, Any, None]) -> None:
    """Runs `work`, and shows meanwhile that the event loop turns."""
    beats = asyncio.ensure_future(heartbeat(PATIENT_SECONDS))
    try:
        await work
    finally:
        beats.cancel()


async def heartbeat(seconds: float = HEARTBEAT_SECONDS) -> None:
    """Writes a byte for as long as the event loop turns; a full pipe means that nobody needs it."""
    fd = int(os.environ.pop(HEARTBEAT_FD, "-1"))
    if fd < 0:
        return
    os.set_blocking(fd, False)
    while True:
        with contextlib.suppress(BlockingIOError):  # what the supervisor has not read yet is proof enough
            os.write(fd, b".")
        await asyncio.sleep(seconds)
