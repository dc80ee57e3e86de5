"""Staging an organisation's own detectors: copied under their digest, then checked in a process of its own.

Data workers name the version with each call, and inspectors load exactly that one: a call is never inspected by half of a
change, none is dropped, and what was cached under another version is not believed.
"""

from __future__ import annotations

import asyncio
import shutil
import sys

from gateway.errors import ConfigurationError
from gateway.inspection.own.folder import Sources, stage
from gateway.inspection.own.version import Own
from gateway.settings import Settings

CHECK_SECONDS = 60.0


def sources_of(settings: Settings) -> Sources:
    """Where the organisation keeps its own detectors."""
    options = settings.inspection
    return Sources(options.recognizers, options.dictionaries, settings.registered_path)


async def stage_own(settings: Settings) -> Own:
    """Stages and checks them. Raises ConfigurationError; nothing changes then."""
    own, folder = stage(sources_of(settings), settings.run_path)
    if folder is None or (folder / ".checked").exists():
        return own
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", "process-check-own", str(folder),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        output, _ = await asyncio.wait_for(process.communicate(), CHECK_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
        output = b"the check of own recognisers did not end in time"
    if process.returncode != 0:
        shutil.rmtree(folder)
        raise ConfigurationError(output.decode("utf-8", "replace").strip() or "own recognisers cannot be used")
    (folder / ".checked").touch()
    return own
