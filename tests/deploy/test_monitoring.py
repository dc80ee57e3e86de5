"""Alerts and dashboard: every expression parses, and every metric and label in it is one that Lexgate has."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from gateway.control.metrics import render
from gateway.telemetry.metrics import FAMILIES

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "deploy/prometheus/rules.yaml"
DASHBOARD = ROOT / "deploy/grafana/lexgate.json"
FOREIGN = {"up": {"job"}}
"""What Prometheus itself adds."""


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def dashboard_expressions() -> list[str]:
    board = json.loads(DASHBOARD.read_text())
    found = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    found += [annotation["expr"] for annotation in board["annotations"]["list"]]
    return [expression.replace("$__rate_interval", "5m") for expression in found]


EXPRESSIONS = [rule["expr"] for rule in rules()] + dashboard_expressions()


def shown() -> dict[str, set[str]]:
    """The names that GET /metrics has, each with its labels."""
    labels = {name: set(family.labels) for name, family in FAMILIES.items()}
    names: dict[str, set[str]] = {}
    for line in render(Path("/nonexistent"), "1").decode().splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            family = name.removesuffix("_total") if kind == "counter" else name
            own = labels.get(family, {"version"} if name == "lexgate_build_info" else set())
            suffixes = {"histogram": ("_bucket", "_sum", "_count")}.get(kind, ("",))
            names |= {name + suffix: own | ({"le"} if suffix == "_bucket" else set()) for suffix in suffixes}
    return names


def selectors(node: Any) -> Iterator[promql_parser.VectorSelector]:
    """All selectors of a parsed expression."""
    if isinstance(node, promql_parser.VectorSelector):
        yield node
    for name in ("lhs", "rhs", "expr", "param", "vector_selector"):
        child = getattr(node, name, None)
        if child is not None:
            yield from selectors(child)
    for child in getattr(node, "args", None) or ():
        yield from selectors(child)


def grouped(expression: str) -> set[str]:
    return {label.strip() for group in re.findall(r"\bby \(([^)]*)\)", expression) for label in group.split(",")}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_metric_and_label_exists(expression: str) -> None:
    known = shown() | FOREIGN
    found = list(selectors(promql_parser.parse(expression)))
    assert found
    for selector in found:
        assert selector.name in known, selector.name
        assert {matcher.name for matcher in selector.matchers.matchers} <= known[selector.name]
    assert grouped(expression) <= set.union(*(known[selector.name] for selector in found))


def test_a_metric_that_does_not_exist_would_be_seen() -> None:
    assert "lexgate_calls" not in shown(), "counters end in _total"
    assert {selector.name for selector in selectors(promql_parser.parse("a + sum(rate(b[5m]))"))} == {"a", "b"}


def test_error_codes_in_the_alerts_are_ours() -> None:
    from gateway import errors

    codes = {kind.code for kind in vars(errors).values() if isinstance(kind, type) and hasattr(kind, "code")}
    named = set(re.findall(r"lexgate_(?:unavailable|internal|unauthenticated)\b", RULES.read_text()))
    assert len(named) == 3
    assert named <= codes


def test_every_alert_has_a_runbook() -> None:
    headings = re.findall(r"^### (\w+)$", (ROOT / "docs/operations.md").read_text(), re.MULTILINE)
    assert [rule["alert"] for rule in rules()] == headings
    for rule in rules():
        assert rule["annotations"]["runbook"] == f"docs/operations.md#{rule['alert'].lower()}"
        assert rule["labels"]["severity"] in {"critical", "warning"}


def test_every_metric_is_on_the_dashboard() -> None:
    text = DASHBOARD.read_text()
    assert [name for name in FAMILIES if name not in text] == []
    ids = [panel["id"] for panel in json.loads(text)["panels"]]
    assert len(ids) == len(set(ids))
