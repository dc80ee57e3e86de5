"""What is said at once of a plain whole answer is what the answer's whole way says; of every other one nothing is said."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.inspection.guard import GuardScanner
from gateway.protocols import plain_answer
from gateway.protocols.plain_answer import LARGEST, plain_report, whole_message_python
from gateway.protocols.vocabulary import MODEL
from gateway.redaction.channel import Rules
from gateway.redaction.placeholder import Restorable
from gateway.redaction.stream import AnswerStream

GUARD = GuardScanner()
NAME = "⟦PERSON_0123456789abcdef⟧"
KNOWN = {NAME: Restorable("PERSON", 'A "B"')}
SAID = ("Hello. ", NAME, "⟦", "4111 1111 1111 1111", "AKIAIOSFODNN7EXAMPLE", "\\n", "\\", "é", "\x00")
USAGE = {"prompt_tokens": 200, "completion_tokens": 100, "total_tokens": 300}
DETAILS = {"prompt_tokens_details": {"cached_tokens": 7, "audio_tokens": 0}}
RULES = (Rules(), Rules(guard=GUARD), Rules(KNOWN, GUARD))


def answer(text, **changed):
    message = {"role": "assistant", "content": text, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    made = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "canned", "choices": [choice]}
    return {**made, "usage": USAGE, **changed}


def whole_way(body, rules, json_mode):
    stream = AnswerStream(
        "openai",
        streaming=False,
        placeholders=rules.placeholders,
        guard=rules.guard,
        json_mode=json_mode,
        protocol="openai_chat",
    )
    stream.feed(body)
    return stream.finish()


def by_c(body, rules, json_mode):
    """What the extension says, which must be what Python says, or nothing."""
    if plain_answer.whole_message is None:
        return None
    automaton = getattr(rules.guard, "automaton", None)
    said = plain_answer.whole_message(automaton, body, bool(rules.placeholders), json_mode)
    if said is not None:
        written = whole_message_python(automaton, body, bool(rules.placeholders), json_mode)
        assert written is not None
        assert said[:-1] == written[:-1]
        assert said[-1] == (all(name is None or MODEL.fullmatch(name) is not None for name in said[2:4]))
    return said


def agree(body, rules, json_mode):
    by_c(body, rules, json_mode)
    report = plain_report(body, rules, json_mode=json_mode)
    if report is not None:
        end = whole_way(body, rules, json_mode)
        assert (end.body, end.report, end.error) == (body, report, None)
    return report


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("json_mode", [False, True])
@given(
    text=st.lists(st.one_of(st.sampled_from(SAID), st.text(max_size=8)), max_size=5).map("".join),
    name=st.sampled_from(["chatcmpl-1", "id 4111111111111111", "DE89370400440532013000", "x" * 200, 7, None, ["a"]]),
    usage=st.sampled_from([USAGE, USAGE | DETAILS, {**USAGE, "x": "AKIAIOSFODNN7EXAMPLE"}, {"total_tokens": 3}, None]),
)
def test_any_text_gives_what_the_whole_way_gives(rules, json_mode, text, name, usage):
    agree(orjson.dumps(answer(text, id=name, usage=usage)), rules, json_mode)


ODD = st.recursive(
    st.one_of(st.none(), st.integers(0, 9), st.text(max_size=8), st.sampled_from(SAID)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.dictionaries(st.sampled_from(["text", "content", "AKIAIOSFODNN7EXAMPLE"]), inner, max_size=2),
    ),
    max_leaves=4,
)
MEMBERS = (
    "id model usage choices index message logprobs finish_reason role content refusal annotations tool_calls error x"
)


@given(st.sampled_from(["top", "choice", "message"]), st.sampled_from(MEMBERS.split()), ODD)
def test_any_value_anywhere_gives_what_the_whole_way_gives(level, key, value):
    made = answer("Hello.")
    {"top": made, "choice": made["choices"][0], "message": made["choices"][0]["message"]}[level][key] = value
    agree(orjson.dumps(made), Rules(KNOWN, GUARD), json_mode=False)


@given(st.binary(max_size=64), st.integers(0, 400), st.integers(0, 8))
def test_any_bytes_give_what_the_whole_way_gives(bytes_, at, cut):
    body = orjson.dumps(answer("Hello."))
    agree(body[:at] + bytes_ + body[at + cut :], Rules(KNOWN, GUARD), json_mode=False)


def test_the_usual_answer_is_said_at_once():
    report = agree(orjson.dumps(answer("A gateway reads each call.", usage=USAGE | DETAILS)), RULES[2], json_mode=True)
    assert report is not None
    assert report.complete
    assert report.usage is not None
    assert report.usage.cached_input == 7


@pytest.mark.parametrize(
    "body",
    [
        orjson.dumps(answer("key AKIAIOSFODNN7EXAMPLE")),
        orjson.dumps(answer("Hello.", id="id 4111111111111111")),
        orjson.dumps(answer(f"Dear {NAME}")),
        orjson.dumps(answer("x" * LARGEST)),
        orjson.dumps(answer("Hello.", error={"type": "server_error"})),
        orjson.dumps(answer("Hello.")).replace(b'"refusal":null', b'"refusal":null,"content":"AKIAIOSFODNN7EXAMPLE"'),
        orjson.dumps(answer("Hello.")).replace(b'"refusal"', b'"\\u0072efusal"'),
        b"[]",
        b"{",
    ],
    ids=["secret", "number in its id", "placeholder", "large", "error", "twice", "escaped key", "list", "no JSON"],
)
def test_what_has_to_be_looked_at_goes_the_whole_way(body):
    assert plain_report(body, Rules(KNOWN, GUARD), json_mode=False) is None


@pytest.mark.skipif(plain_answer.whole_message is None, reason="the C extension was not built")
@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize(
    "body",
    [
        orjson.dumps(answer("A gateway reads each call.", usage=USAGE | DETAILS)),
        orjson.dumps(answer('Good: \u00fc,\n"\\t" \U0001f600')).replace(b"G", b"\\u0047"),
        orjson.dumps(answer(""), option=orjson.OPT_INDENT_2),
        orjson.dumps(answer("Hello.", usage=None, system_fingerprint=None, id=None)),
        orjson.dumps(answer("Hello.", usage={**USAGE, "completion_tokens_details": {"reasoning_tokens": 3}})),
        orjson.dumps(dict(reversed(answer("Hello.").items()))),
        orjson.dumps(answer("Hello.", usage={**USAGE, "total_tokens": 999_999_999_999_999})),
    ],
    ids=["usual", "escapes", "indented", "nulls", "reasoning", "another order", "the largest count"],
)
def test_the_extension_takes_the_usual_answers(body, rules):
    assert by_c(body, rules, json_mode=False) is not None
    agree(body, rules, json_mode=False)


@pytest.mark.skipif(plain_answer.whole_message is None, reason="the C extension was not built")
@pytest.mark.parametrize(
    ("was", "is_"),
    [
        (b'"created":1', b'"created":01'),
        (b'"created":1', b'"created":1e3'),
        (b'"created":1', b'"created":-1'),
        (b'"index":0', b'"index":0.0'),
        (b'"index":0', b'"index":00'),
        (b'"prompt_tokens":200', b'"prompt_tokens":2000000000000000000'),
        (b'"prompt_tokens":200', b'"prompt_tokens":"200"'),
        (b'"prompt_tokens":200', b'"prompt_tokens":99999999999999999999'),  # more than the machine counts to
        (b'"prompt_tokens":200', b'"prompt_tokens":1000000000000000'),
        (b'"refusal":null', b'"refusal":nul'),
        (b'"refusal":null', b'"refusal":null,'),
        (b'"content":"Hello."', b'"content":"\xff"'),
        (b'"content":"Hello."', b'"content":"\\ud800"'),
        (b'"content":"Hello."', b'"content":null'),
        (b'"object"', b'"id"'),
        (b'"choices":[', b'"choices":[{},'),
        (b"}}", b"}}x"),
        (b'{"id"', b'x{"id"'),
    ],
)
def test_what_is_of_another_form_is_none_of_the_extensions_business(was, is_):
    body = orjson.dumps(answer("Hello."))
    assert was in body
    assert by_c(body.replace(was, is_, 1), RULES[2], json_mode=False) is None
