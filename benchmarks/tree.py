"""CPU time and memory of a whole process tree, from /proc: what a call costs is what all of its processes spend."""

from __future__ import annotations

import os
import time
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def members(leader: int) -> list[int]:
    """Every process of the leader's session, and every descendant of one that left it."""
    parents: dict[int, int] = {}
    inside: set[int] = set()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it ended while we looked
            continue
        parents[int(entry.name)] = int(fields[1])
        if int(fields[3]) == leader:
            inside.add(int(entry.name))
    grown = True
    while grown:
        more = {pid for pid, parent in parents.items() if parent in inside} - inside
        inside |= more
        grown = bool(more)
    return sorted(inside)


def cpu_seconds(leader: int) -> float:
    """User and system time spent so far. Scheduler statistics where the kernel has them (ns), else clock ticks."""
    return sum(process_seconds(pid) for pid in members(leader))


def seconds_by_role(leader: int) -> dict[str, float]:
    """The same by what a process is: the word behind `-m MODULE`, else its program's name. Sums over equals."""
    spent: dict[str, float] = {}
    for pid in members(leader):
        role = _role(pid)
        spent[role] = spent.get(role, 0.0) + process_seconds(pid)
    return spent


def _role(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").decode("utf-8", "replace").split("\0")
    except OSError:
        return "ended"
    if "-m" in words[:-2]:
        return words[words.index("-m") + 2]
    return Path(words[0]).name or "kernel"


def process_seconds(pid: int) -> float:
    """The same of one process; 0.0 when it has ended."""
    folder = Path(f"/proc/{pid}")
    try:
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        ticks = (int(fields[11]) + int(fields[12])) / _TICKS
        fine = sum(int((task / "schedstat").read_text().split()[0]) for task in (folder / "task").iterdir()) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0
    # Threads that ended are in the ticks only; a tick is 10 ms, so the finer figure wins unless it misses more.
    return fine if fine > ticks - 0.05 else ticks


def resident_mb(leader: int) -> float:
    """Proportional set size of the tree in MiB: shared pages are counted once."""
    total = 0
    for pid in members(leader):
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def idle_rate(leader: int, seconds: float = 1.0) -> float:
    """CPU seconds a second while nobody calls."""
    before = cpu_seconds(leader)
    time.sleep(seconds)
    return (cpu_seconds(leader) - before) / seconds


def settle(leader: int, idle: float, at_most: float = 15.0) -> float:
    """Waits until the tree spends no more than when idle, so that work after the answer is counted; returns CPU seconds."""
    deadline = time.monotonic() + at_most
    before = cpu_seconds(leader)
    while time.monotonic() < deadline:
        time.sleep(0.25)
        now = cpu_seconds(leader)
        if now - before <= idle * 0.25 * 1.5 + 0.004:
            return now
        before = now
    return before
