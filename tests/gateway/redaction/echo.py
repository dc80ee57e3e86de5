"""An echoing provider in bytes: it repeats what was forwarded, in deltas of any size, as text or as tool arguments."""

from __future__ import annotations

import json

import orjson

from gateway.flow import OPAQUE, Finding, Part, Span
from gateway.redaction.placeholder import PlaceholderKey

KEY = PlaceholderKey(b"k" * 32, "acme", "crm/li.wei")


def find(parts: tuple[Part, ...], values: dict[str, str], *, once: bool = False) -> list[Finding]:
    """Findings where `values` (value -> label) stand in the parts; `once`: only the first place of each."""
    findings = []
    for value, label in values.items():
        for part in parts:
            start = -1 if part.kind in OPAQUE else part.text.find(value)
            while start >= 0:
                span = Span(start, start + len(value), label, 1.0, "test")
                findings.append(Finding(part.path, part.kind, span, value))
                if once:
                    break
                start = part.text.find(value, start + len(value))
            if once and findings and findings[-1].value == value:
                break
    return findings


def pieces(text: str, sizes: list[int]) -> list[str]:
    """`text` cut into pieces of the given sizes, over and over."""
    out, at, turn = [], 0, 0
    while at < len(text):
        out.append(text[at : at + sizes[turn % len(sizes)]])
        at, turn = at + sizes[turn % len(sizes)], turn + 1
    return out


def openai_events(fragments: list[str], arguments: list[str], *, ascii_only: bool = False) -> bytes:
    def event(delta, finish=None, **more):
        choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
        payload = {
            "id": "c1",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": "m",
            "choices": choices,
            **more,
        }
        return b"data: " + json.dumps(payload, ensure_ascii=ascii_only).encode() + b"\n\n"

    events = [event({"role": "assistant", "content": ""})]
    events += [event({"content": text}) for text in fragments]
    if arguments:
        call = {"index": 0, "id": "call_abcdefgh", "type": "function", "function": {"name": "save", "arguments": ""}}
        events.append(event({"tool_calls": [call]}))
        events += [event({"tool_calls": [{"index": 0, "function": {"arguments": text}}]}) for text in arguments]
    events.append(event({}, "tool_calls" if arguments else "stop"))
    usage = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}
    events.append(b"data: " + orjson.dumps({"id": "c1", "model": "m", "choices": [], "usage": usage}) + b"\n\n")
    return b"".join(events) + b"data: [DONE]\n\n"


def anthropic_events(fragments: list[str], arguments: list[str], *, ascii_only: bool = False) -> bytes:
    def event(kind, **more):
        payload = json.dumps({"type": kind, **more}, ensure_ascii=ascii_only)
        return f"event: {kind}\ndata: {payload}\n\n".encode()

    usage = {"input_tokens": 7, "output_tokens": 1}
    message = {"id": "m1", "type": "message", "role": "assistant", "model": "m", "content": [], "usage": usage}
    events = [event("message_start", message=message), event("ping")]
    events.append(event("content_block_start", index=0, content_block={"type": "text", "text": ""}))
    events += [event("content_block_delta", index=0, delta={"type": "text_delta", "text": t}) for t in fragments]
    events.append(event("content_block_stop", index=0))
    if arguments:
        block = {"type": "tool_use", "id": "toolu_abcdefgh", "name": "save", "input": {}}
        events.append(event("content_block_start", index=1, content_block=block))
        deltas = [{"type": "input_json_delta", "partial_json": text} for text in arguments]
        events += [event("content_block_delta", index=1, delta=delta) for delta in deltas]
        events.append(event("content_block_stop", index=1))
    reason = "tool_use" if arguments else "end_turn"
    events.append(event("message_delta", delta={"stop_reason": reason}, usage={"output_tokens": 5}))
    return b"".join([*events, event("message_stop")])


def payloads(stream: bytes) -> list[dict]:
    """The JSON of each event of a delivered stream."""
    lines = [line[5:].strip() for line in stream.splitlines() if line.startswith(b"data:")]
    return [orjson.loads(line) for line in lines if line != b"[DONE]"]


def read_openai(stream: bytes) -> tuple[str, str]:
    """(text, tool arguments) as a client assembles them."""
    deltas = [choice["delta"] for item in payloads(stream) for choice in item.get("choices", [])]
    text = "".join(delta.get("content") or "" for delta in deltas)
    return text, "".join(c["function"].get("arguments", "") for d in deltas for c in d.get("tool_calls", []))


def read_anthropic(stream: bytes) -> tuple[str, str]:
    """(text, tool arguments) as a client assembles them."""
    deltas = [item["delta"] for item in payloads(stream) if item["type"] == "content_block_delta"]
    return "".join(d.get("text", "") for d in deltas), "".join(d.get("partial_json", "") for d in deltas)
