"""Hyperscan's patterns, compiled once in a run of the tests instead of once in each module and each start of the product.

That is what a start after the first does, with the run folder's own files. The first start of each run of the tests finds none.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import Any

FOLDER = "KEPT_PATTERNS"
"""In the environment: processes of one run of the tests share it. The name is none of ours: `serve` would refuse it."""


def share() -> None:
    """Matchers without a folder of their own keep theirs in the common one."""
    from gateway.inspection import matcher

    compiled = matcher.databases

    def kept(hyperscan: Any, expressions: Any, cache: Path | None = None) -> Any:
        return compiled(hyperscan, expressions, cache or Path(os.environ[FOLDER]))

    matcher.databases = kept


def give(run: Path) -> None:
    """What is known of patterns, to a product that has not started yet."""
    run.mkdir(mode=0o700, exist_ok=True)
    _copy(Path(os.environ.get(FOLDER, "/nowhere")), run)


def take(run: Path) -> None:
    """What a product has compiled."""
    if FOLDER in os.environ:
        _copy(run, Path(os.environ[FOLDER]))


def _copy(source: Path, target: Path) -> None:
    for file in source.glob("patterns-*.hsdb"):
        if not (target / file.name).exists():
            part = target / f".{file.name}.{os.getpid()}"
            with contextlib.suppress(FileNotFoundError):  # no longer there
                shutil.copyfile(file, part)
                part.replace(target / file.name)
