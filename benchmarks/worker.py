"""What one call costs a data worker: its CPU time, the Python calls it makes, and a flame graph of both.

The worker runs in this process, as `lexgate serve` would start it; log writer, inspector, provider and load driver are
real and run beside it. The number of Python calls hardly depends on the machine; CPU time is stated beside that of a
fixed loop of Python in the same process, so that two runs on a noisy machine can be compared.

  python -m benchmarks.worker --scenario warm_1k                       # CPU µs a call, calls of Python a call
  python -m benchmarks.worker --scenario sse_100 --flame sse.svg       # where the time goes
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import signal
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Self

import uvloop

from benchmarks import corpus, flame, targets, tree
from benchmarks.run import Bench
from gateway.app import DataPlane
from gateway.configuration.bundle_stage import stage
from gateway.configuration.effective import Effective
from gateway.configuration.reading import load
from gateway.inspection.guard import GuardScanner
from gateway.processes.child_process import Child
from gateway.processes.worker import Server, _config
from gateway.telemetry import logs

ROOT = Path(__file__).resolve().parents[1]
SAMPLE_SECONDS = 0.001
Running = tuple[int, list[Child]]


def bodies(scenario: str) -> list[str]:
    """The calls of a scenario, all of them seen once before they are measured."""
    if scenario == "turn_20":
        return corpus.conversations("worker", 16, 20)[-1]
    if scenario in corpus.STREAMS:
        return corpus.streamed(scenario, 64, 1024)
    tag = corpus.SPOKEN if scenario == "sse_words" else ""
    return corpus.prompts("worker", 64, 1024, stream=scenario.startswith("sse"), tag=tag)


def yardstick() -> float:
    """CPU seconds of a fixed loop of Python, the least of five."""

    def once() -> float:
        begin = time.process_time()
        table: dict[int, str] = {}
        for number in range(60_000):
            table[number & 255] = str(number)
        return time.process_time() - begin

    return min(once() for _ in range(5))


class Calls:
    """Counts calls of Python functions, and of built-in ones, by `sys.setprofile`."""

    def __init__(self) -> None:
        self.python: Counter[CodeType] = Counter()
        self.builtin: Counter[str] = Counter()

    def __enter__(self) -> Self:
        sys.setprofile(self._event)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _event(self, frame: FrameType, event: str, argument: Any) -> None:
        if event == "call":
            self.python[frame.f_code] += 1
        elif event == "c_call":
            self.builtin[getattr(argument, "__qualname__", "?")] += 1

    def table(self, calls: int, rows: int) -> str:
        lines = []
        for code, count in self.python.most_common(rows):
            lines.append(f"{count / calls:8.2f}  {_place(code)}")
        lines.append("--- built-in")
        lines += [f"{count / calls:8.2f}  {name}" for name, count in self.builtin.most_common(rows // 3)]
        return "\n".join(lines)


def _place(code: CodeType) -> str:
    file = Path(code.co_filename)
    name = file.relative_to(ROOT).as_posix() if file.is_relative_to(ROOT) and ".venv" not in file.parts else file.name
    return f"{name}:{code.co_qualname}"


class Sampler:
    """Stacks of this process, one for each millisecond of CPU time it uses."""

    def __init__(self) -> None:
        self.stacks: Counter[tuple[str, ...]] = Counter()

    def __enter__(self) -> Self:
        signal.signal(signal.SIGPROF, self._tick)
        signal.setitimer(signal.ITIMER_PROF, SAMPLE_SECONDS, SAMPLE_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)

    def _tick(self, _number: int, frame: FrameType | None) -> None:
        stack: list[str] = []
        while frame is not None:
            stack.append(_place(frame.f_code))
            frame = frame.f_back
        self.stacks[tuple(reversed(stack))] += 1


@asynccontextmanager
async def worker(folder: Path, upstream: str) -> AsyncIterator[tuple[int, list[Child]]]:
    """A data worker in this event loop, and its neighbours; its port."""
    os.chdir(folder)
    targets.lexgate(folder, upstream)
    settings = load(folder / "lexgate.yaml")
    settings.run_path.mkdir(mode=0o700, parents=True, exist_ok=True)
    (settings.run_path / "metrics").mkdir(mode=0o700, exist_ok=True)
    staged = await stage(settings.policies.bundle, settings.run_path)
    file = Effective(settings, staged.path, staged.digest, 1, "bench").write()
    children = [Child("log-writer", ("process-writer", str(file)))]
    children += [
        Child(f"{kind}-{index}", (f"process-{kind}", str(file), str(index)))
        for kind in ("inspector", "extractor")
        for index in range(settings.inspection.processes)
    ]
    for child in children:
        await child.start()
    plane = await DataPlane.start(Effective.read(file), 0, GuardScanner())
    host, _, port = settings.listen.data.rpartition(":")
    listener = socket.create_server((host, int(port)), backlog=2048)
    server = Server(_config(plane, settings))
    serving = asyncio.ensure_future(server.serve(sockets=[listener]))
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    try:
        yield int(port), children
    finally:
        server.drain()
        await serving
        await plane.quiet(5.0)
        await plane.close()
        for child in reversed(children):
            await child.stop(10.0)


async def measured(bench: Bench, running: Running, file: Path, calls: int, path: str) -> dict[str, Any]:
    """One run of the driver; what it says, with the CPU time of each process until its work after the answers is done."""
    port, children = running
    before = {child.name: _seconds(child) for child in children}
    begin = time.process_time()
    result = await asyncio.to_thread(bench.load, port, file, calls=calls, path=path)
    await _quiet(children)
    each = 1e6 / max(1, result.get("good", 0))
    spent = {child.name: round((_seconds(child) - before[child.name]) * each, 1) for child in children}
    return {**result, "cpu_us": (time.process_time() - begin) * each, "beside": spent}


def _seconds(child: Child) -> float:
    return tree.process_seconds(child.process.pid) if child.process is not None else 0.0


async def _quiet(children: list[Child]) -> None:
    """Until neither this process nor a neighbour does more than turn its loop."""
    spent = -1.0
    while (now := time.process_time() + sum(map(_seconds, children))) - spent > 0.01:
        spent = now
        await asyncio.sleep(0.3)


async def run(options: argparse.Namespace) -> None:
    folder = Path(tempfile.mkdtemp(prefix="lexgate-worker-"))
    with Bench(folder, 1.0) as bench:
        prompts = bodies(options.scenario)
        file = corpus.write(folder / "bodies.jsonl", prompts)
        path = corpus.STREAMS.get(options.scenario, corpus.CHAT)
        async with worker(folder, bench.upstream) as running:
            for _ in range(3):
                await asyncio.to_thread(bench.load, running[0], file, calls=len(prompts), path=path)
            await asyncio.sleep(0.5)
            figures = [await _once(bench, running, file, options.calls, path) for _ in range(options.rounds)]
            best = min(figures, key=lambda one: one["ratio"])
            print(json.dumps({"scenario": options.scenario, **best}))
            if options.count:
                few = max(64, min(256, options.calls))
                with Calls() as counted:
                    await measured(bench, running, file, few, path)
                print(
                    f"{sum(counted.python.values()) / few:.1f} Python calls, "
                    f"{sum(counted.builtin.values()) / few:.1f} built-in ones a call"
                )
                print(counted.table(few, options.count))
            if options.flame:
                with Sampler() as sampler:
                    await measured(bench, running, file, options.calls * 5, path)
                options.flame.write_text(flame.svg(sampler.stacks, title=f"data worker, {options.scenario}"))
                print(flame.table(sampler.stacks, 60))


async def _once(bench: Bench, running: Running, file: Path, calls: int, path: str) -> dict[str, Any]:
    before = yardstick()
    result = await measured(bench, running, file, calls, path)
    fixed = (before + yardstick()) / 2
    return {
        "cpu_us": round(result["cpu_us"], 1),
        "beside": result["beside"],
        "ratio": round(result["cpu_us"] / (fixed * 1e6) * 100, 2),
        "yardstick_us": round(fixed * 1e6),
        "good": result.get("good"),
        "bad": result.get("bad"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--scenario", choices=("warm_1k", "sse_100", "sse_words", "turn_20", *corpus.STREAMS), default="warm_1k"
    )
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--count", type=int, default=0, metavar="ROWS", help="also count calls; print so many rows")
    parser.add_argument(
        "--flame", type=lambda name: Path(name).resolve(), metavar="FILE", help="also draw a flame graph (SVG)"
    )
    options = parser.parse_args()
    logs.configure("worker-0")
    uvloop.run(run(options))


if __name__ == "__main__":
    main()
