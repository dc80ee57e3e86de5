"""Figures of several workers as one Prometheus text, read back by Prometheus' own parser."""

from __future__ import annotations

from pathlib import Path

import orjson
from prometheus_client.parser import text_string_to_metric_families

from gateway.control.metrics import STALE_S, render
from gateway.telemetry.metrics import FAMILIES, Registry, snapshot_path, write_snapshot


def samples(text: bytes) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    families = text_string_to_metric_families(text.decode())
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}


def test_workers_are_added_up(tmp_path: Path) -> None:
    for worker, (calls, seconds, start) in enumerate([(3, 0.2, 100.0), (4, 0.4, 200.0)]):
        figures = Registry()
        figures.count("lexgate_grades", calls, grade="L3")
        figures.observe("lexgate_first_byte_seconds", seconds, provider="inspect")
        figures.gauge("lexgate_open_flows", calls)
        figures.gauge("lexgate_start_time_seconds", start)
        write_snapshot(figures, tmp_path, worker)
    told = samples(render(tmp_path, "0.1.0"))
    step = ("provider", "inspect")
    assert told["lexgate_grades_total", (("grade", "L3"),)] == 7
    assert told["lexgate_open_flows", ()] == 7
    assert told["lexgate_start_time_seconds", ()] == 200
    assert told["lexgate_first_byte_seconds_bucket", (("le", "0.25"), step)] == 1
    assert told["lexgate_first_byte_seconds_bucket", (("le", "+Inf"), step)] == 2
    assert told["lexgate_first_byte_seconds_count", (step,)] == 2
    assert round(told["lexgate_first_byte_seconds_sum", (step,)], 6) == 0.6
    assert told["lexgate_workers_reporting", ()] == 2
    assert told["lexgate_build_info", (("version", "0.1.0"),)] == 1


def test_before_any_call_every_family_is_there(tmp_path: Path) -> None:
    families = {family.name for family in text_string_to_metric_families(render(tmp_path, "0").decode())}
    assert set(FAMILIES) <= families
    assert samples(render(tmp_path, "0"))["lexgate_open_flows", ()] == 0


def test_a_worker_that_is_gone_keeps_its_counters_and_loses_its_gauges(tmp_path: Path) -> None:
    figures = Registry()
    figures.count("lexgate_grades", grade="L1")
    figures.gauge("lexgate_open_flows", 5)
    write_snapshot(figures, tmp_path, 0)
    written = orjson.loads(snapshot_path(tmp_path, 0).read_bytes())["monotonic_s"]
    told = samples(render(tmp_path, "0", now=written + STALE_S + 1))
    assert told["lexgate_grades_total", (("grade", "L1"),)] == 1
    assert told["lexgate_open_flows", ()] == 0
    assert told["lexgate_workers_reporting", ()] == 0


def test_figures_from_before_the_machine_started_are_old(tmp_path: Path) -> None:
    figures = Registry()
    figures.gauge("lexgate_open_flows", 5)
    write_snapshot(figures, tmp_path, 0)
    told = samples(render(tmp_path, "0", now=0.0))
    assert told["lexgate_open_flows", ()] == 0
    assert told["lexgate_workers_reporting", ()] == 0


def test_what_cannot_be_read_is_told_and_does_not_stop_the_rest(tmp_path: Path) -> None:
    write_snapshot(Registry(), tmp_path, 0)
    for worker, content in enumerate(
        [b"", b"[]", b"{", b'{"counters": {"lexgate_grades": 3}}', b'{"monotonic_s": "x"}'], 1
    ):
        snapshot_path(tmp_path, worker).write_bytes(content)
    told = samples(render(tmp_path, "0"))
    assert told["lexgate_snapshots_unreadable", ()] == 5
    assert told["lexgate_workers_reporting", ()] == 1


def test_families_of_other_versions_are_left_out(tmp_path: Path) -> None:
    rows = {"monotonic_s": 0, "counters": {"lexgate_future": [{"labels": {}, "value": 1}]},
            "histograms": {"lexgate_first_byte_seconds": [{"labels": {"provider": "x"}, "buckets": [1], "sum": 1}]}}  # fmt: skip
    path = snapshot_path(tmp_path, 0)
    path.parent.mkdir()
    path.write_bytes(orjson.dumps(rows))
    text = render(tmp_path, "0")
    assert b"lexgate_future" not in text
    assert b'step="x"' not in text
