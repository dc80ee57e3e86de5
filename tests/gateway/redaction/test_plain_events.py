"""Deltas of one form, taken many at once: what comes out is what one event at a time gives, wherever the stream is cut."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.protocols.answer import Channels
from gateway.redaction.placeholder import Restorable
from gateway.redaction.stream import AnswerStream
from tests.gateway.redaction.plain_forms import CARD, FORMS, GUARD, KEY, MARK, PADDING, SPOKEN, openai

talks = st.lists(st.sampled_from(SPOKEN), max_size=12)


def stream(form: str, events: list[bytes], cuts: list[int], hide: bool) -> tuple[bytes, object]:
    family, protocol, _, before, after = FORMS[form]
    answer = AnswerStream(
        family,
        streaming=True,
        placeholders={MARK: Restorable("PERSON", 'Li "W" Wei')},
        guard=GUARD,
        hide_usage=hide,
        flow="f",
        protocol=protocol,
    )
    whole, out, at = before + b"".join(events) + after, b"", 0
    for cut in [*sorted({cut % (len(whole) + 1) for cut in cuts}), len(whole)]:
        out += answer.feed(whole[at:cut])
        at = cut
    finished = answer.finish()
    report = finished.report
    said = (report.delivered_text, report.provider_text, report.reasoning_text, report.tool_text)
    return out + finished.body, (*said, report.stopped, report.usage, report.events, report.complete)


@given(
    st.sampled_from(sorted(FORMS)),
    talks,
    st.booleans(),
    st.booleans(),
    st.lists(st.integers(0, 4000), max_size=6),
    st.lists(st.integers(0, 12), max_size=2),
)
@example("openai", ["A", " gateway", " reads", " the", " call"], True, True, [], [])
@example("openai", [" gateway", " reads", f" {CARD}", " more"], False, False, [], [])
@example("anthropic", [" gateway", " reads", " key", KEY, " more", " more"], False, False, [], [2])
@example("tool", ['{"to": "', MARK, '", "a', "\\", 'n": 1', "}"], False, False, [], [])
@example("responses", [" gateway", " reads", " so", "\n", f" {CARD}", " more"], True, False, [], [2])
@example("padded", [f" {CARD}", " gateway"], True, True, [], [])
@example("gemini", [KEY, " gateway"], True, False, [], [])
@example("gemini", [" gateway", " reads", MARK, " more", " so", " of"], True, True, [], [])
def test_many_at_once_are_as_one_at_a_time(
    form: str, spoken: list[str], spaced: bool, usage: bool, cuts: list[int], comments: list[int]
) -> None:
    events = [FORMS[form][2](text, spaced, usage, number) for number, text in enumerate(spoken)]
    for place in comments:
        events.insert(min(place, len(events)), b": keep-alive\n\n")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Channels, "learn", lambda *_: None)  # nothing is ever known: each event goes the whole way
        alone = stream(form, events, [], usage)
    assert stream(form, events, [], usage) == alone
    assert stream(form, events, cuts, usage) == alone


@pytest.mark.parametrize("form", sorted(FORMS))
def test_what_nothing_touches_keeps_its_bytes_many_at_once(form: str) -> None:
    words = (" gateway", " reads", " calls\n", ' before "1" and ') * 20
    events = [FORMS[form][2](text, True, False, 0) for text in words]
    out, (*texts, stopped, _, _, _) = stream(form, events, [], False)
    assert out == FORMS[form][3] + b"".join(events) + FORMS[form][4]
    assert "".join(words) in {text.removesuffix(".") for text in texts[1:]}
    assert stopped is None


@pytest.mark.parametrize("form", sorted(FORMS))
def test_one_event_of_a_form_is_looked_at_and_the_others_are_like_it(
    form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one by one, as they come from a network, with digits and escapes in them."""
    seen: list[bytes] = []
    event = AnswerStream._event
    monkeypatch.setattr(AnswerStream, "_event", lambda self, one: (seen.append(one.raw), event(self, one))[1])
    family, protocol, write, before, _ = FORMS[form]
    answer = AnswerStream(family, streaming=True, guard=GUARD, flow="f", protocol=protocol)
    answer.feed(before)
    seen.clear()
    words = [" gateway", " reads", " 1234567890123456", "\nso", ' "it" ', " goes 4111 1111", "."] * 5
    for number, text in enumerate(words):
        answer.feed(write(text, False, False, number - number % len(PADDING)))
    assert len(seen) == 1
    report = answer.finish().report
    assert "".join(words) in {report.provider_text, report.reasoning_text, report.tool_text}


def test_a_provider_that_puts_something_new_into_each_event_costs_no_form_for_each() -> None:
    answer = AnswerStream("openai", streaming=True, guard=GUARD, flow="f")
    events = [openai(" gateway", False, False).replace(b"}\n\n", b',"padding":"%d"}\n\n' % n) for n in range(50)]
    assert b"".join(answer.feed(event) for event in events) == b"".join(events)
    assert answer._answer.channels.tries == 8


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_what_may_be_said_hides_nothing_that_begins_in_it(size: int) -> None:
    """An identifier that the request carried, and a card whose first four digits are the identifier's last."""
    identifier, rest = "110105 19491231 4303", " 9709 8916 2136"
    text = f"the {identifier}, so {identifier}{rest} more"
    answer = AnswerStream(
        "openai", streaming=True, guard=GUARD, flow="f", allowed=lambda label, _value: label == "CN_ID"
    )
    out = b"".join(answer.feed(openai(text[at : at + size], False, False)) for at in range(0, len(text), size))
    finished = answer.finish()
    assert (finished.report.stopped, finished.report.delivered_text) == (
        "CREDIT_CARD", f"the {identifier}, so {identifier[:-4]}",
    )  # fmt: skip
    assert b"2136" not in out + finished.body
    assert GUARD.find(text.removesuffix(" more"))[-1].label == "CN_ID"
