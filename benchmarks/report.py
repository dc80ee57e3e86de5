"""Turns the rows of a run into tables and says which floors hold. `python -m benchmarks.report FILE` prints one again."""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BASE = "fastapi-aiohttp"
SERVER = "nginx"
SLOPE = (100, 500)
"""Events of the two streams whose difference is what a chunk costs."""
SUBJECT = "lexgate"
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Floor:
    """A promise about speed. `value` None: one of its two figures was not measured, so it does not hold."""

    promise: str
    value: float | None
    limit: float
    at_least: bool = False

    @property
    def holds(self) -> bool:
        if self.value is None:
            return False
        return self.value >= self.limit if self.at_least else self.value <= self.limit


def machine() -> dict[str, Any]:
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    return {
        "name": platform.node(),
        "cpu": cpu,
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_average": [round(value, 2) for value in os.getloadavg()],
    }


def median(rows: Sequence[Row], target: str, scenario: str, key: str) -> float | None:
    """Over the rounds. None when it was not measured, or when a call of it went wrong: that is no figure."""
    chosen = [row for row in rows if row["target"] == target and row["scenario"] == scenario]
    values = [row[key] for row in chosen if "error" not in row and row["bad"] == 0]
    return statistics.median(values) if values and len(values) == len(chosen) else None


def ratio(rows: Sequence[Row], of: tuple[str, str], to: tuple[str, str]) -> float | None:
    top, bottom = median(rows, *of, "cpu_us"), median(rows, *to, "cpu_us")
    return top / bottom if top and bottom else None


def _litellm(rows: Sequence[Row]) -> str:
    return next((row["target"] for row in rows if row["target"].startswith("litellm")), "litellm")


def floors(rows: Sequence[Row]) -> list[Floor]:
    warm, last, first = (SUBJECT, "warm_1k"), (SUBJECT, "turn_20"), (SUBJECT, "turn_1")
    return [
        Floor("warm 1 KB, CPU a call: at most 1 x bare FastAPI + aiohttp", ratio(rows, warm, (BASE, "warm_1k")), 1.0),
        Floor(
            "LiteLLM's bare call costs at least 20 x ours",
            ratio(rows, (_litellm(rows), "warm_1k"), warm),
            20.0,
            at_least=True,
        ),
        Floor("20th turn of a conversation: at most 2 x the first", ratio(rows, last, first), 2.0),
        Floor(f"one more chunk of a stream: at most 2 x {SERVER}", _chunk(rows), 2.0),
    ]


def _chunk(rows: Sequence[Row]) -> float | None:
    """What one more chunk costs, beside what it costs the server that only passes it on."""
    ours, base = _slope(rows, SUBJECT), _slope(rows, SERVER)
    return ours[0] / base[0] if ours and base and base[0] > 0 else None


def _slope(rows: Sequence[Row], target: str, role: str = "") -> tuple[float, float] | None:
    """CPU µs of one more chunk, and of a stream apart from its chunks: the median over the rounds. `role`: of one process."""
    pairs = []
    chosen = [row for row in rows if row["target"] == target and row.get("bad") == 0]
    for number in sorted({row["round"] for row in chosen}):
        costs = []
        for events in SLOPE:
            of = [row for row in chosen if row["round"] == number and row["scenario"] == f"words_{events}"]
            costs += [row["cpu_us_by_role"].get(role, 0.0) if role else row["cpu_us"] for row in of]
        if len(costs) == len(SLOPE):
            chunk = (costs[1] - costs[0]) / (SLOPE[1] - SLOPE[0])
            pairs.append((chunk, costs[0] - chunk * SLOPE[0]))
    return (statistics.median(c for c, _ in pairs), statistics.median(f for _, f in pairs)) if pairs else None


def slopes(rows: Sequence[Row]) -> str:
    """What a chunk costs, and what a stream costs however long it is. "" where it was not measured."""
    lines = []
    base = _slope(rows, SERVER)
    for target in dict.fromkeys(row["target"] for row in rows):
        roles = {role for row in rows if row["target"] == target for role in row.get("cpu_us_by_role", {})}
        for role in ["", *(sorted(roles) if len(roles) > 1 else [])]:
            slope = _slope(rows, target, role)
            if slope is None:
                continue
            ratio = f"{slope[0] / base[0]:.2f}" if base and base[0] > 0 else "-"
            lines.append(f"| {role or target} | {slope[0]:.1f} | {ratio} | {slope[1]:,.0f} |")
    if not lines:
        return ""
    head = [
        f"### CPU µs of one more chunk, from streams of {SLOPE[0]} and {SLOPE[1]} events",
        "",
        f"| target, and its processes | a chunk | x {SERVER} | a stream without its chunks |",
        "|---|---:|---:|---:|",
    ]
    return "\n".join([*head, *lines])


def _table(title: str, rows: Sequence[Row], key: str, *, ratios: bool = False, digits: int = 0) -> str:
    names = list(dict.fromkeys(row["target"] for row in rows))
    scenarios = list(dict.fromkeys(row["scenario"] for row in rows))
    lines = [f"### {title}", "", "| target | " + " | ".join(scenarios) + " |", "|---|" + "---:|" * len(scenarios)]
    for name in names:
        cells = []
        for scenario in scenarios:
            value, base = median(rows, name, scenario, key), median(rows, BASE, scenario, key)
            cell = "-" if value is None else f"{value:,.{digits}f}"
            cells.append(f"{cell} ({value / base:.2f})" if ratios and value is not None and base else cell)
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _planted(rows: Sequence[Row]) -> str:
    total: dict[str, int] = {}
    for row in rows:
        total[row["target"]] = total.get(row["target"], 0) + row.get("planted_upstream", 0)
    told = ", ".join(f"{name} {count:,}" for name, count in total.items())
    return f"Calls that reached the provider with a planted e-mail address in them: {told}."


def text(document: dict[str, Any]) -> str:
    """The whole report as Markdown."""
    rows, where = document["rows"], document["machine"]
    idle = ", ".join(f"{name} {share * 100:.1f} %" for name, share in document["idle"].items())
    head = f"{where['cpu']}, {where['cores']} cores, Linux {where['kernel']}, Python {where['python']}"
    parts = [
        f"{head}, machine {where['name']}, load average {where['load_average'][0]}",
        _table(f"CPU µs a call, whole process tree (x {BASE})", rows, "cpu_us", ratios=True),
        slopes(rows),
        _table("Calls a second, 16 connections, one core", rows, "rps"),
        _table("Latency p50, µs", rows, "p50_us"),
        _table("Latency p99, µs", rows, "p99_us"),
        _table("Memory (PSS), MiB", rows, "pss_mb"),
        f"Idle, share of a core: {idle}.\n{_planted(rows)}",
        "\n".join(_floor(floor) for floor in floors(rows)),
    ]
    return "\n\n".join(part for part in parts if part)


def _floor(floor: Floor) -> str:
    value = "not measured" if floor.value is None else f"{floor.value:.2f}"
    return f"- {'holds' if floor.holds else 'DOES NOT HOLD'}: {floor.promise} (measured {value})"


if __name__ == "__main__":
    print(text(json.loads(Path(sys.argv[1]).read_text())))
