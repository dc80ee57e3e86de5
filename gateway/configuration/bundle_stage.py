"""Staging a policy bundle: read once, checked in a process of its own, then kept as an immutable folder by its digest.

Workers load the staged copy, so what they decide by is what was checked, whatever happens to the source meanwhile.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from gateway.configuration.checking import problems
from gateway.errors import ConfigurationError
from policies.bundle import load
from policies.errors import PolicyError


@dataclass(frozen=True, slots=True)
class Staged:
    """Where a checked bundle lies, and its digest."""

    path: str
    digest: str


async def stage(source: str, run_dir: Path) -> Staged:
    """Copies and checks a bundle. Raises ConfigurationError with the checker's words; nothing changes then."""
    try:
        bundle = load(source)
    except PolicyError as error:
        raise ConfigurationError(f"policies.bundle {source}: {error}") from error
    if source.startswith("builtin:"):
        return Staged(source, bundle.digest)
    folder = run_dir / "bundles" / bundle.digest.removeprefix("sha256:")
    if not folder.exists():
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=folder.parent))
        for name, content in bundle.files.items():
            target = draft / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        if said := await problems("policy", "check", str(draft)):
            shutil.rmtree(draft)
            raise ConfigurationError(f"policies.bundle {source}: {said}")
        draft.replace(folder)
    return Staged(str(folder), bundle.digest)


def signature(source: str) -> tuple[tuple[str, int, int, int], ...]:
    """Changes whenever the bundle's files do: (name, inode, size, mtime) of each. () for built-in bundles."""
    if source.startswith("builtin:"):
        return ()
    root = Path(source)
    try:
        names = (
            [root]
            if root.is_file()
            else sorted(Path(base) / name for base, _, files in os.walk(root) for name in files)
        )
        return tuple((str(name), (stat := name.stat()).st_ino, stat.st_size, stat.st_mtime_ns) for name in names)
    except OSError:
        return (("unreadable", 0, 0, 0),)
