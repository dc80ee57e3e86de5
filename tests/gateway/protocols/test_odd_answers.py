"""Whatever stands at whatever place of a provider's answer: it is delivered, or ends as a malformed one; nothing else."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from gateway.redaction.placeholder import Restorable
from gateway.redaction.stream import AnswerStream


def beside(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(Path(name).name, Path(__file__).parent / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


with_odd_values, scanner = beside("test_odd_values").with_odd_values, beside("../redaction/scanner")
NAME = "⟦PERSON_7f3a9c0d12e4b658⟧"
KNOWN = {NAME: Restorable("PERSON", 'Anna "A"')}
SAID = f"hi {NAME}"
STEPS = [{"type": "reasoning.text", "text": SAID}]
CITED = {"type": "url_citation", "url": "https://a.example", "start_index": 0, "end_index": 9}
CALL = {"index": 0, "id": "t", "type": "function", "function": {"name": "save", "arguments": "{}"}}
CHAT_USAGE = {"prompt_tokens": 1, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 1}}
MESSAGE = {
    "role": "assistant", "content": SAID, "annotations": [{"type": "url_citation", "url_citation": CITED}], "refusal": None,
    "reasoning_content": SAID, "reasoning_details": STEPS, "audio": {"transcript": SAID}, "tool_calls": [CALL],
}  # fmt: skip
CHAT = {"id": "c", "model": "m", "choices": [{"index": 0, "finish_reason": "stop", "logprobs": {}, "message": MESSAGE}], "usage": CHAT_USAGE}  # fmt: skip
CHUNKS = [
    {"id": "c", "choices": [{"index": 0, "delta": MESSAGE, "finish_reason": None, "usage": CHAT_USAGE}]},
    {"id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop", "message": {"content": SAID}}], "usage": CHAT_USAGE},
]  # fmt: skip
COMPLETION = {
    "id": "c",
    "choices": [{"index": 0, "text": SAID, "finish_reason": "stop", "logprobs": None}],
    "usage": CHAT_USAGE,
}
ITEM = {"type": "message", "id": "m", "role": "assistant", "content": [{"type": "output_text", "text": SAID, "annotations": [CITED], "logprobs": [{}]}]}  # fmt: skip
OUTPUT = [
    ITEM,
    {"type": "function_call", "id": "f", "name": "save", "arguments": "{}"},
    {"type": "shell_call", "id": "s", "action": {"commands": [SAID]}},
    {"type": "reasoning", "id": "z", "summary": [{"type": "summary_text", "text": SAID}]},
]
RESPONSE = {
    "id": "r", "object": "response", "status": "completed", "error": None, "incomplete_details": None, "instructions": SAID,
    "output": OUTPUT, "output_text": SAID, "usage": {"input_tokens": 1, "output_tokens_details": {"reasoning_tokens": 1}},
}  # fmt: skip
PLACE = {"output_index": 0, "item_id": "m", "content_index": 0}
EVENTS = [
    {"type": "response.created", "response": {"id": "r", "output": []}, "sequence_number": 0},
    {"type": "response.output_item.added", "output_index": 0, "item": ITEM | {"content": []}},
    {"type": "response.content_part.added", **PLACE, "part": {"type": "output_text", "text": "", "annotations": []}},
    {"type": "response.output_text.delta", **PLACE, "delta": SAID, "logprobs": []},
    {"type": "response.output_text.annotation.added", **PLACE, "annotation_index": 0, "annotation": CITED},
    {"type": "response.function_call_arguments.delta", "output_index": 1, "item_id": "f", "delta": "{}"},
    {"type": "response.output_text.done", **PLACE, "text": SAID},
    {"type": "response.output_item.done", "output_index": 0, "item": ITEM},
    {"type": "response.news.delta", "output_index": 2, "delta": {"a": SAID}},
    {"type": "response.completed", "response": RESPONSE, "sequence_number": 9},
]
BLOCKS = [
    {"type": "text", "text": SAID, "citations": [{"type": "char_location", "cited_text": SAID, "start_char_index": 0}]},
    {"type": "thinking", "thinking": SAID, "signature": "s"},
    {"type": "tool_use", "id": "t", "name": "save", "input": {"q": SAID}},
    {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"q": SAID}},
]
MESSAGES = {"id": "m", "type": "message", "model": "c", "content": BLOCKS, "stop_reason": "end_turn", "usage": {"input_tokens": 1, "cache_creation": {"a": 1}}}  # fmt: skip
PIECES = [
    {"type": "message_start", "message": MESSAGES | {"content": [], "stop_reason": None}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": SAID}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "citations_delta", "citation": {"cited_text": SAID, "start_char_index": 1}}},
    {"type": "content_block_stop", "index": 0},
    {"type": "content_block_start", "index": 1, "content_block": {"type": "tool_use", "id": "t", "name": "save", "input": {}}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": "{}"}},
    {"type": "content_block_stop", "index": 1},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 3}},
    {"type": "message_stop"},
]  # fmt: skip
CANDIDATE = {
    "index": 0, "finishReason": "STOP", "groundingMetadata": {"groundingSupports": [{}]}, "citationMetadata": {"citationSources": [{}]},
    "content": {"role": "model", "parts": [
        {"text": SAID}, {"text": SAID, "thought": True}, {"functionCall": {"name": "save", "args": {"q": SAID}}, "thoughtSignature": "AA"},
        {"executableCode": {"language": "P", "code": SAID}}, {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
    ]},
}  # fmt: skip
GEMINI = {
    "candidates": [CANDIDATE],
    "usageMetadata": {"promptTokenCount": 1},
    "modelVersion": "m",
    "promptFeedback": {"x": []},
}
ANSWERS: dict[str, tuple[dict[str, str], Any]] = {
    "chat": ({"family": "openai", "protocol": "openai_chat"}, CHAT),
    "chat stream": ({"family": "openai", "protocol": "openai_chat"}, CHUNKS),
    "completion": ({"family": "openai", "protocol": "openai_completions"}, COMPLETION),
    "completion stream": ({"family": "openai", "protocol": "openai_completions"}, [COMPLETION]),
    "responses": ({"family": "openai", "protocol": "openai_responses"}, RESPONSE),
    "responses stream": ({"family": "openai", "protocol": "openai_responses"}, EVENTS),
    "messages": ({"family": "anthropic"}, MESSAGES),
    "messages stream": ({"family": "anthropic"}, PIECES),
    "gemini": ({"family": "gemini"}, GEMINI),
    "gemini stream": ({"family": "gemini"}, [GEMINI | {"candidates": [CANDIDATE | {"finishReason": None}]}, GEMINI]),
}
ODD: tuple[Any, ...] = (None, True, 7, "x", [], {}, ["x"], {"type": "text"})


def written(answer: Any) -> bytes:
    if isinstance(answer, dict):
        return json.dumps(answer).encode()
    return b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in answer) + b"data: [DONE]\n\n"


@pytest.mark.parametrize("form", ANSWERS)
@pytest.mark.parametrize(
    "options", [{}, {"guard": scanner.Scanner(), "label": lambda _: " [AI]"}], ids=["plain", "public"]
)
def test_any_value_at_any_place_is_delivered_or_malformed(form: str, options: dict[str, Any]) -> None:
    how, answer = ANSWERS[form]
    for odd in with_odd_values(answer, ODD):
        stream = AnswerStream(streaming=isinstance(answer, list), placeholders=KNOWN, **how, **options)
        stream.feed(written(odd))
        stream.finish()
