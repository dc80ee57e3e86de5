"""The figures of one worker: exact, few, plain, and going on after a restart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.telemetry.metrics import (
    FAMILIES,
    MAX_SERIES,
    SECONDS,
    Registry,
    resume_snapshot,
    snapshot_path,
    write_snapshot,
)


def test_a_snapshot_tells_what_was_counted() -> None:
    figures = Registry()
    figures.count("lexgate_calls", protocol="openai_chat", decision="allow", status="completed")
    figures.count("lexgate_calls", 2, status="completed", decision="allow", protocol="openai_chat")
    figures.gauge("lexgate_open_flows", 3)
    figures.gauge("lexgate_open_flows", 1)
    figures.observe("lexgate_first_byte_seconds", 0.002, provider="inspect")
    figures.observe("lexgate_first_byte_seconds", 500, provider="inspect")
    labels = {"protocol": "openai_chat", "decision": "allow", "status": "completed"}
    buckets = [0, 1, *[0] * (len(SECONDS) - 2), 1]
    assert figures.snapshot() == {
        "counters": {"lexgate_calls": [{"labels": labels, "value": 3}]},
        "gauges": {"lexgate_open_flows": [{"labels": {}, "value": 1}]},
        "histograms": {
            "lexgate_first_byte_seconds": [{"labels": {"provider": "inspect"}, "buckets": buckets, "sum": 500.002}]
        },
    }


@pytest.mark.parametrize(
    "mistake",
    [
        lambda figures: figures.count("lexgate_callz"),
        lambda figures: figures.count("lexgate_calls"),
        lambda figures: figures.count("lexgate_calls", user="li.wei", decision="allow", status="completed"),
        lambda figures: figures.gauge("lexgate_grades", 1, grade="L1"),
        lambda figures: figures.observe("lexgate_open_flows", 1),
        lambda figures: figures.count("lexgate_grades", -1, grade="L1"),
    ],
)
def test_mistakes_are_loud(mistake) -> None:
    with pytest.raises(ValueError):
        mistake(Registry())


def test_no_label_names_a_person() -> None:
    labels = {label for family in FAMILIES.values() for label in family.labels}
    assert not labels & {"user", "tenant", "application", "subject", "session", "flow", "key", "model", "value"}


@given(st.lists(st.text(max_size=80), max_size=300))
def test_labels_are_plain_and_few_whatever_is_counted(codes: list[str]) -> None:
    figures = Registry()
    for code in codes:
        figures.count("lexgate_refusals", code=code)
    rows = figures.snapshot()["counters"].get("lexgate_refusals", [])
    assert sum(row["value"] for row in rows) == len(codes)
    assert len(rows) <= MAX_SERIES + 1
    assert all(row["labels"]["code"].isascii() and len(row["labels"]["code"]) <= 64 for row in rows)


def test_what_does_not_fit_is_counted_together_and_takes_no_memory() -> None:
    figures = Registry()
    for number in range(5000):
        figures.count("lexgate_refusals", code=f"code_{number}")
        figures.count("lexgate_refusals", code=f"with space {number}")
    assert len(figures._numbers) <= MAX_SERIES
    rows = figures.snapshot()["counters"]["lexgate_refusals"]
    assert max(row["value"] for row in rows if row["labels"] == {"code": "other"}) >= 9000


def test_a_worker_goes_on_where_its_last_life_ended(tmp_path: Path) -> None:
    before = Registry()
    before.count("lexgate_grades", 5, grade="L3")
    before.observe("lexgate_first_byte_seconds", 0.1, provider="decide")
    before.gauge("lexgate_open_flows", 9)
    write_snapshot(before, tmp_path, 0)
    after = Registry()
    after.count("lexgate_grades", grade="L3")
    assert resume_snapshot(after, tmp_path, 0)
    told = after.snapshot()
    assert told["counters"]["lexgate_grades"][0]["value"] == 6
    assert told["histograms"] == before.snapshot()["histograms"]
    assert told["gauges"] == {}


@pytest.mark.parametrize(
    "content", [None, b"", b"{", b"[]", b'{"counters": {"lexgate_grades": [{}]}}', b'{"counters": 1}']
)
def test_an_unreadable_past_is_no_past(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        snapshot_path(tmp_path, 0).parent.mkdir()
        snapshot_path(tmp_path, 0).write_bytes(content)
    assert not resume_snapshot(Registry(), tmp_path, 0)


def test_a_snapshot_is_replaced_whole(tmp_path: Path) -> None:
    figures = Registry()
    for _ in range(3):
        figures.count("lexgate_grades", grade="L1")
        write_snapshot(figures, tmp_path, 7, {"bundle": "sha256:00"})
    assert [path.name for path in snapshot_path(tmp_path, 7).parent.iterdir()] == ["worker-7.json"]
    assert json.loads(snapshot_path(tmp_path, 7).read_bytes())["counters"]["lexgate_grades"][0]["value"] == 3
    assert json.loads(snapshot_path(tmp_path, 7).read_bytes())["bundle"] == "sha256:00"
