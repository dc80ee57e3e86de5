"""What OpenAI's providers report, in all forms of their answers: the recorded tokens equal it, and nothing is made up."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.flow import Usage
from gateway.redaction.stream import AnswerStream

CHAT = {
    "plain": ({"prompt_tokens": 31, "completion_tokens": 17, "total_tokens": 48}, Usage(31, output=17)),
    "cached": ({"prompt_tokens": 1200, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 1024}}, Usage(1200, 1024, output=4)),
    "reasoning": ({"prompt_tokens": 9, "completion_tokens": 900, "completion_tokens_details": {"reasoning_tokens": 832}}, Usage(9, output=900, reasoning=832)),
    "audio": ({"prompt_tokens": 90, "completion_tokens": 40, "prompt_tokens_details": {"audio_tokens": 80, "cached_tokens": 0}}, Usage(90, output=40)),
    "null details": ({"prompt_tokens": 5, "completion_tokens": 6, "prompt_tokens_details": None, "completion_tokens_details": None}, Usage(5, output=6)),
    "no output": ({"prompt_tokens": 5, "total_tokens": 5}, Usage(5)),
    "zero": ({"prompt_tokens": 0, "completion_tokens": 0}, Usage()),
    "not counts": ({"prompt_tokens": "31", "completion_tokens": -4, "prompt_tokens_details": [1]}, Usage()),
    "absent": (None, None),
}  # fmt: skip
RESPONSES = {
    "plain": ({"input_tokens": 31, "output_tokens": 17, "total_tokens": 48}, Usage(31, output=17)),
    "cached": ({"input_tokens": 1200, "input_tokens_details": {"cached_tokens": 1024}, "output_tokens": 4}, Usage(1200, 1024, output=4)),
    "written": ({"input_tokens": 1200, "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 900}, "output_tokens": 4}, Usage(1200, 0, 900, 4)),
    "reasoning": ({"input_tokens": 9, "output_tokens": 900, "output_tokens_details": {"reasoning_tokens": 832}}, Usage(9, output=900, reasoning=832)),
    "null details": ({"input_tokens": 5, "input_tokens_details": None, "output_tokens": 6, "output_tokens_details": None}, Usage(5, output=6)),
    "not counts": ({"input_tokens": True, "output_tokens": 1e99, "input_tokens_details": {"cached_tokens": {}}}, Usage()),
    "absent": (None, None),
}  # fmt: skip
TRANSCRIPTS = {
    "tokens": ({"type": "tokens", "input_tokens": 23, "output_tokens": 9, "input_token_details": {"audio_tokens": 20}}, Usage(23, output=9)),
    "seconds": ({"type": "duration", "seconds": 12.5}, None),
    "absent": (None, None),
}  # fmt: skip


def _sse(*events: Any) -> bytes:
    return b"".join(f"data: {one if isinstance(one, str) else json.dumps(one)}\n\n".encode() for one in events)


def chat(usage: Any, *, stream: bool) -> bytes:
    if not stream:
        message = {"role": "assistant", "content": "hi"}
        return json.dumps(
            {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": usage}
        ).encode()
    said = {"choices": [{"index": 0, "delta": {"content": "hi"}, "finish_reason": "stop"}]}
    return _sse(said, *([{"choices": [], "usage": usage}] if usage else []), "[DONE]")


def completion(usage: Any, *, stream: bool) -> bytes:
    said = {"choices": [{"index": 0, "text": "hi", "finish_reason": "stop"}]}
    if not stream:
        return json.dumps(said | {"usage": usage}).encode()
    return _sse(said, *([{"choices": [], "usage": usage}] if usage else []), "[DONE]")


def response(usage: Any, *, stream: bool) -> bytes:
    part = {"type": "output_text", "text": "hi", "annotations": []}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "content": [part]}
    body = {"id": "resp_1", "object": "response", "status": "completed", "output": [message], "usage": usage}
    if not stream:
        return json.dumps(body).encode()
    begun = body | {"status": "in_progress", "output": [], "usage": None}
    where = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    return _sse(
        {"type": "response.created", "response": begun},
        {"type": "response.output_item.added", "output_index": 0, "item": message | {"content": []}},
        {"type": "response.output_text.delta", **where, "delta": "hi", "logprobs": []},
        {"type": "response.completed", "response": body},
    )


def embedding(usage: Any, *, stream: bool) -> bytes:
    assert not stream
    return json.dumps({"object": "list", "data": [{"index": 0, "embedding": [0.1, 0.2]}], "usage": usage}).encode()


def transcript(usage: Any, *, stream: bool) -> bytes:
    if not stream:
        return json.dumps({"text": "hi"} | ({"usage": usage} if usage else {})).encode()
    done = {"type": "transcript.text.done", "text": "hi"} | ({"usage": usage} if usage else {})
    return _sse({"type": "transcript.text.delta", "delta": "hi"}, done)


FORMS = {
    "openai_chat": (chat, CHAT),
    "openai_completions": (completion, CHAT),
    "openai_responses": (response, RESPONSES),
    "openai_embeddings": (embedding, CHAT),
    "openai_transcriptions": (transcript, TRANSCRIPTS),
}
CASES = [
    (protocol, case, stream)
    for protocol, (_, cases) in FORMS.items()
    for case in cases
    for stream in (False, True)
    if not (stream and protocol == "openai_embeddings")
]


def report_of(protocol: str, sent: bytes, *, stream: bool) -> Any:
    answer = AnswerStream("openai", protocol=protocol, streaming=stream)
    answer.feed(sent)
    return answer.finish().report


@pytest.mark.parametrize(("protocol", "case", "stream"), CASES)
def test_recorded_tokens_equal_what_was_reported(protocol, case, stream):
    write, cases = FORMS[protocol]
    usage, wanted = cases[case]
    report = report_of(protocol, write(usage, stream=stream), stream=stream)
    assert (report.usage, report.complete) == (wanted, True)


@pytest.mark.parametrize("protocol", [name for name in FORMS if name != "openai_embeddings"])
def test_a_stream_that_was_cut_reports_nothing_and_says_so(protocol):
    write, cases = FORMS[protocol]
    sent = write(next(iter(cases.values()))[0], stream=True)
    cut = sent[: sent.index(b"usage")] if protocol != "openai_responses" else sent[: sent.index(b"response.completed")]
    report = report_of(protocol, cut, stream=True)
    assert (report.usage, report.complete, report.problem) == (None, False, "truncated")
