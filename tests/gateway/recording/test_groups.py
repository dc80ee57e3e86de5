"""What a leaf says of a call: for a kind of call that came before it is filled in, and says the same."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from audit.canonical import Rendered, canonical
from audit.projection import row_of
from gateway.deciding.decided_calls import ENDED, FORMS, WRITTEN, Decided, Forms
from gateway.flow import Classification, Principal
from gateway.recording.groups import intent, outcome

WHO = Principal("acme", "assistant", "internal", "li.wei", "support", "CN", "", "0" * 16)
DECISION = SimpleNamespace(
    action="redact", rules=[SimpleNamespace(id="r1", citation="Art. 5")], bundle="b", mechanism=None
)


def flow(decided: Decided | None, known: Any = None, **named: Any) -> Any:
    given = {
        "id": "0199aaaa-0000-7000-8000-000000000001",
        "who": WHO,
        "session": "",
        "attempt": 1,
        "facts": {"a": 1},
        "digests": {"received": "r", "forwarded": "f"},
        "decided": decided,
        "decision": DECISION,
        "provider": SimpleNamespace(name="demo", jurisdiction="US"),
        "request": SimpleNamespace(model="m", stream=False),
        "classification": Classification("L3", ("pi",), {"PERSON": 2, "EMAIL": 1}, {}),
        "endpoint": SimpleNamespace(protocol="openai_chat"),
        "redacted": SimpleNamespace(redactions={"PERSON": 2}),
        "routed": False,
        "unread": (),
        "parents": (),
        "parents_by": (),
        "trace": SimpleNamespace(trace_id="a" * 32, span_id="b" * 16),
        "findings": (),
        "known": known,
    }
    return SimpleNamespace(**{**given, **named})


def read(group: Any) -> bytes:
    return group.data if isinstance(group, Rendered) else canonical(group)


names = st.text("abcz09", min_size=1, max_size=4)
calls = st.fixed_dictionaries(
    {
        "parents": st.lists(names, max_size=3).map(tuple),
        "parents_by": st.lists(st.sampled_from(["turn", "span"]), max_size=2).map(tuple),
        "unread": st.lists(names, max_size=2).map(tuple),
        "routed": st.booleans(),
        "session": st.sampled_from(["", "s1"]),
        "digests": st.fixed_dictionaries({"received": st.just("r"), "forwarded": st.sampled_from(["f", "g"])}),
        "redacted": st.dictionaries(names, st.integers(1, 9), max_size=2).map(lambda r: SimpleNamespace(redactions=r)),
        "trace": st.builds(
            SimpleNamespace,
            trace_id=st.text("0123456789abcdef", min_size=32, max_size=32),
            span_id=st.text("0123456789abcdef", min_size=16, max_size=16),
        ),
    }
)


@given(st.lists(calls, min_size=1, max_size=6))
def test_an_intent_of_a_known_kind_and_body_says_what_one_of_an_unknown_one_says(several):
    decided, known = Decided({}, DECISION), SimpleNamespace(subjects=None, said_of=None)
    for named in several:
        first, later = intent(flow(None, **named), 5), intent(flow(decided, known, **named), 5)
        assert {name: read(group) for name, group in later.apart().items()} == {
            name: read(group) for name, group in first.apart().items()
        }
        assert isinstance(later.apart()["pub"], Rendered)
        row = row_of("intent", "acme", "li.wei", first.apart())
        assert later.apart()["pub"].row == row
        if later.apart()["pub"].row_json:
            assert orjson.loads(later.apart()["pub"].row_json) == orjson.loads(orjson.dumps(row))


def test_the_forms_that_are_kept_of_one_kind_are_bounded():
    decided = Decided({}, DECISION)
    for number in range(WRITTEN + 5):
        intent(flow(decided, redacted=SimpleNamespace(redactions={"PERSON": number + 1})), 5)
    assert len(decided.written) == 5


def ended(decided: Decided | None, **named: Any) -> Any:
    """A forwarded call that has ended; its intent has been written."""
    given = {
        "status": "completed",
        "error": None,
        "labels": ("fingerprint",),
        "outputs": None,
        "film": {},
        "intents": 1,
        "user": "li.wei",
        "report": SimpleNamespace(finish="stop", stopped=None, response_model="m", usage=None),
        "upstream": SimpleNamespace(status=200),
        "timing": SimpleNamespace(started=1.0, ended=2.0, first_byte=1.5),
    }
    made = flow(decided, **{**given, **named})
    intent(made, 5)
    return made


ends = st.fixed_dictionaries(
    {
        "status": st.sampled_from(["completed", "failed"]),
        "labels": st.lists(names, max_size=2).map(tuple),
        "report": st.builds(
            SimpleNamespace,
            finish=st.sampled_from([None, "stop"]),
            stopped=st.sampled_from([None, "JWT"]),
            response_model=st.one_of(st.none(), names),
            usage=st.none(),
        ),
        "upstream": st.builds(SimpleNamespace, status=st.sampled_from([200, 404])),
        "film": st.sampled_from([{}, {"state": "ready"}]),
    }
)


@given(st.lists(ends, min_size=1, max_size=6))
def test_an_outcome_of_a_known_kind_and_end_says_what_one_of_an_unknown_one_says(several):
    decided = Decided({}, DECISION)
    for named in several:
        first, later = outcome(ended(None, **named), 5), outcome(ended(decided, **named), 5)
        assert {name: read(group) for name, group in later.apart().items()} == {
            name: read(group) for name, group in first.apart().items()
        }
        assert row_of("outcome", "acme", "li.wei", later.apart()) == row_of("outcome", "acme", "li.wei", first.apart())


def test_few_ends_of_one_kind_are_kept():
    decided = Decided({}, DECISION)
    for number in range(2 * ENDED + 1):
        outcome(ended(decided, labels=(str(number),)), 5)
    assert len(decided.ended) <= ENDED


def test_the_forms_that_are_kept_of_all_kinds_are_bounded_and_what_is_not_kept_is_written_all_the_same():
    forms = Forms()
    kinds = [Decided({}, DECISION, forms=forms) for _ in range(FORMS // WRITTEN + 9)]
    for decided in kinds:
        for number in range(WRITTEN):
            intent(flow(decided, redacted=SimpleNamespace(redactions={"PERSON": number + 1})), 5)
    outcome(ended(kinds[-1]), 5)
    assert forms.kept == sum(len(decided.written) + len(decided.ended) for decided in kinds) == FORMS
    assert len(kinds[-1].written) == len(kinds[-1].ended) == 0
    first, later = intent(flow(None), 5), intent(flow(kinds[-1]), 5)
    assert read(later.apart()["pub"]) == read(first.apart()["pub"])
