"""An extractor: reads the text of files, each in a sandbox of its own. Two threads and no secrets: it forks cleanly."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gateway.configuration.effective import Effective
from gateway.extraction import ocr
from gateway.extraction.extract import Reading, extract, warm
from gateway.extraction.sandbox import Allowance, Failed
from gateway.inspection.service import serve
from gateway.processes import child
from gateway.settings import Settings
from gateway.telemetry import logs

_log = logging.getLogger(__name__)


def main(effective: Path, index: int) -> None:
    """Runs until SIGTERM."""
    logs.configure(f"extractor-{index}")
    settings = Effective.read(effective).settings
    if settings.inspection.ocr and not ocr.available():
        _log.warning(ocr.MISSING)
    socket = settings.run_path / f"extractor-{index}.sock"
    build = lambda: methods(reading_of(settings))  # noqa: E731
    asyncio.run(child.beating(serve(socket, build, child.say_ready, dies_when_stuck=True)))


def reading_of(settings: Settings) -> Reading:
    """How files are read under a configuration."""
    options = settings.inspection
    allowance = Allowance(options.file_memory_bytes, max(1, round(options.file_seconds)), options.file_seconds)
    return Reading(allowance=allowance, ocr=options.ocr)


def methods(reading: Reading) -> Mapping[str, Callable[[Any], Any]]:
    """What an extractor can be asked."""
    warm()

    def run(payload: dict[str, Any]) -> dict[str, Any]:
        try:
            found = extract(payload["data"], payload["name"], payload["media_type"], reading)
        except Failed as problem:
            _log.warning("a file could not be read: its process %s", problem)
            return {"failed": f"its process {problem}"}
        return {"type": found.type, "texts": found.texts, "unread": found.unread}

    return {"extract": run}
