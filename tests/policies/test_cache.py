"""The cache says what the engine says, and is keyed by what the bundle reads."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from policies import facts
from policies.bundle import assemble, load
from policies.cache import DecisionCache
from policies.engine import Engine
from policies.errors import FactsInvalid
from policies.reads import MISSING, input_paths, projection
from policies.samples import changed, neutral
from tests.policies.documents import documents


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(load("builtin:strict"))


@pytest.fixture(scope="module")
def cache() -> DecisionCache:
    return DecisionCache(64)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=documents())
def test_the_cache_says_what_the_engine_says(engine, cache, document):
    assert cache.decide(engine, document) == engine.decide(document)
    assert cache.decide(engine, document) == engine.decide(document)


def test_another_user_is_the_same_question(engine):
    cache = DecisionCache()
    for user in ("li.wei", "anna"):
        cache.decide(engine, changed(neutral(), {"caller": {"user": user}}))
    assert (cache.hits, cache.misses) == (1, 1)


@pytest.mark.parametrize(
    "change",
    [
        {"caller": {"country": "CN"}}, {"destination": {"country": "US"}}, {"caller": {"audience": "public"}},
        {"data": {"grade": "L2"}}, {"data": {"entities": {"JWT": 1}}}, {"data": {"important": True}},
        {"mechanisms": ["eu_scc"]}, {"request": {"references": ["url"]}}, {"now": "2026-11-24T12:01:00Z"},
        {"data": {"subjects": {"pi": 1}}},
    ],
)  # fmt: skip
def test_what_a_rule_reads_is_another_question(engine, change):
    cache = DecisionCache()
    cache.decide(engine, neutral())
    cache.decide(engine, changed(neutral(), change))
    assert cache.misses == 2


def test_another_bundle_is_another_question(engine):
    cache = DecisionCache()
    cache.decide(engine, neutral())
    cache.decide(Engine(load("builtin:lawful")), neutral())
    assert cache.misses == 2


def test_a_bad_document_is_refused_with_a_full_cache_too(engine):
    cache = DecisionCache()
    cache.decide(engine, neutral())
    missing = neutral()
    del missing["mechanisms"]
    with pytest.raises(FactsInvalid):
        cache.decide(engine, missing)
    with pytest.raises(FactsInvalid):
        cache.decide(engine, {**neutral(), "mechanisms": [object()]})


def test_it_holds_no_more_than_its_capacity(engine):
    cache = DecisionCache(3)
    for n in range(9):
        cache.decide(engine, {**neutral(), "mechanisms": [str(n)]})
    assert len(cache) == 3
    cache.clear()
    assert len(cache) == 0


def test_reads_are_found_and_err_to_the_large_side():
    source = """package p
# input.caller.user in a comment is no reading
a := input.caller.country
b if some x in input.data.entities
c := input.request[input.attempt]
d := f(input.organisation)
e := "# input.now"
"""
    expected = {("caller", "country"), ("data", "entities"), ("request",), ("attempt",), ("organisation",), ("now",)}
    assert input_paths([source]) == expected
    assert input_paths(["p := object.get(input, [x], 1)"]) == {()}
    assert input_paths(["p := input.counters.cn_pi_ytd"]) == {("counters", "cn_pi_ytd"), ("data", "subjects")}
    assert input_paths(["p := input.data\nq := input.data.grade"]) == {("data",)}


def test_a_missing_key_is_not_null():
    project = projection(frozenset({("a", "b"), ("c",)}))
    assert project({"a": {}, "c": None}) == (MISSING, None)


def test_a_bundle_that_takes_the_whole_input_is_keyed_by_all_of_it():
    whole = assemble(
        "t", {"t.rego": b'package lexgate\ndecision := {"schema": "lexgate/decision@1", "hits": []} if input'}
    )
    engine, cache = Engine(whole), DecisionCache()
    cache.decide(engine, neutral())
    cache.decide(engine, changed(neutral(), {"caller": {"user": "anna"}}))
    assert cache.misses == 2


@settings(max_examples=60, deadline=None)
@given(documents())
def test_decisions_replay_from_the_recorded_facts(document):
    engine = Engine(load("builtin:lawful"))
    recorded = facts.canonical(document)
    assert engine.decide_facts(recorded) == engine.decide(document) == engine.decide(recorded)
