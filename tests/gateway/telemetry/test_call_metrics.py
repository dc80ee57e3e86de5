"""What an ended call moves in the metrics, whether its kind is new or was seen before."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from gateway.flow import Timing, Usage
from gateway.telemetry.call_metrics import LARGE, CallMetrics
from gateway.telemetry.metrics import Registry


def call(**named: Any) -> Any:
    given = {
        "endpoint": SimpleNamespace(protocol="openai_chat"),
        "decision": SimpleNamespace(action="redact"),
        "status": "completed",
        "principal": object(),
        "classification": SimpleNamespace(grade="L3", entities={"PERSON": 2}),
        "provider": SimpleNamespace(name="demo"),
        "intents": 1,
        "timing": Timing(1.0, 1.01, 1.5, 2.0),
        "error": None,
        "redacted": SimpleNamespace(redactions={"PERSON": 2}),
        "report": SimpleNamespace(stopped=None, usage=Usage(31, 0, 0, 17)),
        "body": b"{}",
        "terminal": b"{}",
    }
    return SimpleNamespace(**{**given, **named})


def value(metrics: Registry, family: str, **labels: str) -> float | None:
    rows = metrics.snapshot()["counters"].get(family, [])
    return next((row["value"] for row in rows if row["labels"] == labels), None)


def test_calls_of_one_kind_add_up() -> None:
    metrics = Registry()
    counted = CallMetrics(metrics)
    for _ in range(3):
        counted.count(call())
    assert value(metrics, "lexgate_calls", protocol="openai_chat", decision="redact", status="completed") == 3
    assert value(metrics, "lexgate_grades", grade="L3") == 3
    assert value(metrics, "lexgate_findings", label="PERSON") == 6
    assert value(metrics, "lexgate_redactions", label="PERSON") == 6
    assert value(metrics, "lexgate_tokens", provider="demo", kind="input") == 93
    assert value(metrics, "lexgate_tokens", provider="demo", kind="output") == 51
    times = {name: rows[0] for name, rows in metrics.snapshot()["histograms"].items()}
    assert {name: round(row["sum"], 2) for name, row in times.items()} == {
        "lexgate_call_seconds": 3.0, "lexgate_own_seconds": 0.03, "lexgate_first_byte_seconds": 1.47,
    }  # fmt: skip


def test_a_stranger_a_refusal_and_a_stop_are_counted_as_such() -> None:
    metrics = Registry()
    counted = CallMetrics(metrics)
    nothing = {
        "decision": None,
        "classification": None,
        "provider": None,
        "intents": 0,
        "report": None,
        "redacted": None,
    }
    refused = SimpleNamespace(code="lexgate_unauthenticated")
    counted.count(call(principal=None, error=refused, status="failed", timing=Timing(1.0), **nothing))
    counted.count(call(report=SimpleNamespace(stopped="API_KEY", usage=None)))
    assert value(metrics, "lexgate_calls", protocol="openai_chat", decision="none", status="unauthenticated") == 1
    assert value(metrics, "lexgate_refusals", code="lexgate_unauthenticated") == 1
    assert value(metrics, "lexgate_guard_stops", label="API_KEY") == 1


def test_a_later_attempt_has_waited_on_a_provider_so_it_is_not_our_time() -> None:
    metrics = Registry()
    CallMetrics(metrics).count(call(intents=2))
    assert metrics.snapshot()["histograms"]["lexgate_own_seconds"][0]["sum"] == 0


def test_a_large_call_is_counted_at_once_and_small_ones_together() -> None:
    metrics = Registry()
    counted = CallMetrics(metrics)
    labels = {"protocol": "openai_chat", "decision": "redact", "status": "completed"}
    counted.ended(call())
    assert value(metrics, "lexgate_calls", **labels) is None
    counted.ended(call(body=b"x" * LARGE))
    counted.ended(call(terminal=b"x" * LARGE))
    assert value(metrics, "lexgate_calls", **labels) == 2
    counted.count_all()
    assert value(metrics, "lexgate_calls", **labels) == 3
