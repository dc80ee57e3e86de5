"""The data workers' figures as Prometheus text: snapshots read, added up, rendered."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from pydantic import BaseModel, Field, ValidationError

from gateway.telemetry.metrics import FAMILIES, Family, age_s

STALE_S = 60.0
"""Gauges of a snapshot older than this tell of a worker that is gone; its counters still count."""

Series = dict[tuple[str, ...], list[float]]


class Row(BaseModel):
    """One series in a snapshot: `value`, or `buckets` (each alone, +Inf last) and `sum`."""

    labels: dict[str, str]
    value: float = 0
    buckets: list[float] = Field(default_factory=list)
    sum: float = 0


class Snapshot(BaseModel):
    """What `gateway.telemetry.metrics.write_snapshot` leaves."""

    monotonic_s: float
    counters: dict[str, list[Row]] = Field(default_factory=dict)
    gauges: dict[str, list[Row]] = Field(default_factory=dict)
    histograms: dict[str, list[Row]] = Field(default_factory=dict)


@dataclass(slots=True)
class Merged:
    """The figures of all workers together, by family and label values. A histogram's last figure is its sum."""

    series: dict[str, Series] = field(default_factory=dict)
    fresh: int = 0
    unreadable: int = 0


def render(run_dir: Path, version: str, *, now: float | None = None) -> bytes:
    """Prometheus text of all workers. Raises OSError when the folder exists but cannot be read."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(SnapshotCollector(run_dir, version, time.monotonic() if now is None else now))
    return generate_latest(registry)


class SnapshotCollector(Collector):
    """prometheus_client's view of the snapshots."""

    def __init__(self, run_dir: Path, version: str, now: float) -> None:
        self._run_dir = run_dir
        self._version = version
        self._now = now

    def collect(self) -> Iterator[Metric]:
        """Every family, also those nothing was counted in yet: a dashboard can tell zero from unknown."""
        merged = merge(read_all(self._run_dir), self._now)
        build = GaugeMetricFamily("lexgate_build_info", "The running version", labels=["version"])
        build.add_metric([self._version], 1)
        yield build
        yield GaugeMetricFamily("lexgate_workers_reporting", "Data workers whose figures are fresh", merged.fresh)
        yield GaugeMetricFamily("lexgate_snapshots_unreadable", "Figures that could not be read", merged.unreadable)
        for name, family in FAMILIES.items():
            yield _rendered(name, family, merged.series.get(name, {}))


def read_all(run_dir: Path) -> list[Snapshot | None]:
    """The snapshot of each worker; None for one that cannot be understood. Workers replace them while we read."""
    snapshots: list[Snapshot | None] = []
    for path in sorted((run_dir / "metrics").glob("worker-*.json")):
        try:
            snapshots.append(Snapshot.model_validate_json(path.read_bytes()))
        except FileNotFoundError:
            continue
        except ValidationError:
            snapshots.append(None)
    return snapshots


def merge(snapshots: Iterable[Snapshot | None], now: float) -> Merged:
    """Add them up. Families that this version does not know are left out."""
    merged = Merged()
    for snapshot in snapshots:
        if snapshot is None:
            merged.unreadable += 1
            continue
        fresh = age_s(snapshot.monotonic_s, now) <= STALE_S
        merged.fresh += fresh
        kinds = {"counter": snapshot.counters, "histogram": snapshot.histograms}
        for kind, families in (kinds | {"gauge": snapshot.gauges} if fresh else kinds).items():
            for name, rows in families.items():
                family = FAMILIES.get(name)
                if family is not None and family.kind == kind:
                    _add(merged.series.setdefault(name, {}), family, rows)
    return merged


def _add(series: Series, family: Family, rows: Iterable[Row]) -> None:
    for row in rows:
        values = tuple(row.labels.get(label, "") for label in family.labels)
        figures = [*row.buckets, row.sum] if family.kind == "histogram" else [row.value]
        if family.kind == "histogram" and len(figures) != len(family.buckets) + 2:
            continue  # written by a version with other buckets
        known = series.get(values)
        if known is None:
            series[values] = figures
        elif family.kind == "gauge" and family.across == "max":
            series[values] = [max(known[0], figures[0])]
        else:
            series[values] = [mine + theirs for mine, theirs in zip(known, figures, strict=True)]


def _rendered(name: str, family: Family, series: Series) -> Metric:
    if not family.labels and family.kind != "histogram":
        series = series or {(): [0.0]}
    if family.kind == "histogram":
        histogram = HistogramMetricFamily(name, family.help, labels=family.labels)
        for values, figures in series.items():
            histogram.add_metric(list(values), buckets=_cumulative(family, figures), sum_value=figures[-1])
        return histogram
    make = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
    metric = make(name, family.help, labels=family.labels)
    for values, figures in series.items():
        metric.add_metric(list(values), figures[0])
    return metric


def _cumulative(family: Family, figures: list[float]) -> list[tuple[str, float]]:
    """Prometheus counts everything up to a bound; a snapshot counts each bucket alone."""
    total = 0.0
    buckets = []
    for bound, count in zip([*map(str, family.buckets), "+Inf"], figures[:-1], strict=True):
        total += count
        buckets.append((bound, total))
    return buckets
