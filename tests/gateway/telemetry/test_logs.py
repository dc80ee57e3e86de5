"""Logs say what happened, at which level, as JSON; nothing that a call carries can get into them."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
LEVELS = frozenset({"debug", "info", "warning", "error", "critical", "exception"})
SAFE = frozenset({
    "type(error).__name__", "_frames(error)", "flow.id", "rows[0]['flow']", "len(batch)", "child.name", "provider.name", "self.name",
    "child.process.returncode", "operator.name", "access.action", "access.found", "effective.generation",
    "effective.digest", "self._settings.listen.data", "self._settings.listen.control", "where", "place",
    "error.message", "len(issued.keys)", "len(keys)", "self._issuer.issuer", "complaint",
    "kind.__name__", "frames", "cause", "problem", "type(problem).__name__", "left", "state.flow",
})  # fmt: skip
"""What may be logged: names, numbers and kinds of ours. `complaint`, `problem`: gateway/identity/key_set.py and last_words.py. A message of our own errors is a sentence that quotes no call."""
OWN_MESSAGE = frozenset({"gateway/supervisor.py", "gateway/app.py", "gateway/upstream/key_pool.py"})
"""Where `error.message` is that of a ConfigurationError or Unavailable of ours, about configuration or issued keys."""
SECRET = "SECRET-CONTENT-4711"


def calls() -> list[tuple[str, ast.Call]]:
    """Every call of a logger in the product, with its file."""
    found = []
    for package in ("gateway", "audit", "policies", "watermark"):
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEVELS:
                    of = ast.unparse(node.func.value)
                    if of in {"log", "logger", "logging"} or of.endswith((".log", ".logger")):
                        found.append((str(path.relative_to(ROOT)), node))
    return found


def test_logged_are_constant_sentences_and_known_facts() -> None:
    assert len(calls()) > 20
    for file, node in calls():
        where = f"{file}:{node.lineno}"
        event, *rest = node.args
        assert isinstance(event, ast.Constant), f"{where}: the event is not a constant"
        assert isinstance(event.value, str), where
        assert node.func.attr != "exception", f"{where}: a traceback's message may quote a call"  # type: ignore[attr-defined]
        for value in (*rest, *(keyword.value for keyword in node.keywords)):
            shown = ast.unparse(value)
            assert shown in SAFE, f"{where}: {shown} is not known to be free of content"
            assert shown != "error.message" or file in OWN_MESSAGE, where


def logged(program: str, level: str = "info") -> list[dict[str, object]]:
    setup = f"from gateway.telemetry import logs; logs.configure('worker-0', {level!r})\nimport logging, structlog\n"
    done = subprocess.run([sys.executable, "-c", setup + program], capture_output=True, text=True, check=True, cwd=ROOT)
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_each_line_is_json_with_level_time_and_process() -> None:
    lines = logged(
        "structlog.get_logger('a').warning('it happened', flow='f'); logging.getLogger('b').error('foreign')"
    )
    assert [(line["event"], line["level"], line["process"]) for line in lines] == [
        ("it happened", "warning", "worker-0"), ("foreign", "error", "worker-0"),
    ]  # fmt: skip
    assert all("timestamp" in line for line in lines)


@pytest.mark.parametrize(("level", "events"), [("debug", ["d", "i", "w"]), ("info", ["i", "w"]), ("warning", ["w"])])
def test_levels_filter(level: str, events: list[str]) -> None:
    program = "log = structlog.get_logger()\nlog.debug('d'); log.info('i'); log.warning('w')"
    assert [line["event"] for line in logged(program, level)] == events


def test_exceptions_of_libraries_lose_their_words() -> None:
    program = f"""
try:
    raise ValueError({SECRET!r})
except ValueError:
    logging.getLogger('library').exception('failed on %s', {SECRET!r})
import traceback
logging.getLogger('asyncio').error('Traceback (most recent call last): {SECRET}')
"""
    lines = logged(program)
    assert [line["event"] for line in lines] == ["ValueError in library", "exception in asyncio"]
    assert SECRET not in json.dumps(lines)
