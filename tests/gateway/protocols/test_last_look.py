"""What providers put where no channel reads is guarded; what outbound tools get is never restored."""

from __future__ import annotations

import json

import pytest

from gateway.inspection.guard import GuardScanner
from gateway.redaction.placeholder import Restorable
from gateway.redaction.stream import AnswerStream

KEY = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"
NAME = "⟦PERSON_7f3a9c0d12e4b658⟧"
GUARD = GuardScanner()


def event(tree) -> bytes:
    return b"data: " + json.dumps(tree, ensure_ascii=False).encode() + b"\n\n"


def run(family, body, *, streaming=True):
    known = {NAME: Restorable("PERSON", "Maria Schneider")}
    outbound = frozenset({"send_mail"})
    stream = AnswerStream(family, streaming=streaming, placeholders=known, guard=GUARD, outbound=outbound)
    out = stream.feed(body)
    finished = stream.finish()
    return out + finished.body, finished.report


@pytest.mark.parametrize(
    "chunk",
    [
        {"choices": [{"index": 0, "delta": {"content": [{"text": KEY}]}}]},
        {"choices": [{"index": 0, "text": KEY}]},
        {"choices": [{"index": 0, "message": {"content": KEY}}]},
        {"choices": [], "output_text": KEY},
        {"error": {}, "choices": [{"index": 0, "delta": {"content": KEY}}]},
    ],
)
def test_openai_answers_hold_no_secret_at_any_place(chunk):
    assert KEY.encode() not in run("openai", event(chunk))[0]
    assert KEY.encode() not in run("openai", b"event: " + KEY.encode() + b"\n" + event({"choices": []}))[0]
    assert KEY.encode() not in run("openai", json.dumps(chunk).encode(), streaming=False)[0]


def test_anthropic_answers_hold_no_secret_at_any_place():
    block = {"type": "mcp_tool_result", "content": [{"type": "text", "text": KEY}]}
    start = event({"type": "content_block_start", "index": 0, "content_block": block})
    assert KEY.encode() not in run("anthropic", start)[0]
    assert KEY.encode() not in run("anthropic", event({"type": "error", "error": {"message": KEY}}))[0]
    whole = json.dumps({"input_tokens": 1, "content": [block]}).encode()
    assert run("anthropic", whole, streaming=False)[1].stopped == "API_KEY"


def test_equal_keys_are_malformed():
    body = b'{"choices":[{"message":{"content":"a"},"message":{"content":"b"}}]}'
    assert run("openai", body, streaming=False)[1].problem == "malformed"


DEEP = {
    "openai": ({"choices": [{"index": 0, "delta": {"content": NAME}}]}, {"choices": [{"message": {"content": NAME}}]}),
    "anthropic": (
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": NAME}},
        {"type": "message", "content": [{"type": "text", "text": NAME}]},
    ),
    "gemini": ({"candidates": [{"content": {"role": "model", "parts": [{"text": NAME}]}}]},) * 2,
}


@pytest.mark.parametrize("family", DEEP)
@pytest.mark.parametrize("levels", [250, 300, 1000])
@pytest.mark.parametrize("ends", [(b"[", b"]"), (b'{"a":', b"}")])
def test_an_answer_nested_beyond_what_can_be_written_anew_is_malformed(family, levels, ends):
    for streaming, tree in zip((True, False), DEEP[family], strict=True):
        body = json.dumps(tree | {"novel": "here"}, ensure_ascii=False).encode()
        nested = body.replace(b'"here"', ends[0] * levels + b"1" + ends[1] * levels)
        out, report = run(family, b"data: " + nested + b"\n\n" if streaming else nested, streaming=streaming)
        assert report.problem == "malformed"
        assert b"malformed" in out


def test_an_answer_nested_almost_as_deep_gets_its_values_back():
    chunk = event({"choices": [{"index": 0, "delta": {"content": NAME, "novel": "here"}}]})
    out, report = run("openai", chunk.replace(b'"here"', b"[" * 245 + b"]" * 245))
    assert report.problem != "malformed"
    assert b"Maria Schneider" in out


@pytest.mark.parametrize("names", [["", "send_mail"], ["send_", "mail"]])
@pytest.mark.parametrize("index", [{"index": 0}, {}])
def test_late_and_split_names_of_outbound_tools_restore_nothing(names, index):
    sent = b""
    for name, text in zip(names, ["", json.dumps({"to": NAME})], strict=True):
        call = index | {"id": "a", "function": {"name": name, "arguments": text}}
        sent += event({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]})
    assert b"Maria" not in run("openai", sent)[0]


SPLIT = {
    "list": [KEY[:20], KEY[20:]],
    "list of objects": [{"t": KEY[:20]}, {"t": KEY[20:]}],
    "nested": [{"a": {"t": [KEY[:12]]}}, {"a": {"t": [KEY[12:25], KEY[25:]]}}],
    "beside others": [{"t": KEY[:20], "n": "one"}, {"t": KEY[20:], "n": "two"}],
}


@pytest.mark.parametrize("shape", SPLIT)
def test_a_secret_in_pieces_of_an_unknown_shape_is_stopped(shape):
    pieces = SPLIT[shape]
    for chunk in (
        {"choices": [{"index": 0, "delta": {"novel": pieces}}]},
        {"choices": [], "novel": pieces},
        {"choices": [{"index": 0, "message": {"novel": pieces}}]},
    ):
        for streaming in (True, False):
            body = event(chunk) if streaming else json.dumps(chunk).encode()
            out, report = run("openai", body, streaming=streaming)
            assert report.stopped == "API_KEY"
            assert KEY[20:].encode() not in out
    whole = json.dumps({"type": "message", "content": [{"type": "novel", "deep": pieces}]}).encode()
    assert run("anthropic", whole, streaming=False)[1].stopped == "API_KEY"


def test_a_secret_in_pieces_over_events_is_stopped_at_its_last_piece():
    sent = b"".join(
        event({"choices": [{"index": 0, "delta": {"novel": [{"t": piece}]}}]})
        for piece in (KEY[:20], KEY[20:], "after")
    )
    out, report = run("openai", sent)
    assert report.stopped == "API_KEY"
    assert KEY[20:].encode() not in out


def test_strings_that_only_stand_beside_each_other_stop_nothing():
    items = [{"id": f"doc-{number}", "title": "Quarterly report", "pages": ["4111", "12"]} for number in range(40)]
    body = json.dumps({"choices": [{"index": 0, "message": {"content": "x", "sources": items}}]}).encode()
    assert run("openai", body, streaming=False)[0] == body


# --- identifiers, usage, custom tools, long events ---------------------------------------------------------------


@pytest.mark.parametrize("value", [7, {"a": 1}, ["x"], True])
def test_identifiers_that_are_no_texts_are_none(value):
    body = json.dumps({"id": value, "model": value, "choices": [{"index": 0, "message": {"content": "x"}}]}).encode()
    out, report = run("openai", body, streaming=False)
    assert out == body
    assert (report.response_id, report.response_model) == (None, None)


def test_a_long_identifier_is_recorded_cut_and_delivered_whole():
    body = json.dumps({"id": "x" * 500, "choices": [{"index": 0, "message": {"content": "x"}}]}).encode()
    out, report = run("openai", body, streaming=False)
    assert out == body
    assert report.response_id == "x" * 128


@pytest.mark.parametrize("tokens", [-1, 2**53, 1.5, "7", None, True])
def test_counts_that_are_no_natural_numbers_read_as_none(tokens):
    usage = {"prompt_tokens": 3, "completion_tokens": tokens}
    body = json.dumps({"choices": [{"index": 0, "message": {"content": "x"}}], "usage": usage}).encode()
    report = run("openai", body, streaming=False)[1]
    assert (report.usage.input, report.usage.output) == (3, 0)


@pytest.mark.parametrize("space", [",", ", "])
def test_of_the_nulls_for_usage_only_our_own_is_hidden(space):
    stream = AnswerStream("openai", streaming=True, guard=GUARD, hide_usage=True)
    inner = '{"index": 0' + space + '"delta": {"content": "好"' + space + '"usage":null}}'
    sent = ("data: {" + '"choices": [' + inner + "]" + space + '"usage":null}\n\n').encode()
    out = stream.feed(sent)
    tree = json.loads(out[6:])
    assert "usage" not in tree
    assert tree["choices"][0]["delta"] == {"content": "好", "usage": None}


def test_a_usage_event_that_was_asked_for_by_us_alone_is_hidden_and_counted():
    stream = AnswerStream("openai", streaming=True, guard=GUARD, hide_usage=True)
    assert stream.feed(event({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4}})) == b""
    assert stream.report.usage.output == 4


@pytest.mark.parametrize("cut", range(0, len(NAME) + 8, 3))
def test_the_input_of_custom_tools_is_a_text_and_restored_as_one(cut):
    text = f"to {NAME}: hi"
    sent = b""
    for index, piece in enumerate([text[:cut], text[cut:]]):
        call = {"index": 0, "custom": {"input": piece}} | ({"id": "c1"} if not index else {})
        if not index:
            call["custom"]["name"] = "note"
        sent += event({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]})
    sent += event({"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}) + b"data: [DONE]\n\n"
    out, report = run("openai", sent)
    said = "".join(
        call["custom"]["input"]
        for line in out.decode().splitlines()
        if line.startswith("data: {")
        for choice in json.loads(line[6:])["choices"]
        for call in choice["delta"].get("tool_calls", [])
    )
    assert said == "to Maria Schneider: hi"
    assert report.complete


def test_a_secret_in_the_input_of_a_custom_tool_is_stopped():
    call = {"index": 0, "id": "c1", "custom": {"name": "note", "input": f"key {KEY}."}}
    out, report = run("openai", event({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]}))
    assert report.stopped == "API_KEY"
    assert KEY.encode() not in out
