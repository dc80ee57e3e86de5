"""Figures of one data worker: counters, gauges and histograms, cheap to move and bounded in number.

A registry belongs to one thread (the worker's event loop). It writes its snapshot to run_dir/metrics/worker-<i>.json;
the control process reads the snapshots of all workers (`gateway.control.metrics`). Figures never tell content, and no
label names a user, a tenant's data or a key: a label's values are few, short and of plain characters by construction.
"""

from __future__ import annotations

import math
import os
import re
import time
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

import orjson

MAX_SERIES: Final = 200
"""Combinations of label values that one family keeps; further ones are counted under OTHER."""
OTHER: Final = "other"
SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
"""Upper bounds of buckets for times."""
_PLAIN = re.compile(r"[A-Za-z0-9_.:/+-]{0,64}")


@dataclass(frozen=True, slots=True)
class Family:
    """One metric with all its series. `across` says how gauges of several workers become one."""

    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = SECONDS
    across: Literal["sum", "max"] = "sum"


FAMILIES: Final[Mapping[str, Family]] = MappingProxyType(
    {
        "lexgate_calls": Family("counter", "Model calls by how they ended", ("protocol", "decision", "status")),
        "lexgate_call_seconds": Family("histogram", "From a call's first byte to its last", ("protocol",)),
        "lexgate_own_seconds": Family("histogram", "Time of a call spent in Lexgate before egress", ("protocol",)),
        "lexgate_first_byte_seconds": Family("histogram", "From egress to the provider's first byte", ("provider",)),
        "lexgate_open_flows": Family("gauge", "Calls that have not ended"),
        "lexgate_grades": Family("counter", "Calls by grade of their content", ("grade",)),
        "lexgate_findings": Family("counter", "Entities found in requests", ("label",)),
        "lexgate_redactions": Family("counter", "Entities replaced or removed before egress", ("label",)),
        "lexgate_guard_stops": Family("counter", "Answers stopped by the guard", ("label",)),
        "lexgate_refusals": Family("counter", "Requests refused, by error code", ("code",)),
        "lexgate_attempts": Family("counter", "Requests to providers by result", ("provider", "result")),
        "lexgate_retries": Family(
            "counter", "Further attempts by the provider and reason before them", ("provider", "reason")
        ),
        "lexgate_breaker_state": Family(
            "gauge",
            "Circuit breakers: 0 closed, 1 half open, 2 open; of all workers the worst",
            ("provider",),
            across="max",
        ),
        "lexgate_breaker_openings": Family("counter", "Times that a circuit breaker opened", ("provider",)),
        "lexgate_tokens": Family("counter", "Tokens as providers reported them", ("provider", "kind")),
        "lexgate_discrepancies": Family("counter", "Calls whose usage differs from our recount", ("provider",)),
        "lexgate_cache": Family("counter", "Look-ups in the verdict and decision caches", ("cache", "result")),
        "lexgate_log_connected": Family("gauge", "Workers with a connection to the log writer"),
        "lexgate_start_time_seconds": Family("gauge", "Start of the youngest worker, Unix time", across="max"),
    }
)
"""Every figure a data worker may move. Names have no _total: it is added where Prometheus wants it."""


class Histogram(NamedTuple):
    """One histogram's buckets: their upper bounds, and the counts with +Inf and the sum last."""

    bounds: tuple[float, ...]
    cell: list[float]


class Registry:
    """The figures of one worker. Unknown names and labels raise ValueError the first time: they are mistakes of ours."""

    def __init__(self, families: Mapping[str, Family] = FAMILIES) -> None:
        self._families = families
        self._numbers: dict[tuple[Any, ...], list[float]] = {}
        self._buckets: dict[tuple[Any, ...], tuple[tuple[float, ...], list[float]]] = {}
        self._series: dict[str, dict[tuple[str, ...], list[float]]] = {name: {} for name in families}

    def count(self, name: str, amount: float = 1, **labels: str) -> None:
        """Add `amount` (0 or more) to a counter."""
        if amount < 0:
            raise ValueError(f"{name}: a counter never falls")
        cell = self._numbers.get((name, *labels.items()))
        if cell is None:
            cell = self._number(name, "counter", labels)
        cell[0] += amount

    def counter(self, name: str, **labels: str) -> list[float]:
        """The figure of a counter, for whoever moves it often: add to its only item, never anything below 0."""
        return self._numbers.get((name, *labels.items())) or self._number(name, "counter", labels)

    def histogram(self, name: str, **labels: str) -> Histogram:
        """A histogram, for whoever observes often."""
        cell, _ = self._cell(name, "histogram", labels)
        return Histogram(self._families[name].buckets, cell)

    def gauge(self, name: str, value: float, **labels: str) -> None:
        """Set a gauge."""
        cell = self._numbers.get((name, *labels.items()))
        if cell is None:
            cell = self._number(name, "gauge", labels)
        cell[0] = value

    def observe(self, name: str, value: float, **labels: str) -> None:
        """Put a value (seconds, for the families here) into its bucket."""
        known = self._buckets.get((name, *labels.items()))
        if known is None:
            cell, kept = self._cell(name, "histogram", labels)
            known = (self._families[name].buckets, cell)
            if kept:
                self._buckets[(name, *labels.items())] = known
        bounds, cell = known
        cell[bisect_left(bounds, value)] += 1  # the last of these is +Inf
        cell[-1] += value

    def snapshot(self) -> dict[str, Any]:
        """All figures as JSON. A histogram's `buckets` are counts of each bucket alone, +Inf last."""
        shown: dict[str, Any] = {"counters": {}, "gauges": {}, "histograms": {}}
        for name, series in self._series.items():
            family = self._families[name]
            rows = [
                {"labels": dict(zip(family.labels, values, strict=True)), **_figures(family, cell)}
                for values, cell in series.items()
            ]
            if rows:
                shown[f"{family.kind}s"][name] = rows
        return shown

    def resume(self, snapshot: Mapping[str, Any]) -> None:
        """Go on from an earlier snapshot of the same worker, so that its counters do not fall when it is replaced.

        Gauges tell the present and are not resumed; what no longer fits the families is left out.
        """
        for kind in ("counter", "histogram"):
            for name, rows in snapshot.get(f"{kind}s", {}).items():
                for row in rows:
                    self._resume(name, kind, row)

    def _resume(self, name: str, kind: str, row: Mapping[str, Any]) -> None:
        family = self._families.get(name)
        if family is None or family.kind != kind or set(row["labels"]) != set(family.labels):
            return
        figures = [row["value"]] if kind == "counter" else [*row["buckets"], row["sum"]]
        cell, _ = self._cell(name, kind, row["labels"])
        if len(figures) == len(cell):
            cell[:] = [mine + earlier for mine, earlier in zip(cell, figures, strict=True)]

    def _number(self, name: str, kind: str, labels: Mapping[str, str]) -> list[float]:
        cell, kept = self._cell(name, kind, labels)
        if kept:
            self._numbers[(name, *labels.items())] = cell
        return cell

    def _cell(self, name: str, kind: str, labels: Mapping[str, str]) -> tuple[list[float], bool]:
        """The series' figures, and whether its labels stood for themselves (only those may be looked up directly)."""
        family = self._families.get(name)
        if family is None or family.kind != kind or set(labels) != set(family.labels):
            raise ValueError(f"{name} is no {kind} with the labels {', '.join(labels) or '(none)'}")
        series = self._series[name]
        given = tuple(labels[label] for label in family.labels)
        values = tuple(value if _PLAIN.fullmatch(value) else OTHER for value in given)
        if values not in series and len(series) >= MAX_SERIES:
            values = (OTHER,) * len(values)
        size = 1 if kind != "histogram" else len(family.buckets) + 2
        return series.setdefault(values, [0] * size), values == given


def _figures(family: Family, cell: list[float]) -> dict[str, Any]:
    if family.kind == "histogram":
        return {"buckets": [int(count) for count in cell[:-1]], "sum": cell[-1]}
    return {"value": cell[0]}


def snapshot_path(run_dir: Path, worker: int) -> Path:
    """Where worker number `worker` leaves its figures."""
    return run_dir / "metrics" / f"worker-{worker}.json"


def write_snapshot(
    registry: Registry, run_dir: Path, worker: int, state: Mapping[str, Any] = MappingProxyType({})
) -> None:
    """Replace the worker's snapshot in one step: a reader sees the old or the new one, never half. Raises OSError.

    `monotonic_s` says when, by the clock that all processes of a machine share and that nobody sets: see `age_s`.
    """
    path = snapshot_path(run_dir, worker)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    scratch = path.with_suffix(f".{os.getpid()}.tmp")
    scratch.write_bytes(orjson.dumps({**state, "monotonic_s": time.monotonic(), **registry.snapshot()}))
    scratch.replace(path)


def age_s(monotonic_s: float, now: float | None = None) -> float:
    """How old a snapshot is; infinitely old is one from before the machine started."""
    age = (time.monotonic() if now is None else now) - monotonic_s
    return age if age >= 0 else math.inf


def resume_snapshot(registry: Registry, run_dir: Path, worker: int) -> bool:
    """Take up the figures of this worker's last life. False when there are none or they cannot be read."""
    try:
        registry.resume(orjson.loads(snapshot_path(run_dir, worker).read_bytes()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
    return True
