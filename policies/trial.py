"""The child process of `policies.check`: tries one bundle and reports on stdout, one JSON object a line.

`{"kind": "stage"}` before each step, so that the parent knows where a killed trial stood; `problem` for each finding;
`end` at last. Reads `{"limit_ms", "files": {path: base64}}` from stdin.
"""

from __future__ import annotations

import base64
import resource
import signal
import sys
from collections.abc import Mapping
from typing import Any, Final

import orjson

from policies import syntax
from policies.bundle import Bundle, assemble
from policies.engine import Engine, compiled, trees
from policies.errors import BundleInvalid, PolicyFailed
from policies.samples import samples

TOTAL_CPU_S: Final = 8
MEMORY_BYTES: Final = 4 << 30


def main() -> None:
    """Runs the trial. A limit that is passed ends the process by signal."""
    request = orjson.loads(sys.stdin.buffer.read())
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (TOTAL_CPU_S, TOTAL_CPU_S))
    try:
        _report("stage", stage="compile")
        bundle = assemble("trial", {name: base64.b64decode(text) for name, text in request["files"].items()})
        _look(bundle)
        _decide(bundle, float(request["limit_ms"]) / 1000)
    except BundleInvalid as error:
        _report("problem", message=error.reason, file=error.file, line=error.line)
    _report("end")


def _look(bundle: Bundle) -> None:
    for file, line, message in syntax.banned_calls(trees(compiled(bundle, tests=True))):
        _report("problem", message=message, file=file, line=line)


def _decide(bundle: Bundle, limit_s: float) -> None:
    engine = Engine(bundle)
    for number, document in enumerate(samples()):
        _report("stage", stage=f"sample {number}")
        # SIGPROF's default action ends the process: also in the middle of native code that never returns.
        signal.setitimer(signal.ITIMER_PROF, limit_s)
        try:
            engine.decide(document)
        except PolicyFailed as error:
            _report("problem", message=f"sample {number}: {error}")
            return
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)


def _report(kind: str, **more: Any) -> None:
    report: Mapping[str, Any] = {"kind": kind, **more}
    sys.stdout.buffer.write(orjson.dumps(report) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
