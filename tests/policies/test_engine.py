"""The adapter: undefined, errors, panics and wrong shapes are refusals, and nothing of the input leaks into them."""

from __future__ import annotations

import threading

import pytest

from policies.bundle import assemble, load
from policies.engine import Engine
from policies.errors import BundleInvalid, FactsInvalid, PolicyError, PolicyFailed
from policies.samples import changed, neutral, samples

HIT = '{"id": "t", "effect": "log", "citation": "c", "message": "m", "remedy": "r"}'


def engine(body: str) -> Engine:
    return Engine(assemble("test", {"t.rego": f"package lexgate\n\n{body}".encode()}))


def test_a_rule_that_speaks():
    decision = engine(f'decision := {{"schema": "lexgate/decision@1", "hits": [{HIT}]}}').decide(neutral())
    assert [rule.id for rule in decision.rules] == ["t"]


def test_a_rule_about_where_files_are_from():
    rule = f"""decision := {{"schema": "lexgate/decision@1", "hits": hits}}

hits contains {HIT} if "aigc" in input.request.provenance"""
    for provenance, spoke in (["aigc", "c2pa"], ["t"]), (["c2pa"], []), ([], []):
        decision = engine(rule).decide(changed(neutral(), {"request": {"provenance": provenance}}))
        assert [hit.id for hit in decision.rules] == spoke


@pytest.mark.parametrize(
    "body",
    [
        'decision := {"schema": "lexgate/decision@1", "hits": []} if input.attempt == 99',  # undefined
        'decision := {"schema": "lexgate/decision@1", "hits": input.caller.user}',  # wrong shape
        'decision := {"schema": "lexgate/decision@1", "hits": {"a": 1}}',
        "decision := true",
        'decision := "<undefined>"',
        "decision := null",
        "decision := 1 if true\n\ndecision := 2 if true",  # conflict
        'decision := {"schema": "lexgate/decision@1", "hits": [], "n": 1 / 0}',
        'decision := {"schema": "lexgate/decision@1", "hits": [no_such(input)]}',
        "other := true",  # no entry point
    ],
)
def test_no_decision_is_a_refusal(body: str):
    with pytest.raises(PolicyFailed):
        engine(body).decide(neutral())


def test_a_bad_document_never_reaches_the_rules():
    with pytest.raises(FactsInvalid):
        engine("decision := true").decide({"schema": "lexgate/input@1"})


def test_failures_do_not_quote_the_input():
    planted = changed(neutral(), {"caller": {"user": "zhang.wei.planted"}})
    for body in ("decision := to_number(input.caller.user)", "decision := input.caller.user + 1",
                 "decision := input.caller.user", 'decision := time.parse_rfc3339_ns(input.caller.user)'):  # fmt: skip
        with pytest.raises(PolicyFailed) as failed:
            engine(body).decide(planted)
        assert "planted" not in str(failed.value)
        assert failed.value.__cause__ is None


def test_an_engine_refuses_other_threads_instead_of_panicking():
    mine = Engine(load("builtin:strict"))
    caught: list[BaseException] = []

    def elsewhere() -> None:
        try:
            mine.decide(neutral())
        except BaseException as error:
            caught.append(error)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert [type(error) for error in caught] == [PolicyFailed]
    assert mine.decide(neutral()).action == "allow"


def test_a_failure_leaves_the_engine_usable():
    mine = engine('decision := {"schema": "lexgate/decision@1", "hits": []} if input.attempt == 1')
    with pytest.raises(PolicyFailed):
        mine.decide({**neutral(), "attempt": 2})
    assert mine.decide(neutral()).action == "allow"


def test_a_bundle_that_does_not_compile_names_file_and_line():
    with pytest.raises(BundleInvalid) as refused:
        engine("decision := {\n")
    assert refused.value.file == "t.rego"
    assert refused.value.line >= 3


@pytest.mark.parametrize("name", ["builtin:strict", "builtin:lawful"])
def test_the_built_in_bundles_decide_every_sample(name: str):
    bundle = load(name)
    mine = Engine(bundle)
    for document in samples():
        decision = mine.decide(document)
        assert decision.bundle == bundle.digest
        assert all(rule.citation and rule.remedy for rule in decision.rules)


def test_no_error_of_another_library_escapes():
    for body in ("decision := [", "decision := data.lexgate.decision", "decision := numbers.range(1, input.caller)"):
        with pytest.raises(PolicyError):
            engine(body).decide(neutral())
