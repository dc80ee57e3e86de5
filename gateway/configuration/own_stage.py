"""Staging an organisation's own detectors: copied under their digest, then checked in a process of its own.

Data workers name the version with each call, and inspectors load exactly that one: a call is never inspected by half of a
change, none is dropped, and what was cached under another version is not believed.
"""

from __future__ import annotations

import shutil

from gateway.configuration.checking import problems
from gateway.errors import ConfigurationError
from gateway.inspection.own.folder import Sources, stage
from gateway.inspection.own.version import Own
from gateway.settings import Settings


def sources_of(settings: Settings) -> Sources:
    """Where the organisation keeps its own detectors."""
    options = settings.inspection
    return Sources(options.recognizers, options.dictionaries, settings.registered_path)


async def stage_own(settings: Settings) -> Own:
    """Stages and checks them. Raises ConfigurationError; nothing changes then."""
    own, folder = stage(sources_of(settings), settings.run_path)
    if folder is None or (folder / ".checked").exists():
        return own
    if said := await problems("process-check-own", str(folder)):
        shutil.rmtree(folder)
        raise ConfigurationError(f"own recognisers: {said}")
    (folder / ".checked").touch()
    return own
