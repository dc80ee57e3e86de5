"""`make bench`: what one call costs in CPU time of the whole process tree, beside bare proxies, in one interleaved run.

Every round visits every target once, so that a noisy machine troubles all of them alike; figures are medians of
rounds. Targets share one core, the canned provider and the load driver the other. Trust CPU per call and ratios;
calls per second and latency sink with whatever else the machine does.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

from benchmarks import corpus, report, targets, tree

HERE = Path(__file__).resolve().parent
GATEWAY_CORE, LOAD_CORE = 0, 1
CONNECTIONS = 16
TURNS = 20


class Bench:
    """The canned provider, the load driver, and the folder of one run."""

    def __init__(self, folder: Path, scale: float) -> None:
        self.folder = folder
        self.scale = scale
        self.build = HERE / ".build"
        self.port = targets.free_port()
        self.upstream = f"http://127.0.0.1:{self.port}"
        self._provider: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.build.mkdir(exist_ok=True)
        for name in ("provider", "load"):
            source, binary = HERE / "native" / f"{name}.c", self.build / name
            subprocess.run(["gcc", "-O2", "-Wall", "-Wextra", "-o", binary, source], check=True)
        command = ["taskset", "-c", str(LOAD_CORE), str(self.build / "provider"), "-p", str(self.port)]
        self._provider = subprocess.Popen([*command, "-n", "100", "-d", "1000", "-x", corpus.PLANTED])
        time.sleep(0.2)
        return self

    def __exit__(self, *_: object) -> None:
        if self._provider is not None:
            self._provider.terminate()
            self._provider.wait(5)

    def provider_counts(self) -> dict[str, int]:
        with urllib.request.urlopen(f"{self.upstream}/stats", timeout=10) as answer:
            counts: dict[str, int] = json.load(answer)
            return counts

    def load(
        self,
        port: int,
        bodies: Path,
        *,
        calls: int | None = None,
        seconds: float = 60.0,
        path: str = corpus.CHAT,
        connections: int = CONNECTIONS,
    ) -> dict[str, Any]:
        """One closed-loop run of the driver; its own JSON, or {"error": …}."""
        command = ["taskset", "-c", str(LOAD_CORE), str(self.build / "load"), "-p", str(port), "-b", str(bodies)]
        command += ["-c", str(connections), "-t", str(seconds), "-H", f"Authorization: Bearer {targets.CALLER_KEY}"]
        command += ["-u", path]
        if calls is not None:
            command += ["-n", str(calls)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=False)
        try:
            result: dict[str, Any] = json.loads(done.stdout)
        except ValueError:
            return {"error": (done.stderr or "the load driver said nothing").strip()[:200]}
        if done.stderr:
            result["note"] = done.stderr.strip()[:200]
        return result

    def measure(self, target: targets.Target, bodies: Path, **limits: Any) -> dict[str, Any]:
        """A load run with what it cost: CPU µs a call of the whole tree, work after the answer included."""
        seen, spent = self.provider_counts(), tree.cpu_seconds(target.pid)
        roles = tree.seconds_by_role(target.pid)
        result = self.load(target.port, bodies, **limits)
        if "error" in result:
            return result
        after = tree.settle(target.pid, target.idle)
        now = self.provider_counts()
        result["upstream_calls"] = now["requests"] - seen["requests"]
        result["planted_upstream"] = now["planted"] - seen["planted"]
        result["cpu_us"] = round((after - spent) * 1e6 / max(1, result["good"]), 1)
        by_role = tree.seconds_by_role(target.pid)
        result["cpu_us_by_role"] = {
            role: round((by_role[role] - roles.get(role, 0.0)) * 1e6 / max(1, result["good"]), 1)
            for role in sorted(by_role)
        }
        result["pss_mb"] = round(tree.resident_mb(target.pid), 1)
        return result


Scenario = Callable[[Bench, targets.Target, int], dict[str, Any]]


def cold_1k(bench: Bench, target: targets.Target, nth: int) -> dict[str, Any]:
    """Prompts nobody has seen before."""
    count = int(1500 * bench.scale)
    bodies = corpus.write(bench.folder / "cold.jsonl", corpus.prompts(f"cold-{nth}", count, 1024))
    return bench.measure(target, bodies, calls=count, seconds=6 * bench.scale)


def _warm(
    bench: Bench, target: targets.Target, name: str, bodies: list[str], seconds: float, path: str = corpus.CHAT
) -> dict[str, Any]:
    file = corpus.write(bench.folder / f"{name}.jsonl", bodies)
    bench.load(target.port, file, calls=2 * len(bodies), path=path)  # what comes for the third time is known
    return bench.measure(target, file, seconds=seconds * bench.scale, path=path)


def warm_1k(bench: Bench, target: targets.Target, _nth: int) -> dict[str, Any]:
    """64 prompts, each seen twice before."""
    return _warm(bench, target, "warm-1k", corpus.prompts("warm-1k", 64, 1024), 3)


def warm_32k(bench: Bench, target: targets.Target, _nth: int) -> dict[str, Any]:
    """16 prompts of 32 KB, each seen twice before."""
    return _warm(bench, target, "warm-32k", corpus.prompts("warm-32k", 16, 32_768), 3)


def sse_100(bench: Bench, target: targets.Target, _nth: int) -> dict[str, Any]:
    """Streams of 100 chunks, 1 ms apart; prompts seen before."""
    return _warm(bench, target, "sse", corpus.prompts("sse", 64, 1024, stream=True), 3)


def sse_words(bench: Bench, target: targets.Target, _nth: int) -> dict[str, Any]:
    """The same streams, of words as a model says them: a number of 16 digits in each tenth chunk only."""
    prompts = corpus.prompts("sse-words", 64, 1024, stream=True, tag=corpus.SPOKEN)
    return _warm(bench, target, "sse-words", prompts, 3)


def sse_slope(bench: Bench, target: targets.Target, _nth: int) -> dict[str, Any]:
    """Streams of words of two lengths: what one more chunk costs, apart from what a stream costs however long it is."""
    result: dict[str, Any] = {}
    for events, tag in zip(report.SLOPE, (corpus.SPOKEN, corpus.SPOKEN_LONG), strict=True):
        name = f"words_{events}"
        prompts = corpus.prompts(name, 64, 1024, stream=True, tag=tag)
        result[name] = _warm(bench, target, name, prompts, 3)
    return result


def _streamed(name: str) -> Scenario:
    def scenario(bench: Bench, target: targets.Target, _nth: int) -> dict[str, Any]:
        """The streams of words in another protocol."""
        return _warm(bench, target, name, corpus.streamed(name, 64, 1024), 3, corpus.STREAMS[name])

    return scenario


def conversation(bench: Bench, target: targets.Target, nth: int) -> dict[str, Any]:
    """Conversations of 20 turns, all resent each turn: the first and the last turn. Others only where state is kept."""
    count = int(100 * bench.scale)
    turns = corpus.conversations(f"talk{nth}", count, TURNS)
    result: dict[str, Any] = {}
    for number, bodies in enumerate(turns, 1):
        if number not in {1, TURNS} and not target.stateful:
            continue
        path = corpus.write(bench.folder / "turn.jsonl", bodies)
        measured = bench.measure(target, path, calls=count)
        result[f"turn_{number}"] = measured
        if "error" in measured:
            break
    return {name: measured for name, measured in result.items() if name in {"turn_1", f"turn_{TURNS}"}}


SCENARIOS: dict[str, Scenario] = {
    "cold_1k": cold_1k,
    "warm_1k": warm_1k,
    "warm_32k": warm_32k,
    "sse_100": sse_100,
    "sse_words": sse_words,
    "sse_slope": sse_slope,
    **{name: _streamed(name) for name in corpus.STREAMS},
    "conversation": conversation,
}

IN_PARTS = frozenset({"conversation", "sse_slope"})
"""Scenarios whose result is several rows."""


def start(bench: Bench, names: Sequence[str], litellm: str) -> list[targets.Target]:
    """Starts what was asked for and is installed; a target that does not come up is named and left out."""
    makers: dict[str, Callable[[Path, str], targets.Target | None]] = {
        "lexgate": targets.lexgate,
        "fastapi-httpx": targets.bare("fastapi-httpx"),
        "fastapi-aiohttp": targets.bare("fastapi-aiohttp"),
        "nginx": targets.nginx,
        "litellm": targets.litellm(litellm) if litellm else lambda _folder, _upstream: None,
    }
    running = []
    for name in names:
        target = makers[name](bench.folder / name, bench.upstream)
        if target is None:
            say(f"{name}: not installed, left out")
            continue
        target.start(GATEWAY_CORE)
        if target.ready():
            tree.settle(target.pid, idle=0.02)  # what it still does after its first answer is not idling
            target.idle = tree.idle_rate(target.pid)
            say(f"{target.name}: up, idle {target.idle * 100:.1f} % of a core")
            running.append(target)
            target.pause()
        else:
            say(f"{target.name}: did not answer, left out; see {target.folder}/output.log")
            target.stop()
    return running


def rounds(bench: Bench, running: Sequence[targets.Target], names: Sequence[str], count: int) -> list[dict[str, Any]]:
    rows = []
    for nth in range(count):
        for target in running if nth % 2 == 0 else list(reversed(running)):
            target.resume()
            time.sleep(0.1)
            for name in names:
                result = SCENARIOS[name](bench, target, nth)
                parts = result if name in IN_PARTS else {name: result}
                for scenario, measured in parts.items():
                    rows.append({"round": nth, "target": target.name, "scenario": scenario, **measured})
                    cost = measured.get("cpu_us", measured.get("error"))
                    say(f"round {nth + 1} {target.name:16} {scenario:10} {cost} µs, {measured.get('bad', '-')} bad")
                    roles = measured.get("cpu_us_by_role", {})
                    if len(roles) > 1:
                        say(f"        {', '.join(f'{role} {spent:.0f}' for role, spent in roles.items())}")
            target.pause()
    return rows


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--scale", type=float, default=1.0, help="share of the usual calls and seconds, e.g. 0.2 for a look"
    )
    parser.add_argument("--targets", default="lexgate,fastapi-aiohttp,fastapi-httpx,nginx,litellm")
    parser.add_argument("--scenarios", default=",".join(SCENARIOS))
    parser.add_argument(
        "--litellm", default=os.environ.get("LITELLM", "") or shutil.which("litellm") or "", metavar="PROGRAM"
    )
    parser.add_argument("--json", type=Path, default=HERE / "results" / f"{time.strftime('%Y%m%d-%H%M%S')}.json")
    parser.add_argument("--floors", action="store_true", help="exit with 1 when a floor does not hold")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="lexgate-bench-"))
    running: list[targets.Target] = []
    with Bench(folder, options.scale) as bench:
        try:
            running = start(bench, options.targets.split(","), options.litellm)
            rows = rounds(bench, running, options.scenarios.split(","), options.rounds)
            idle = {target.name: round(target.idle, 4) for target in running}
        finally:
            for target in running:
                target.stop()
    document = {"machine": report.machine(), "idle": idle, "rows": rows}
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(document, indent=1) + "\n")
    print(report.text(document))
    print(f"\nAll figures: {options.json}")
    if options.floors and not all(floor.holds for floor in report.floors(rows)):
        sys.exit(1)


if __name__ == "__main__":
    main()
