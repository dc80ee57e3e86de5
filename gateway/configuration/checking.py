"""A check in a process of its own: what is checked may take long, or end the process that reads it."""

from __future__ import annotations

import asyncio
import sys

CHECK_SECONDS = 60.0


async def problems(*command: str) -> str:
    """What a command of `lexgate` says against what it checks; "" when it ended well."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", *command,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        output, _ = await asyncio.wait_for(process.communicate(), CHECK_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
        return "the check did not end in time"
    return "" if process.returncode == 0 else output.decode("utf-8", "replace").strip() or "the check failed"
