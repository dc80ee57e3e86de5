"""The packs as a whole: each rule has its tests, its page and its citation; strict refuses all that lawful refuses."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest
from hypothesis import given, settings

from policies import suite
from policies.bundle import load
from policies.decision import LATTICE
from policies.engine import Engine
from policies.samples import changed, neutral
from tests.policies.documents import documents

PACKS = Path(__file__).resolve().parents[2] / "policies" / "packs"
RULES = sorted(path for path in PACKS.glob("*/*") if path.is_dir())
HEADINGS = ("## Summary", "## Citation", "## Avoid", "## Prefer", "## Rationale", "Certainty:")


@pytest.fixture(scope="module")
def strict() -> Engine:
    return Engine(load("builtin:strict"))


@pytest.fixture(scope="module")
def lawful() -> Engine:
    return Engine(load("builtin:lawful"))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.parent.name}/{rule.name}")
def test_a_rule_has_its_test_and_its_page(rule: Path):
    assert sorted(path.name for path in rule.iterdir()) == [
        f"{rule.name}.md",
        f"{rule.name}.rego",
        f"{rule.name}_test.rego",
    ]
    page = rule.joinpath(f"{rule.name}.md").read_text()
    assert all(heading in page for heading in HEADINGS)
    assert f"package lexgate.packs.{rule.parent.name}.{rule.name}\n" in rule.joinpath(f"{rule.name}.rego").read_text()


def test_every_rule_is_in_strict():
    named = {f"{rule.parent.name}/{rule.name}/{rule.name}.rego" for rule in RULES}
    assert named <= set(load("builtin:strict").modules)


@pytest.mark.parametrize("name", ["builtin:strict", "builtin:lawful"])
def test_the_tests_written_in_rego_pass(name: str):
    results = list(suite.run(load(name)))
    assert len(results) > 80
    assert [(result.name, result.reason) for result in results if not result.passed] == []


def test_every_dated_fact_has_dates_a_citation_and_makes_sense():
    found = list(dated(load("builtin:strict").data))
    assert len(found) > 60
    for entry in found:
        begins = dt.date.fromisoformat(entry["effective_from"])
        assert entry["effective_to"] is None or begins < dt.date.fromisoformat(entry["effective_to"])
        assert "citation" in entry


def dated(node):
    if isinstance(node, dict):
        if "effective_from" in node:
            yield node
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from dated(child)


@settings(max_examples=300, deadline=None)
@given(document=documents())
def test_strict_refuses_whatever_lawful_refuses(strict, lawful, document):
    ours, law = strict.decide(document), lawful.decide(document)
    assert LATTICE.index(ours.action) >= LATTICE.index(law.action)
    assert set(law.redact) <= set(ours.redact)
    assert {rule.id for rule in law.rules} <= {rule.id for rule in ours.rules}


@settings(max_examples=300, deadline=None)
@given(document=documents())
def test_strict_lets_no_personal_label_over_a_border(strict, document):
    decision = strict.decide(document)
    origin, to = document["caller"]["country"], document["destination"]["country"]
    eea = {"DE", "FR", "NO"}
    if origin and (origin == to or {origin, to} <= eea):
        return
    personal = {label for label, n in document["data"]["entities"].items() if n} - {"ORG", "LOCATION"}
    assert personal <= set(decision.redact) or LATTICE.index(decision.action) > LATTICE.index("redact")


@settings(max_examples=200, deadline=None)
@given(document=documents())
def test_secrets_leave_nowhere_in_either_profile(strict, lawful, document):
    document = changed(document, {"data": {"entities": {**document["data"]["entities"], "JWT": 1}}})
    for engine in (strict, lawful):
        decision = engine.decide(document)
        assert decision.redact["JWT"] == "placeholder"
        assert not decision.unmodified


@settings(max_examples=200, deadline=None)
@given(document=documents())
def test_messages_carry_no_fact_of_a_person(strict, document):
    document = changed(document, {"caller": {"user": "planted-user", "tenant": "planted-tenant"}})
    text = " ".join(f"{rule.message} {rule.remedy} {rule.citation}" for rule in strict.decide(document).rules)
    assert "planted" not in text
    assert re.search(r"\d{6,}", text) is None


def test_a_legal_switch_falls_and_the_framework_with_it():
    bundle = load("builtin:lawful")
    fallen = bundle.files["law/eu/data.json"].replace(b'"valid": true', b'"valid": false')
    from policies.bundle import assemble

    after = assemble("after", {**bundle.files, "law/eu/data.json": fallen})
    call = changed(neutral(), {"destination": {"country": "US", "certifications": ["dpf"]},
                               "data": {"entities": {"PERSON": 1}, "subjects": {"pi": 1}}})  # fmt: skip
    assert Engine(bundle).decide(call).unmodified
    assert Engine(after).decide(call).action == "redact"
    assert after.digest != bundle.digest


def test_a_clean_call_at_home_is_allowed_in_both(strict, lawful):
    assert strict.decide(neutral()).action == lawful.decide(neutral()).action == "allow"
