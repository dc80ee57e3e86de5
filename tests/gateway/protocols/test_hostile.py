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


@pytest.mark.parametrize("protocol", DECODERS)
@given(
    fields=st.dictionaries(words, trees, max_size=4), content=trees, noise=st.binary(max_size=4), at=st.integers(0, 300)
)
@settings(max_examples=100, deadline=None)
def test_a_request_is_read_or_refused(protocol, fields, content, noise, at):
    turn = {"role": "user", "content": content} | fields
    tree = {"model": "m", "messages": [turn], "contents": [{"parts": [content]} | fields], "content": turn}
    tree |= {"input": [turn], "prompt": content} | fields
    body = json.dumps(tree).encode()
    for sent in (body, body[:at] + noise + body[at:], body[:at]):
        try:
            request = DECODERS[protocol](sent, labels=("text",))
        except BadRequest:
            continue
        request.parts()
        written = upstream_body(request, request.body)
        assert not written or orjson.loads(written) is not None  # a status is asked for without a body


@pytest.mark.parametrize(
    ("family", "protocol", "framing"),
    [
        ("openai", "", "sse"),
        ("anthropic", "", "sse"),
        ("gemini", "", "sse"),
        ("gemini", "", "array"),
        *(("openai", protocol, "sse") for protocol in FORMS),
    ],
)
@pytest.mark.parametrize("streaming", [True, False])
@given(
    events=st.lists(trees, max_size=5),
    kinds=st.lists(words, min_size=5, max_size=5),
    noise=st.binary(max_size=4),
    at=st.integers(0, 300),
)
@settings(max_examples=100, deadline=None)
def test_an_answer_never_breaks_the_gateway(family, protocol, framing, streaming, events, kinds, noise, at):
    sent = b""
    for kind, event in zip(kinds, events, strict=False):
        candidate = {"content": {"parts": [event]}, "finishReason": kind}
        item = {"type": kind, "index": 0, "choices": [event], "content": [event], "output": [event]}
        item |= {"candidates": [candidate]} | (event if isinstance(event, dict) else {})
        text = json.dumps(item).encode()
        array = (b"," if sent else b"[") + text
        sent += text if not streaming else array if framing == "array" else b"data: " + text + b"\n\n"
    for body in (sent, sent[:at] + noise + sent[at:]):
        answer = AnswerStream(family, protocol=protocol, streaming=streaming, label=lambda text: "x", framing=framing)
        answer.feed(body)
        answer.finish()
