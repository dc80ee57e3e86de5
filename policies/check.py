"""Whether a bundle may be used: tried in a process of its own, which is killed when it takes too long.

The engine cannot be interrupted, so a rule that does not end must never be met first by a worker that serves calls.
The child (`policies.trial`) compiles, looks for banned functions and decides the samples, each under a limit of
processor time that the kernel enforces; this side only reads how far it came.
"""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from policies.bundle import Bundle
from policies.errors import BundleInvalid

DECISION_CPU_MS: Final = 250
"""Processor time one decision may take before the bundle is refused; the supervisor's stall limit is the same."""
TRIAL_WALL_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a bundle is refused, and where. `line` 0: the file as a whole; `file` "": the bundle as a whole."""

    message: str
    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.file and self.line else f"{self.file}: " if self.file else ""
        return place + self.message


def check(bundle: Bundle, *, decision_cpu_ms: int = DECISION_CPU_MS) -> list[Problem]:
    """The bundle's problems, none when it may be used. Never raises for a bad bundle."""
    request = {
        "limit_ms": decision_cpu_ms,
        "files": {name: base64.b64encode(content).decode() for name, content in bundle.files.items()},
    }
    reports, ended = _trial(orjson.dumps(request))
    problems = [Problem(r["message"], r.get("file", ""), r.get("line", 0)) for r in reports if r["kind"] == "problem"]
    if ended:
        stage = next((r["stage"] for r in reversed(reports) if r["kind"] == "stage"), "start")
        problems.append(_death(stage, ended, decision_cpu_ms))
    return problems


def require(bundle: Bundle) -> Bundle:
    """The bundle itself if nothing is wrong with it, else BundleInvalid with the first problem."""
    if problems := check(bundle):
        first = problems[0]
        raise BundleInvalid(first.message, file=first.file, line=first.line)
    return bundle


def _trial(request: bytes) -> tuple[list[dict[str, Any]], str]:
    """The child's reports, and how it ended ("" when it came to its own end)."""
    root = str(Path(__file__).resolve().parents[1])
    environment = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": root, "LC_ALL": "C.UTF-8"}
    command = [sys.executable, "-m", "policies.trial"]
    try:
        done = subprocess.run(
            command, input=request, capture_output=True, timeout=TRIAL_WALL_S, env=environment, check=False
        )
    except subprocess.TimeoutExpired as error:
        return list(_reports(error.stdout or b"")), "timeout"
    reports = list(_reports(done.stdout))
    finished = done.returncode == 0 and any(report["kind"] == "end" for report in reports)
    return reports, "" if finished else f"status {done.returncode}"


def _reports(output: bytes) -> Iterator[dict[str, Any]]:
    for line in output.splitlines():
        try:
            yield orjson.loads(line)
        except orjson.JSONDecodeError:
            return  # the line that the child was killed in


def _death(stage: str, ended: str, limit_ms: int) -> Problem:
    if stage.startswith("sample") and ended != "timeout":
        return Problem(f"a decision ({stage}) was stopped after {limit_ms} ms of processor time, or broke the engine")
    return Problem(
        f"the trial did not come to its end ({stage}: {ended}); the bundle is too costly or breaks the engine"
    )
