"""Bare texts: what completions, embeddings and moderations ask, what is refused, and what their answers may say."""

from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import BadRequest
from gateway.inspection.guard import GuardScanner
from gateway.protocols.cap import capped
from gateway.protocols.registry import DECODERS, upstream_body
from gateway.redaction.placeholder import Restorable
from gateway.redaction.stream import AnswerStream
from tests.providers import answers, texts
from tests.providers.behaviour import parse

NAME = "⟦PERSON_7f3a9c0d12e4b658⟧"
KNOWN = {NAME: Restorable("PERSON", "Maria")}
SECRET = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"
FIELDS = {"openai_completions": "prompt", "openai_embeddings": "input", "openai_moderations": "input"}
GUARD = GuardScanner()


def body(**fields) -> bytes:
    return json.dumps({"model": "m"} | fields, ensure_ascii=False).encode()


@pytest.mark.parametrize("protocol", FIELDS)
@pytest.mark.parametrize("value", ["call Bob", ["call", "Bob"]])
def test_texts_are_what_the_user_says(protocol, value):
    request = DECODERS[protocol](body(**{FIELDS[protocol]: value}))
    assert [part.text for part in request.parts()] == ([value] if isinstance(value, str) else value)
    assert {(part.kind.value, part.role) for part in request.parts()} == {("text", "user")}
    assert (request.protocol, request.references, request.uninspected) == (protocol, (), ())


@pytest.mark.parametrize("protocol", FIELDS)
@pytest.mark.parametrize(
    ("value", "where"),
    [([1, 2], "[0]"), ([[1, 2], [3]], "[0]"), (["a", 5], "[1]"), (7, ""), ([], ""), ([None], "[0]"), (None, "")],
)
def test_token_numbers_and_other_things_are_refused(protocol, value, where):
    with pytest.raises(BadRequest) as refused:
        DECODERS[protocol](body(**{FIELDS[protocol]: value}))
    assert refused.value.param == FIELDS[protocol] + where
    if where and value[-1] is not None:
        assert "token numbers, which cannot be inspected: send the text" in refused.value.message


def test_completions_stream_and_ask_for_usage_and_embeddings_do_not():
    sent = body(prompt="x", stream=True, max_tokens=90, suffix="called Bob")
    request = DECODERS["openai_completions"](sent)
    assert upstream_body(request, sent) == sent.replace(b"{", b'{"stream_options":{"include_usage":true},', 1)
    assert (request.wants_usage, request.max_output) == (False, 90)
    assert [part.text for part in request.parts()] == ["x", "called Bob"]
    assert capped(request, sent, 50) == sent.replace(b"90", b"50")
    for protocol in ("openai_embeddings", "openai_moderations"):
        with pytest.raises(BadRequest, match="does not stream"):
            DECODERS[protocol](body(input="x", stream=True))


def test_moderations_read_blocks_and_need_no_model():
    image = {"type": "image_url", "image_url": {"url": "https://a.example/x.png"}}
    request = DECODERS["openai_moderations"](json.dumps({"input": [{"type": "text", "text": "Bob"}, image]}).encode())
    assert request.model == "omni-moderation-latest"
    assert request.references == ("url",)
    assert "Bob" in [part.text for part in request.parts()]
    inline = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGVsbG8gd29ybGQhIQ=="}}
    assert DECODERS["openai_moderations"](body(input=[inline])).uninspected == ("image",)


def stream_of(text: str, size: int, *, usage: bool = True) -> bytes:
    request = {"model": f"echo/size-{size}", "prompt": text, "stream_options": {"include_usage": usage}}
    said = answers.answer(texts.as_chat(request), b"", parse(request["model"]))
    events = (data if isinstance(data, str) else json.dumps(data) for _, data in texts.completion_events(said, request))
    return b"".join(f"data: {data}\n\n".encode() for data in events)


def run(sent, *, parts=None, streaming=True, protocol="openai_completions", **options):
    stream = AnswerStream("openai", protocol=protocol, streaming=streaming, **({"placeholders": KNOWN} | options))
    out = b"".join(stream.feed(part) for part in parts or [sent])
    finished = stream.finish()
    return out, finished.body, finished.report


def text_of(stream: bytes) -> str:
    events = [orjson.loads(line[6:]) for line in stream.splitlines() if line.startswith(b"data: {")]
    return "".join(choice["text"] for event in events for choice in event["choices"])


@given(
    text=st.text(st.sampled_from("ab ⟦⟧PER_7f\"{中"), max_size=30), at=st.integers(0, 30), size=st.integers(1, 9),
    cuts=st.lists(st.integers(1, 200), min_size=1, max_size=6), labelled=st.booleans(), hide=st.booleans(),
)  # fmt: skip
@settings(max_examples=100, deadline=None)
def test_a_stream_of_any_pieces_comes_back_whole(text, at, size, cuts, labelled, hide):
    text = "x " + text[:at] + NAME + text[at:]
    sent = stream_of(text, size)
    options = {"label": (lambda said: " [AI]") if labelled else None, "hide_usage": hide, "guard": GUARD}
    whole = run(sent, **options)
    parts, start = [], 0
    while start < len(sent):
        parts.append(sent[start : start + cuts[len(parts) % len(cuts)]])
        start += len(parts[-1])
    assert run(sent, parts=parts, **options) == whole
    out, end, report = whole
    assert (end, report.complete, report.finish) == (b"data: [DONE]\n\n", True, "stop")
    assert text_of(out) == text.replace(NAME, "Maria") + (" [AI]" if labelled else "")
    assert report.usage.output > 0
    assert (b"usage" in out) is not hide


def test_a_guarded_completion_ends_as_filtered():
    out, end, report = run(stream_of(f"the key {SECRET} more", 5), guard=GUARD)
    assert (report.stopped, text_of(out)) == ("API_KEY", "the key ")
    assert b'"finish_reason":"content_filter"' in out
    assert end == b"data: [DONE]\n\n"
    request = {"model": "echo", "prompt": f"so {SECRET}"}
    said = answers.answer(texts.as_chat(request), b"", parse("echo"))
    whole = orjson.dumps(texts.completion(said, request))
    answer = json.loads(run(whole, streaming=False, guard=GUARD)[1])
    assert answer["choices"][0] | {"logprobs": 0} == {
        "index": 0,
        "text": "so ",
        "logprobs": 0,
        "finish_reason": "content_filter",
    }


def test_a_whole_completion_is_spliced_and_loses_the_logprobs_of_a_changed_text():
    choice = {"text": f"I am {NAME}", "index": 0, "logprobs": {"tokens": [NAME]}, "finish_reason": "stop"}
    sent = json.dumps({"id": "cmpl-1", "choices": [choice], "usage": {"prompt_tokens": 3}}, ensure_ascii=False)
    _, end, report = run(sent.encode(), streaming=False)
    assert end.decode() == sent.replace('{"tokens": ["' + NAME + '"]}', "null").replace(NAME, "Maria")
    assert (report.usage.input, report.complete) == (3, True)
    assert run(b'{"choices":[{"text":"hi"}]}', streaming=False)[1] == b'{"choices":[{"text":"hi"}]}'


@pytest.mark.parametrize("protocol", ["openai_embeddings", "openai_moderations"])
def test_numbers_pass_as_they_are_and_hide_nothing(protocol):
    request = {"model": "m", "input": ["a", "b"]}
    sent = orjson.dumps(texts.embeddings(request) if protocol == "openai_embeddings" else texts.moderation(request))
    out, end, report = run(sent, streaming=False, protocol=protocol, guard=GUARD)
    assert (out, end, report.complete) == (b"", sent, True)
    tree = orjson.loads(sent)
    for place in ({"id": SECRET}, {"data": [{"embedding": [0.5, SECRET]}]}, {"results": [{"flagged": SECRET}]}):
        _, end, report = run(orjson.dumps(tree | place), streaming=False, protocol=protocol, guard=GUARD)
        assert (report.stopped, report.complete) == ("API_KEY", False)
        assert SECRET.encode() not in end
    error = orjson.dumps({"error": {"message": f"no {SECRET}", "type": "server_error"}})
    assert SECRET.encode() not in run(error, streaming=False, protocol=protocol, guard=GUARD)[1]
    assert run(sent, protocol=protocol)[2].complete is False
