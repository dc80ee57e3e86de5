"""Whatever comes in, the only errors are ours: BadRequest from callers' bodies, none at all from providers' bytes."""

from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import BadRequest
from gateway.protocols.registry import DECODERS, upstream_body
from gateway.redaction.stream import FORMS, AnswerStream

words = st.sampled_from(
    """model messages role user assistant content type text image_url url source data tools function name input
    tool_result stream stream_options system choices delta message index tool_calls arguments finish_reason usage error
    prompt_tokens content_block content_block_delta content_block_start content_block_stop message_start message_delta
    input instructions output item item_id part response output_index content_index response.output_text.delta
    response.output_text.done response.output_item.added response.output_item.done response.completed output_text
    text_delta input_json_delta partial_json citations_delta citation thinking stop message_stop id n metadata contents parts
    functionCall args inlineData mimeType thoughtSignature thought systemInstruction generationConfig requests candidates
    finishReason usageMetadata promptFeedback groundingMetadata executableCode code""".split()
)
scalars = st.one_of(words, st.text(max_size=4), st.integers(-1, 10**20), st.floats(), st.booleans(), st.none())
trees = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(words, inner, max_size=5)),
    max_leaves=15,
)


FRAMINGS = (
    ("openai", "", "sse"),
    ("anthropic", "", "sse"),
    ("gemini", "", "sse"),
    ("gemini", "", "array"),
    *(("openai", protocol, "sse") for protocol in FORMS),
)


# Making the trees costs more than reading them: every protocol reads the same ones.
@given(
    fields=st.dictionaries(words, trees, max_size=4), content=trees, noise=st.binary(max_size=4), at=st.integers(0, 300)
)
@settings(max_examples=200, deadline=None)
def test_a_request_is_read_or_refused(fields, content, noise, at):
    turn = {"role": "user", "content": content} | fields
    tree = {"model": "m", "messages": [turn], "contents": [{"parts": [content]} | fields], "content": turn}
    tree |= {"input": [turn], "prompt": content} | fields
    body = json.dumps(tree).encode()
    for sent in (body, body[:at] + noise + body[at:], body[:at]):
        for protocol in DECODERS:
            try:
                request = DECODERS[protocol](sent, labels=("text",))
            except BadRequest:
                continue
            request.parts()
            if request.body:  # looking at a film's job sends nothing
                orjson.loads(upstream_body(request, request.body))


@pytest.mark.parametrize(
    "odd", ["x", 5, None, [], ["x"], {"type": []}, {"type": {}}, {"type": 1}, {"content": [5]}], ids=repr
)
def test_fields_of_another_protocol_may_have_any_form(odd):
    """What a legacy completion has under `tools` or `messages` is an unknown field of it, and never an error of ours."""
    for field in ("tools", "messages", "system", "input", "prompt", "contents"):
        body = {"model": "m", "messages": [{"role": "user", "content": "x"}], "input": "x", "prompt": "x"}
        sent = json.dumps(body | {field: [odd]}).encode()
        for protocol in DECODERS:
            try:
                DECODERS[protocol](sent, labels=("text",)).parts()
            except BadRequest:
                continue


@pytest.mark.parametrize("streaming", [True, False])
@given(
    events=st.lists(trees, max_size=5),
    kinds=st.lists(words, min_size=5, max_size=5),
    noise=st.binary(max_size=4),
    at=st.integers(0, 300),
)
@settings(max_examples=200, deadline=None)
def test_an_answer_never_breaks_the_gateway(streaming, events, kinds, noise, at):
    for family, protocol, framing in FRAMINGS:
        sent = answer_of(events, kinds, framing, streaming=streaming)
        for body in (sent, sent[:at] + noise + sent[at:]):
            answer = AnswerStream(
                family, protocol=protocol, streaming=streaming, label=lambda text: "x", framing=framing
            )
            answer.feed(body)
            answer.finish()


def answer_of(events, kinds, framing, *, streaming):
    sent = b""
    for kind, event in zip(kinds, events, strict=False):
        candidate = {"content": {"parts": [event]}, "finishReason": kind}
        item = {"type": kind, "index": 0, "choices": [event], "content": [event], "output": [event]}
        item |= {"candidates": [candidate]} | (event if isinstance(event, dict) else {})
        text = json.dumps(item).encode()
        array = (b"," if sent else b"[") + text
        sent += text if not streaming else array if framing == "array" else b"data: " + text + b"\n\n"
    return sent
