"""The processes of `lexgate serve`: how long a cold start takes, what memory each holds, what a second worker brings.

    python -m benchmarks.processes [--scale 1.0] [--starts 3] [--only start,load,limited] [--share 0.15]

Cold start: from the command to `/readyz` saying yes, with the embedded defaults; the best of several, with the CPU time of
the whole tree, because wall time sinks with whatever else the machine does. A first start creates the store and compiles
the patterns; a second one finds both. Memory: proportional set size of each process (pages that several share are counted
by shares) after warm and cold calls. Load: the same with one worker and with two. Where driver, provider and gateway share
two cores a second worker cannot bring 1.7 times the calls, only calls that cost no more CPU.

Limited: each data worker may use a share of one core, all other processes what they want (`benchmarks.quota`; it needs to
write cgroups). Then workers are what limits, as on a machine of many cores, unless something else does: log writer,
inspector, control process, a lock. One worker and two are measured in turn, each several times.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import statistics
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import yaml

from benchmarks import corpus, quota, targets, tree
from benchmarks.run import Bench, say

START_SECONDS = 60.0
LIMITED_CONNECTIONS = 64
"""So many that each worker has enough of them, however they were shared out."""
LIMITED_ROUNDS = 3
OPERATOR_KEY = "lxo_benchmark_operator_key"


def prepared(folder: Path, upstream: str, workers: int) -> targets.Target:
    """Lexgate as `benchmarks.run` measures it, with so many workers and an operator who may ask for readiness."""
    target = targets.lexgate(folder, upstream)
    file = folder / "lexgate.yaml"
    settings = yaml.safe_load(file.read_text())
    digest = hashlib.sha256(OPERATOR_KEY.encode()).hexdigest()
    settings["workers"] = workers
    settings["operators"] = [{"key_sha256": digest, "name": "bench", "roles": ["operator"]}]
    file.write_text(yaml.safe_dump(settings))
    return target


def started(target: targets.Target) -> tuple[float, float]:
    """Starts it on all cores; wall and CPU seconds until it was ready."""
    settings = yaml.safe_load((target.folder / "lexgate.yaml").read_text())
    url = f"http://{settings['listen']['control']}/readyz"
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {OPERATOR_KEY}"})
    begun = time.monotonic()
    with (target.folder / "output.log").open("wb") as log:
        target.process = subprocess.Popen(
            target.command, cwd=target.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    while time.monotonic() - begun < START_SECONDS:
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                if answer.status == 200:
                    return time.monotonic() - begun, tree.cpu_seconds(target.pid)
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)  # whoever asks more often measures the answering
    raise RuntimeError(f"not ready: see {target.folder}/output.log")


def cold_starts(bench: Bench, times: int) -> dict[str, dict[str, float]]:
    """The best of several first starts, and of the second ones that follow them in the same folders."""
    found: dict[str, list[tuple[float, float]]] = {"first": [], "second": []}
    for nth in range(times):
        target = prepared(bench.folder / f"start-{nth}", bench.upstream, 1)
        for kind, measured in found.items():
            try:
                measured.append(started(target))
            finally:
                target.stop()
            say(f"{kind} start: {measured[-1][0]:.2f} s, {measured[-1][1]:.2f} s of CPU")
    return {
        kind: {
            "seconds": round(min(wall for wall, _ in measured), 2),
            "cpu_seconds": round(min(spent for _, spent in measured), 2),
        }
        for kind, measured in found.items()
    }


def named(target: targets.Target) -> list[tuple[str, int]]:
    """What each process is, and its id."""
    found = []
    for pid in tree.members(target.pid):
        words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
        name = next((word.removeprefix("process-") for word in words if word.startswith("process-")), "supervisor")
        found.append((name, pid))
    return found


def spent(target: targets.Target) -> dict[str, float]:
    """CPU seconds so far by what the processes are."""
    seconds: dict[str, float] = {}
    for name, pid in named(target):
        seconds[name] = seconds.get(name, 0.0) + tree.process_seconds(pid)
    return seconds


def memory(target: targets.Target) -> dict[str, float]:
    """Proportional set size of each process in MiB, by what it is; several of a kind by their largest."""
    held: dict[str, float] = {}
    for name, pid in named(target):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        size = sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
        held[name] = max(held.get(name, 0.0), round(size, 1))
    return held


def under_load(bench: Bench, workers: int, scale: float) -> dict[str, Any]:
    """Warm and cold calls on so many workers."""
    target = prepared(bench.folder / f"workers-{workers}", bench.upstream, workers)
    started(target)
    try:
        if not target.ready():
            raise RuntimeError(f"no answer: see {target.folder}/output.log")
        idle = memory(target)
        tree.settle(target.pid, idle=0.02)
        target.idle = tree.idle_rate(target.pid)
        warm = corpus.write(bench.folder / "warm.jsonl", corpus.prompts("warm-1k", 64, 1024))
        bench.load(target.port, warm, calls=512 * workers)  # each worker must have seen each prompt twice
        before = spent(target)
        measured = bench.measure(target, warm, seconds=5 * scale)
        good = max(1, measured.get("good", 1))
        by_process = {name: round((now - before[name]) / good * 1e6, 1) for name, now in spent(target).items()}
        many = int(4000 * scale)
        cold = corpus.write(bench.folder / "cold.jsonl", corpus.prompts(f"cold-{workers}", many, 1024))
        bench.load(target.port, cold, calls=many)
        return {
            "workers": workers,
            "calls_per_second": measured.get("rps", measured.get("error")),
            "cpu_us": measured.get("cpu_us"),
            "cpu_us_by_process": by_process,
            "bad": measured.get("bad"),
            "pss_mib_idle": idle,
            "pss_mib": memory(target),
        }
    finally:
        target.stop()


def limited(bench: Bench, share: float, scale: float) -> dict[str, Any]:
    """Calls a second of one worker and of two, each of which may use `share` of a core."""
    try:
        quotas = quota.Quotas.found()
    except quota.CannotLimit as problem:
        return {"skipped": f"workers cannot be limited here: {problem}"}
    file = corpus.write(bench.folder / "limited.jsonl", corpus.prompts("limited", 64, 1024))
    with contextlib.ExitStack() as stack:
        running: dict[int, targets.Target] = {}
        for workers in (1, 2):
            target = running[workers] = prepared(bench.folder / f"limited-{workers}", bench.upstream, workers)
            stack.callback(target.stop)
            started(target)
            bench.load(target.port, file, calls=512 * workers, connections=LIMITED_CONNECTIONS)
        stack.enter_context(quotas)
        for workers, target in running.items():
            for number, pid in enumerate(_workers(target)):
                quota.put(quotas.add(f"{workers}-{number}", share), pid)
        rounds = [
            {workers: _limited_round(bench, target, file, 5 * scale) for workers, target in running.items()}
            for _ in range(LIMITED_ROUNDS)
        ]
    rates = {workers: statistics.median(each[workers]["calls_per_second"] for each in rounds) for workers in running}
    return {
        "share_of_a_core": share,
        "connections": LIMITED_CONNECTIONS,
        "rounds": rounds,
        "calls_per_second": rates,
        "two_to_one": round(rates[2] / rates[1], 2),
    }


def _workers(target: targets.Target) -> list[int]:
    return [pid for name, pid in named(target) if name == "worker"]


def _limited_round(bench: Bench, target: targets.Target, file: Path, seconds: float) -> dict[str, Any]:
    """Calls a second, and which part of a core each process used."""
    before = {pid: (name, tree.process_seconds(pid)) for name, pid in named(target)}
    begun = time.monotonic()
    measured = bench.load(target.port, file, seconds=seconds, connections=LIMITED_CONNECTIONS)
    passed = time.monotonic() - begun
    used: dict[str, list[float]] = {}
    for pid, (name, then) in before.items():
        used.setdefault(name, []).append(round((tree.process_seconds(pid) - then) / passed, 3))
    say(f"{len(used['worker'])} limited: {measured.get('rps', measured.get('error'))} calls/s, cores {used}")
    return {"calls_per_second": measured.get("rps", 0.0), "bad": measured.get("bad"), "cores": used}


def main() -> None:
    """Print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the usual calls and seconds")
    parser.add_argument("--starts", type=int, default=3)
    parser.add_argument("--only", default="start,load,limited", help="what is measured")
    parser.add_argument("--share", type=float, default=0.15, help="of a core, for each limited worker")
    options = parser.parse_args()
    wanted = options.only.split(",")
    document: dict[str, Any] = {"cores": os.cpu_count()}
    with Bench(Path(tempfile.mkdtemp(prefix="lexgate-processes-")), options.scale) as bench:
        if "start" in wanted:
            document["cold_start"] = cold_starts(bench, options.starts)
        if "load" in wanted:
            document["workers"] = [under_load(bench, workers, options.scale) for workers in (1, 2)]
        if "limited" in wanted:
            document["limited"] = limited(bench, options.share, options.scale)
    print(json.dumps(document, indent=1))


if __name__ == "__main__":
    main()
