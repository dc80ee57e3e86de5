"""A whole answer of the usual shape is read in one look, and gives what the long way gives."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.inspection.guard import GuardScanner
from gateway.protocols import openai_answer
from gateway.redaction.placeholder import Restorable
from gateway.redaction.stream import AnswerStream

GUARD = GuardScanner()
NAME = "⟦PERSON_0123456789abcdef⟧"
SAID = ("Hello. ", NAME, "4111 1111 1111 1111", "AKIAIOSFODNN7EXAMPLE", "\\n", "é")
USAGE = {"prompt_tokens": 200, "completion_tokens": 100, "total_tokens": 300}
DETAILS = {"prompt_tokens_details": {"cached_tokens": 7, "audio_tokens": 0}}


def answer(text, **changed):
    message = {"role": "assistant", "content": text, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    made = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "canned", "choices": [choice]}
    return {**made, "usage": USAGE, **changed}


def finished(body, **options):
    stream = AnswerStream("openai", streaming=False, placeholders={NAME: Restorable("PERSON", 'A "B"')}, **options)
    assert stream.feed(body) == b""
    end = stream.finish()
    return end.body, end.report, repr(end.error)


def both(monkeypatch, body, **options):
    """In one look, if the shape allows it, and the long way."""
    short = finished(body, **options)
    with monkeypatch.context() as patched:
        patched.setattr(openai_answer, "plain_message", lambda _answer: None)
        return short, finished(body, **options)


@given(
    st.lists(st.one_of(st.sampled_from(SAID), st.text(max_size=8)), max_size=5).map("".join),
    st.sampled_from(["chatcmpl-1", "id 4111111111111111", "DE89370400440532013000"]),
    st.sampled_from([USAGE, USAGE | DETAILS, {**USAGE, "x": "AKIAIOSFODNN7EXAMPLE"}, None]),
)
def test_any_text_in_the_usual_shape_gives_what_the_long_way_gives(text, name, usage):
    with pytest.MonkeyPatch.context() as patched:
        for options in ({}, {"guard": GUARD}, {"guard": GUARD, "label": lambda text: f" [{len(text)}]"}):
            short, long = both(patched, orjson.dumps(answer(text, id=name, usage=usage)), **options)
            assert short == long


ODD = st.recursive(st.one_of(st.none(), st.integers(0, 9), st.text(max_size=8), st.sampled_from(SAID)), lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.sampled_from(["text", "content", "AKIAIOSFODNN7EXAMPLE"]), inner, max_size=2)), max_leaves=4)  # fmt: skip


@given(
    st.sampled_from(["top", "choice", "message"]),
    st.sampled_from(
        "id model usage choices index message logprobs finish_reason role content refusal annotations tool_calls x".split()
    ),
    ODD,
)
def test_any_value_anywhere_gives_what_the_long_way_gives(level, key, value):
    made = answer("Hello.")
    {"top": made, "choice": made["choices"][0], "message": made["choices"][0]["message"]}[level][key] = value
    with pytest.MonkeyPatch.context() as patched:
        short, long = both(patched, orjson.dumps(made), guard=GUARD)
        assert short == long
