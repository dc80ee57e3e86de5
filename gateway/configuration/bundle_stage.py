"""Staging a policy bundle: read once, checked in a process of its own, then kept as an immutable folder by its digest.

Workers load the staged copy, so what they decide by is what was checked, whatever happens to the source meanwhile.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import ConfigurationError
from policies.bundle import load
from policies.errors import PolicyError

CHECK_SECONDS = 60.0


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
        problems = await _check(draft)
        if problems:
            shutil.rmtree(draft)
            raise ConfigurationError(f"policies.bundle {source}: {problems}")
        draft.replace(folder)
    return Staged(str(folder), bundle.digest)


async def _check(folder: Path) -> str:
    """What `lexgate policy check` says against the bundle; "" when it may be used."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", "policy", "check", str(folder),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        output, _ = await asyncio.wait_for(process.communicate(), CHECK_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
        return "the check did not end in time"
    return "" if process.returncode == 0 else output.decode("utf-8", "replace").strip() or "the check failed"


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
