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


@pytest.mark.parametrize("names", [["", "send_mail"], ["send_", "mail"]])
@pytest.mark.parametrize("index", [{"index": 0}, {}])
def test_late_and_split_names_of_outbound_tools_restore_nothing(names, index):
    sent = b""
    for name, text in zip(names, ["", json.dumps({"to": NAME})], strict=True):
        call = index | {"id": "a", "function": {"name": name, "arguments": text}}
        sent += event({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]})
    assert b"Maria" not in run("openai", sent)[0]
