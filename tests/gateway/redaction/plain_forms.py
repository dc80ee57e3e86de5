"""Streams whose events are of one form each, in every protocol: how they are written, and what may be said in them."""

from __future__ import annotations

import json

from gateway.inspection.guard import GuardScanner
from gateway.redaction.placeholder import PlaceholderKey

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
