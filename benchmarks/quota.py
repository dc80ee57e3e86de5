"""A share of one core for a process of its own: cgroups with a quota of CPU, where we may make them.

So the work of many cores can be seen on few: who is limited to a fifth of a core is the one that limits, and twice as
many of them must do twice the work, unless something else stands in their way.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

PERIOD_US = 20_000
ROOT = Path("/sys/fs/cgroup")
REMOVE_SECONDS = 5.0


class CannotLimit(Exception):
    """No cgroup with a CPU quota can be made here; the text says why."""


@dataclass(slots=True)
class Quotas:
    """Groups that are removed at the end, whatever happened; what still runs in them goes to the group above."""

    parent: Path
    current: bool
    """Of cgroup version 2."""
    groups: list[Path] = field(default_factory=list)

    @classmethod
    def found(cls, root: Path = ROOT) -> Self:
        """Raises CannotLimit."""
        first = root / "cpu"
        try:
            if (first / "cpu.cfs_quota_us").exists():
                found = cls(first, current=False)
            elif "cpu" in (root / "cgroup.controllers").read_text().split():
                (root / "cgroup.subtree_control").write_text("+cpu")
                found = cls(root, current=True)
            else:
                raise CannotLimit(f"{root}: no cpu controller")
            found.remove(found.add("probe", 0.5))
        except OSError as problem:
            raise CannotLimit(f"{problem.filename or root}: {problem.strerror}") from problem
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for group in list(self.groups):
            self.remove(group)

    def add(self, name: str, share: float) -> Path:
        """A group that may use `share` of one core. Raises OSError."""
        group = self.parent / f"lexgate-benchmark-{os.getpid()}-{name}"
        group.mkdir()
        self.groups.append(group)
        for file, value in _limits(share, current=self.current).items():
            (group / file).write_text(value)
        return group

    def remove(self, group: Path) -> None:
        """Empties and removes it."""
        self.groups.remove(group)
        ends = time.monotonic() + REMOVE_SECONDS
        while True:
            for pid in (group / "cgroup.procs").read_text().split():
                with contextlib.suppress(OSError):  # it has ended
                    (self.parent / "cgroup.procs").write_text(pid)
            try:
                group.rmdir()
            except OSError:  # one that is ending counts for a moment
                if time.monotonic() > ends:
                    raise
                time.sleep(0.05)
            else:
                return


def put(group: Path, pid: int) -> None:
    """Moves a process with all its threads there."""
    (group / "cgroup.procs").write_text(str(pid))


def _limits(share: float, *, current: bool) -> Mapping[str, str]:
    quota = round(share * PERIOD_US)
    if current:
        return {"cpu.max": f"{quota} {PERIOD_US}"}
    return {"cpu.cfs_period_us": str(PERIOD_US), "cpu.cfs_quota_us": str(quota)}
