"""A guarded value as the name of a member is seen at every place of an answer, in every protocol."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from gateway.inspection.guard import GuardScanner
from gateway.redaction.stream import AnswerStream

GUARD = GuardScanner()
CARD = "4111111111111111"
CALL = {"name": "look", "arguments": "{}"}
MESSAGE = {
    "role": "assistant",
    "content": "Hello.",
    "tool_calls": [{"id": "t1", "type": "function", "function": CALL}],
    "function_call": CALL,
    "audio": {"id": "a1", "transcript": "Hello."},
    "reasoning_details": [{"text": "Well."}],
}
ANSWERS: dict[str, tuple[str, dict[str, Any]]] = {
    "openai": (
        "openai",
        {"id": "c1", "choices": [{"index": 0, "message": MESSAGE, "finish_reason": "stop"}], "usage": {}},
    ),
    "openai_completions": (
        "openai",
        {"id": "c1", "choices": [{"index": 0, "text": "Hello.", "finish_reason": "stop"}]},
    ),
    "openai_responses": (
        "openai",
        {
            "id": "r1",
            "status": "completed",
            "output": [
                {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hello."}]},
                {"type": "function_call", "call_id": "c1", **CALL},
            ],
        },
    ),
    "anthropic": (
        "anthropic",
        {
            "id": "m1",
            "type": "message",
            "content": [
                {"type": "text", "text": "Hello.", "citations": [{"cited_text": "Hello."}]},
                {"type": "tool_use", "id": "t1", "name": "look", "input": {"a": 1}},
                {"type": "thinking", "thinking": "Well.", "signature": "s"},
            ],
            "stop_reason": "end_turn",
            "usage": {},
        },
    ),
    "gemini": (
        "gemini",
        {
            "candidates": [
                {
                    "content": {
                        "role": "model",
                        "parts": [
                            {"text": "Hello."},
                            {"functionCall": {"name": "look", "args": {"a": 1}}},
                            {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}},
                        ],
                    },
                    "finishReason": "STOP",
                }
            ],
        },
    ),
}


def objects(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
    for part in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from objects(part)


def read(protocol: str, body: bytes) -> bytes:
    stream = AnswerStream(ANSWERS[protocol][0], streaming=False, guard=GUARD, protocol=protocol)
    stream.feed(body)
    return stream.finish().body


@pytest.mark.parametrize("protocol", ANSWERS)
def test_a_name_at_any_place_is_looked_at(protocol) -> None:
    plain = orjson.dumps(ANSWERS[protocol][1])
    assert read(protocol, plain) == plain
    for place in range(len(list(objects(ANSWERS[protocol][1])))):
        answer = orjson.loads(plain)
        list(objects(answer))[place][CARD] = 7
        assert CARD.encode() not in read(protocol, orjson.dumps(answer)), place
