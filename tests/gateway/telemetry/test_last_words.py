"""An exception that nobody caught is one line of JSON: kind and place, and of our own what an operator can do."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SECRET = "SECRET-CONTENT-4711"
FULL = """
import sqlite3
c = sqlite3.connect(":memory:")
c.execute("pragma max_page_count = 2")
c.execute("create table a (b)")
try:
    c.execute("insert into a values (zeroblob(100000))")
except sqlite3.Error as error:
    raise RuntimeError from error
"""


def said(program: str) -> tuple[int, dict[str, object]]:
    """The exit code, and the only line on standard error."""
    setup = "from gateway.telemetry import logs; logs.configure('log-writer')\n"
    done = subprocess.run(
        [sys.executable, "-c", setup + program], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert SECRET not in done.stderr
    (line,) = done.stderr.splitlines()
    return done.returncode, json.loads(line)


def test_an_error_about_the_installation_is_said_in_its_own_words() -> None:
    code, line = said("from audit.errors import LogForked\nraise LogForked('the store is an older copy')")
    assert code == 1
    assert (line["level"], line["process"], line["error"]) == ("error", "log-writer", "LogForked")
    assert line["problem"] == "the store is an older copy"


@pytest.mark.parametrize(
    "program",
    [
        f"raise ValueError({SECRET!r})",
        f"raise RuntimeError from ValueError({SECRET!r})",
        f"import threading\ndef f(): raise OSError({SECRET!r})\nt = threading.Thread(target=f); t.start(); t.join()",
        f"class A:\n def __del__(self): raise OSError({SECRET!r})\na = A()\ndel a",
    ],
)
def test_of_any_other_kind_and_place_are_said(program: str) -> None:
    _, line = said(program)
    assert line["event"] == "an error that nobody caught"
    assert line["error"] in {"ValueError", "RuntimeError", "OSError"}
    assert "<string>:" in str(line["frames"])


@pytest.mark.parametrize(
    ("program", "cause"),
    [
        (f"raise OSError(28, {SECRET!r}, {SECRET!r})", "No space left on device"),
        (
            FULL,
            "SQLITE_FULL",
        ),
        (f"raise KeyError({SECRET!r})", ""),
    ],
)
def test_why_the_system_would_not_is_said_by_its_own_name(program: str, cause: str) -> None:
    assert said(program)[1]["cause"] == cause
