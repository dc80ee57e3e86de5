"""The input document: what is missing, mistyped or unknown is refused before any rule can fail to fire."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import facts
from policies.errors import FactsInvalid
from policies.samples import changed, neutral, samples

PATHS = [(a, b) for a, part in neutral().items() if isinstance(part, dict) for b in part] + [(a,) for a in neutral()]
OPTIONAL = {(a, b) for a, keys in facts.DEFAULTS.items() for b in keys}


def without(document, path):
    document = copy.deepcopy(document)
    at = document
    for key in path[:-1]:
        at = at[key]
    del at[path[-1]]
    return document


@pytest.mark.parametrize("path", [path for path in PATHS if path not in OPTIONAL])
def test_a_missing_key_is_refused_by_name(path):
    with pytest.raises(FactsInvalid) as refused:
        facts.canonical(without(neutral(), path))
    assert refused.value.path == ".".join(path)


@pytest.mark.parametrize("path", sorted(OPTIONAL))
def test_what_may_be_left_out_has_a_meaning(path):
    assert facts.canonical(without(neutral(), path)) == facts.canonical(neutral())


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("wrong", [object(), 1.5, float("nan"), -1, 2**53])
def test_a_value_of_another_type_is_refused(path, wrong):
    document = neutral()
    at = document
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = wrong
    with pytest.raises(FactsInvalid):
        facts.canonical(document)


def test_true_is_no_count_and_one_is_no_flag():
    for change in ({"attempt": True}, {"data": {"important": 1}}, {"counters": {"cn_pi_ytd": False}}):
        with pytest.raises(FactsInvalid):
            facts.canonical(changed(neutral(), change))


def test_an_unknown_key_is_refused_by_name():
    with pytest.raises(FactsInvalid, match=r"input\.data: has unknown keys: colour"):
        facts.canonical(changed(neutral(), {"data": {"colour": "red"}}))


@pytest.mark.parametrize("now", ["2026-11-24", "2026-11-24T12:00:00+01:00", "2026-02-30T00:00:00Z", "now", "", 5])
def test_a_time_that_is_not_utc_is_refused(now):
    with pytest.raises(FactsInvalid, match=r"input\.now"):
        facts.canonical({**neutral(), "now": now})


def test_time_is_cut_to_the_minute():
    assert facts.canonical({**neutral(), "now": "2026-11-24T12:00:59.999999Z"})["now"] == "2026-11-24T12:00:00Z"


@pytest.mark.parametrize("country", ["de", "EU1", "GERMANY", "D"])
def test_a_country_is_two_capital_letters(country):
    with pytest.raises(FactsInvalid, match=r"caller\.country"):
        facts.canonical(changed(neutral(), {"caller": {"country": country}}))


def test_counters_stand_only_in_calls_with_subjects():
    counted = changed(neutral(), {"counters": {"cn_pi_ytd": 7}})
    assert facts.canonical(counted)["counters"]["cn_pi_ytd"] == 0
    with_person = changed(counted, {"data": {"subjects": {"pi": 1}}})
    assert facts.canonical(with_person)["counters"]["cn_pi_ytd"] == 7


@given(st.sampled_from(list(samples())))
def test_the_canonical_form_is_its_own_canonical_form(document):
    once = facts.canonical(document)
    assert facts.canonical(once) == once
    assert facts.encode(facts.canonical(once)) == facts.encode(once)


def test_the_order_of_lists_and_keys_does_not_matter():
    one = changed(neutral(), {"mechanisms": ["b", "a"], "data": {"categories": ["y", "x"]}})
    two = dict(reversed(changed(neutral(), {"mechanisms": ["a", "b"], "data": {"categories": ["x", "y"]}}).items()))
    assert facts.encode(facts.canonical(one)) == facts.encode(facts.canonical(two))


def test_the_document_given_is_not_changed():
    document = changed(neutral(), {"counters": {"cn_pi_ytd": 7}, "mechanisms": ["b", "a"]})
    before = copy.deepcopy(document)
    facts.canonical(document)
    assert document == before
