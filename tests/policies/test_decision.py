"""Rules only add; the merge is a lattice: the order of hits never matters, and another hit never weakens a decision."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.decision import LATTICE, OPERATORS, SCHEMA, merge, read_hits
from policies.errors import PolicyFailed


def hit(effect: str, **more: object) -> dict[str, object]:
    return {"id": f"r.{effect}", "effect": effect, "citation": "c", "message": "m", "remedy": "do", **more}


def decide(*hits: dict[str, object]):
    return merge(read_hits({"schema": SCHEMA, "hits": list(hits)}), "sha256:x")


PAYLOAD = {
    "allow": {}, "log": {"log": "full"}, "label": {"labels": ["explicit"]}, "cap": {"cap": 100},
    "redact": {"redact": {"PERSON": "placeholder"}}, "route": {"route": ["DE"]}, "approval": {}, "block": {},
}  # fmt: skip


@st.composite
def hits(draw):
    effect = draw(st.sampled_from(LATTICE))
    raw = hit(effect, **PAYLOAD[effect])
    raw["id"] = draw(st.sampled_from(["a", "b", "c"]))
    if effect == "route":
        raw["route"] = draw(st.lists(st.sampled_from(["DE", "CN", "US"]), min_size=1, unique=True))
    if effect == "redact":
        raw["redact"] = draw(st.dictionaries(st.sampled_from("PQR"), st.sampled_from(OPERATORS), min_size=1))
    if effect == "cap":
        raw["cap"] = draw(st.integers(1, 9))
    return raw


def test_no_hit_is_an_allowed_call():
    decision = decide()
    assert (decision.action, decision.obligations, decision.unmodified) == ("allow", (), True)


@pytest.mark.parametrize("weaker", range(len(LATTICE) - 1))
def test_the_stronger_effect_leads(weaker: int):
    low, high = LATTICE[weaker], LATTICE[weaker + 1]
    decision = decide(hit(low, **PAYLOAD[low]), hit(high, **PAYLOAD[high]))
    assert decision.action == high
    assert decision.leading.id == f"r.{high}"


def test_a_block_does_not_hide_the_other_obligations():
    decision = decide(hit("block"), hit("redact", redact={"PERSON": "remove"}), hit("log", log="full"))
    assert decision.obligations == ("block", "redact", "log_full")


@given(st.lists(hits(), max_size=6), st.randoms())
def test_the_order_of_hits_does_not_matter(some, random):
    shuffled = list(some)
    random.shuffle(shuffled)
    assert decide(*some) == decide(*shuffled)


@given(st.lists(hits(), max_size=5), hits())
def test_one_more_hit_never_weakens(some, more):
    before, after = decide(*some), decide(*some, more)
    assert LATTICE.index(after.action) >= LATTICE.index(before.action)
    assert set(before.labels) <= set(after.labels)
    assert after.log >= before.log if before.log == "full" else True
    assert all(OPERATORS.index(after.redact[k]) >= OPERATORS.index(v) for k, v in before.redact.items())
    assert after.cap is not None if before.cap is not None else True
    assert not before.route or after.action == "block" or set(after.route) <= set(before.route)


def test_routes_that_agree_on_nowhere_block():
    decision = decide(hit("route", route=["DE"]), hit("route", route=["CN"]))
    assert decision.action == "block"
    assert decision.leading.id == "lexgate.no_common_region"


@pytest.mark.parametrize(
    "answer",
    [
        None, [], "allow", {}, {"schema": SCHEMA}, {"schema": "other", "hits": []}, {"schema": SCHEMA, "hits": {}},
        {"schema": SCHEMA, "hits": [], "more": 1}, {"schema": SCHEMA, "hits": ["x"]},
    ],
)  # fmt: skip
def test_an_answer_of_another_shape_is_no_decision(answer: object):
    with pytest.raises(PolicyFailed):
        read_hits(answer)


@pytest.mark.parametrize(
    "raw",
    [
        hit("permit"), hit("redact"), hit("redact", redact={}), hit("redact", redact={"PERSON": "mask"}),
        hit("redact", redact=["PERSON"]), hit("route"), hit("route", route=[]), hit("route", route=[""]),
        hit("cap"), hit("cap", cap=True), hit("cap", cap=-1), hit("label"), hit("label", labels="explicit"),
        hit("log", log="loud"), hit("log", guard="all"), hit("log", tier=3), hit("log", extra=1),
        {**hit("log"), "id": ""}, {**hit("log"), "remedy": None}, {"effect": "allow"},
    ],
)  # fmt: skip
def test_a_hit_of_another_shape_is_no_decision(raw: dict[str, object]):
    with pytest.raises(PolicyFailed):
        decide(raw)
