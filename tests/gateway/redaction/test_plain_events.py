"""Deltas of one form, taken many at once: what comes out is what one event at a time gives, wherever the stream is cut."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.inspection.guard import GuardScanner
from gateway.protocols.answer import Channels
from gateway.redaction.placeholder import PlaceholderKey, Restorable
from gateway.redaction.stream import AnswerStream

GUARD = GuardScanner()
KEY = "sk-" + "a1B2c3D4e5F6g7H8i9J0"
MARK = PlaceholderKey(bytes(32), "acme", "crm/li").make("PERSON", "Li Wei")
CARD = "4111 1111 1111 1111"


def openai(text: str, spaced: bool, usage: bool, number: int = 0) -> bytes:
    chunk = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1732600000, "model": "m"}
    chunk |= {"choices": [{"index": 0, "delta": {"content": text}, "logprobs": None, "finish_reason": None}]}
    return line(chunk | ({"usage": None} if usage else {}), spaced)


def padded(text: str, spaced: bool, usage: bool, number: int = 0) -> bytes:
    chunk = {"id": "chatcmpl-1", "choices": [{"index": 0, "delta": {"reasoning_content": text, "content": None}}]}
    return line(chunk | {"obfuscation": PADDING[number % len(PADDING)]} | ({"usage": None} if usage else {}), spaced)


def tool(text: str, spaced: bool, usage: bool, number: int = 0) -> bytes:
    calls = [{"index": 0, "function": {"arguments": text}}]
    chunk = {"id": "chatcmpl-1", "choices": [{"index": 0, "delta": {"tool_calls": calls}, "finish_reason": None}]}
    return line(chunk | ({"usage": None} if usage else {}), spaced)


def anthropic(text: str, spaced: bool, usage: bool, number: int = 0) -> bytes:
    delta = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}
    return b"event: content_block_delta\n" + line(delta, spaced)


def thinking(text: str, spaced: bool, usage: bool, number: int = 0) -> bytes:
    delta = {"type": "content_block_delta", "index": 1, "delta": {"type": "thinking_delta", "thinking": text}}
    return b"event: content_block_delta\n" + line(delta, spaced)


def partial_json(text: str, spaced: bool, usage: bool, number: int = 0) -> bytes:
    delta = {"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": text}}
    return b"event: content_block_delta\n" + line(delta, spaced)


def responses(text: str, spaced: bool, usage: bool, number: int = 0) -> bytes:
    kind = "response.output_text.delta"
    event = {"type": kind, "sequence_number": number, "item_id": "msg_1", "output_index": 0, "content_index": 0}
    event |= {"delta": text, "logprobs": [], "obfuscation": PADDING[number % len(PADDING)]}
    return f"event: {kind}\n".encode() + line(event, spaced)


def gemini(text: str, spaced: bool, usage: bool, number: int = 0) -> bytes:
    said = {"promptTokenCount": 10, "candidatesTokenCount": number, "totalTokenCount": 10 + number}
    said["promptTokensDetails"] = [{"modality": "TEXT", "tokenCount": 10}]
    chunk = {"candidates": [{"content": {"parts": [{"text": text}], "role": "model"}, "index": 0}]}
    chunk |= {"usageMetadata": said if usage else {}, "modelVersion": "gemini-pro", "responseId": "r-1"}
    return line(chunk, spaced).replace(b"\n", b"\r\n" if usage else b"\n")


def line(chunk: dict[str, object], spaced: bool) -> bytes:
    separators = (", ", ": ") if spaced else (",", ":")
    return b"data: " + json.dumps(chunk, ensure_ascii=False, separators=separators).encode() + b"\n\n"


def stream(form: str, events: list[bytes], cuts: list[int], hide: bool) -> tuple[bytes, object]:
    family, protocol, _, before, after = FORMS[form]
    answer = AnswerStream(
        family,
        streaming=True,
        placeholders={MARK: Restorable("PERSON", 'Li "W" Wei')},
        guard=GUARD,
        hide_usage=hide,
        flow="f",
        protocol=protocol,
    )
    whole, out, at = before + b"".join(events) + after, b"", 0
    for cut in [*sorted({cut % (len(whole) + 1) for cut in cuts}), len(whole)]:
        out += answer.feed(whole[at:cut])
        at = cut
    finished = answer.finish()
    report = finished.report
    said = (report.delivered_text, report.provider_text, report.reasoning_text, report.tool_text)
    return out + finished.body, (*said, report.stopped, report.usage, report.events, report.complete)


PADDING = ("aK3", "x9fJ2kd8Q", "4111111111111111", "no words", "sk-a", "0", "Zq7", "")
CALL = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "look", "arguments": ""}}
OPENED = line(
    {"id": "chatcmpl-1", "choices": [{"index": 0, "delta": {"role": "assistant", "tool_calls": [CALL]}}]}, False
)
ENDED = b'data: {"id":"chatcmpl-1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
STOP = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
BLOCK = line(
    {"type": "content_block_start", "index": 2, "content_block": {"type": "tool_use", "id": "t", "name": "f"}}, False
)
COMPLETED = line({"type": "response.completed", "sequence_number": 999, "response": {"id": "r", "output": []}}, False)
FINISHED = line({"candidates": [{"content": {"parts": [{"text": "."}]}, "index": 0, "finishReason": "STOP"}]}, False)
FORMS = {
    "openai": ("openai", "", openai, b"", ENDED),
    "padded": ("openai", "", padded, b"", ENDED),
    "tool": ("openai", "", tool, OPENED, ENDED),
    "anthropic": ("anthropic", "", anthropic, b"", STOP),
    "thinking": ("anthropic", "", thinking, b"", STOP),
    "partial_json": ("anthropic", "", partial_json, BLOCK, STOP),
    "responses": ("openai", "openai_responses", responses, b"", COMPLETED),
    "gemini": ("gemini", "", gemini, b"", FINISHED),
}
SPOKEN = [
    "A",
    " gateway",
    " reads",
    " the",
    " call",
    ",",
    " 中文",
    "é",
    "\n",
    ' "so"',
    " \\",
    "",
    " each",
    MARK,
    MARK[:5],
    MARK[5:],
    KEY,
    KEY[:9],
    KEY[9:],
    f" {CARD}",
    " 4111 1111",
    " 1111 1111",
    " -",
    "----",
    " I'm",
    ".",
    " x1",
]
talks = st.lists(st.sampled_from(SPOKEN), max_size=12)


@given(
    st.sampled_from(sorted(FORMS)),
    talks,
    st.booleans(),
    st.booleans(),
    st.lists(st.integers(0, 4000), max_size=6),
    st.lists(st.integers(0, 12), max_size=2),
)
@example("openai", ["A", " gateway", " reads", " the", " call"], True, True, [], [])
@example("openai", [" gateway", " reads", f" {CARD}", " more"], False, False, [], [])
@example("anthropic", [" gateway", " reads", " key", KEY, " more", " more"], False, False, [], [2])
@example("tool", ['{"to": "', MARK, '", "a', "\\", 'n": 1', "}"], False, False, [], [])
@example("responses", [" gateway", " reads", " so", "\n", f" {CARD}", " more"], True, False, [], [2])
@example("padded", [f" {CARD}", " gateway"], True, True, [], [])
@example("gemini", [KEY, " gateway"], True, False, [], [])
@example("gemini", [" gateway", " reads", MARK, " more", " so", " of"], True, True, [], [])
def test_many_at_once_are_as_one_at_a_time(
    form: str, spoken: list[str], spaced: bool, usage: bool, cuts: list[int], comments: list[int]
) -> None:
    events = [FORMS[form][2](text, spaced, usage, number) for number, text in enumerate(spoken)]
    for place in comments:
        events.insert(min(place, len(events)), b": keep-alive\n\n")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Channels, "learn", lambda *_: None)  # nothing is ever known: each event goes the whole way
        alone = stream(form, events, [], usage)
    assert stream(form, events, [], usage) == alone
    assert stream(form, events, cuts, usage) == alone


@pytest.mark.parametrize("form", sorted(FORMS))
def test_what_nothing_touches_keeps_its_bytes_many_at_once(form: str) -> None:
    words = (" gateway", " reads", " calls\n", ' before "1" and ') * 20
    events = [FORMS[form][2](text, True, False, 0) for text in words]
    out, (*texts, stopped, _, _, _) = stream(form, events, [], False)
    assert out == FORMS[form][3] + b"".join(events) + FORMS[form][4]
    assert "".join(words) in {text.removesuffix(".") for text in texts[1:]}
    assert stopped is None


@pytest.mark.parametrize("form", sorted(FORMS))
def test_one_event_of_a_form_is_looked_at_and_the_others_are_like_it(
    form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one by one, as they come from a network, with digits and escapes in them."""
    seen: list[bytes] = []
    event = AnswerStream._event
    monkeypatch.setattr(AnswerStream, "_event", lambda self, one: (seen.append(one.raw), event(self, one))[1])
    family, protocol, write, before, _ = FORMS[form]
    answer = AnswerStream(family, streaming=True, guard=GUARD, flow="f", protocol=protocol)
    answer.feed(before)
    seen.clear()
    words = [" gateway", " reads", " 1234567890123456", "\nso", ' "it" ', " goes 4111 1111", "."] * 5
    for number, text in enumerate(words):
        answer.feed(write(text, False, False, number - number % len(PADDING)))
    assert len(seen) == 1
    report = answer.finish().report
    assert "".join(words) in {report.provider_text, report.reasoning_text, report.tool_text}


def test_a_provider_that_puts_something_new_into_each_event_costs_no_form_for_each() -> None:
    answer = AnswerStream("openai", streaming=True, guard=GUARD, flow="f")
    events = [openai(" gateway", False, False).replace(b"}\n\n", b',"padding":"%d"}\n\n' % n) for n in range(50)]
    assert b"".join(answer.feed(event) for event in events) == b"".join(events)
    assert answer._answer.channels.tries == 8
