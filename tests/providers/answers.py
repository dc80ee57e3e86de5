"""What the canned provider says, in OpenAI's, Anthropic's and Google's wire forms, whole and as server-sent events.

Usage is honest unless a behaviour lies: o200k tokens of every text, and OpenAI's documented overhead of three tokens a
message, one a role and three to prime the answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import orjson

from gateway.metering.tokenizer import OpenAITokenizer
from tests.providers.behaviour import Behaviour, said

SIGNATURE = "c2lnbmVkLWJ5LXRoZS1jYW5uZWQtcHJvdmlkZXI="
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of an answer: `kind` is text, thinking or tool; a tool's `text` is its JSON arguments."""

    kind: str
    text: str
    chunks: tuple[str, ...]
    name: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """Everything the provider will say to one request."""

    model: str
    blocks: tuple[Block, ...]
    finish: str  # stop, tool, length
    tokens_in: int
    tokens_out: int
    behaviour: Behaviour = field(default_factory=Behaviour)


@lru_cache(maxsize=4096)
def tokens(text: str) -> int:
    """o200k tokens of a text; a lone surrogate counts as the replacement character."""
    return _o200k().count(text.encode("utf-8", "replace").decode())


@lru_cache(maxsize=1)
def _o200k() -> OpenAITokenizer:
    return OpenAITokenizer("o200k_base")


def texts_in(request: Json) -> list[tuple[str, str]]:
    """Every text of a request as (role, text), in order: system, messages, tool results, tool-call arguments."""
    if "input" in request or "instructions" in request:
        from tests.providers.responses import texts_of_input

        return texts_of_input(request)
    found = [("system", text) for text in _texts(request.get("system"))]
    for message in request.get("messages") or []:
        if isinstance(message, dict):
            role = str(message.get("role", ""))
            found += [(role, text) for text in _texts(message.get("content"))]
            for call in message.get("tool_calls") or []:
                found.append((role, str(call.get("function", {}).get("arguments", ""))))
    return found + _gemini_texts(request)


def _gemini_texts(request: Json) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    system = request.get("systemInstruction") or request.get("system_instruction")
    for role, content in [
        ("system", system),
        *((str(c.get("role", "user")), c) for c in request.get("contents") or []),
    ]:
        for part in (content or {}).get("parts") or []:
            if isinstance(part.get("text"), str):
                found.append((role, part["text"]))
            for key, data in (("functionCall", "args"), ("functionResponse", "response")):
                if key in part:
                    found.append(("tool", orjson.dumps(part[key].get(data)).decode()))
    return found


def _texts(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    for part in content if isinstance(content, list) else ():
        if isinstance(part, dict):
            if isinstance(part.get("text"), str):
                yield part["text"]
            elif part.get("type") == "tool_result":
                yield from _texts(part.get("content"))
            elif part.get("type") == "tool_use":
                yield orjson.dumps(part.get("input")).decode()


def count_input(request: Json) -> int:
    """Tokens an honest provider reports for a request."""
    messages = len(request.get("messages") or request.get("contents") or [])
    messages += bool(request.get("system") or request.get("systemInstruction"))
    if "input" in request:
        messages = len(texts_in(request))
    tools = orjson.dumps(request["tools"]).decode() if request.get("tools") else ""
    return sum(tokens(text) for _, text in texts_in(request)) + 4 * messages + 3 + (tokens(tools) if tools else 0)


def answer(request: Json, body: bytes, behaviour: Behaviour) -> Answer:
    """The honest answer to a request under a behaviour; lies are told when it is rendered."""
    texts = texts_in(request)
    last_user = next((text for role, text in reversed(texts) if role == "user"), "")
    content = behaviour.content
    said_text = {
        "echo": lambda: last_user,
        "echo-last": lambda: texts[-1][1] if texts else "",
        "echo-all": lambda: "\n".join(text for _, text in texts),
        "echo-body": lambda: body.decode("utf-8", "replace"),
        "json": lambda: orjson.dumps({"echo": last_user}).decode(),
        "both": lambda: last_user,
        "thinking": lambda: last_user,
    }
    blocks: list[Block] = []
    if content == "thinking":
        blocks.append(_block("thinking", "Considering: " + last_user, behaviour))
    if content in said_text:
        blocks.append(_block("text", said_text[content](), behaviour))
    elif content.startswith("canned-"):
        number = int(content[7:-1])
        blocks.append(Block("text", "word " * number, ("word ",) * number))
    elif content.startswith("text:"):
        blocks.append(_block("text", said(content), behaviour))
    elif content.startswith("huge"):
        count = int(content[5:] or 8) * 16
        blocks.append(Block("text", "huge block " * 5957 * count, ("huge block " * 5957,) * count))
    if content.startswith("tool") or content == "both":
        names = _tool_names(request)
        for index in range(int(content[5:] or 1) if content.startswith("tool") else 1):
            arguments = orjson.dumps({"text": last_user}).decode()
            blocks.append(_block("tool", arguments, behaviour, names[index % len(names)]))
    finish = "length" if "length" in behaviour.flags else "tool" if blocks[-1].kind == "tool" else "stop"
    spoken = 1 if content.startswith("huge") else sum(tokens(block.text) for block in blocks)
    return Answer(str(request.get("model", "")), tuple(blocks), finish, count_input(request), spoken, behaviour)


def _block(kind: str, text: str, behaviour: Behaviour, name: str = "") -> Block:
    size = max(1, behaviour.size)
    return Block(kind, text, tuple(text[i : i + size] for i in range(0, len(text), size)), name)


def _tool_names(request: Json) -> list[str]:
    names = [tool.get("name") or tool.get("function", {}).get("name") for tool in request.get("tools") or []]
    names += [one["name"] for tool in request.get("tools") or [] for one in tool.get("functionDeclarations") or []]
    return [str(name) for name in names if name] or ["lookup"]


def counts(said: Answer) -> tuple[int, int]:
    lie = said.behaviour
    return max(0, said.tokens_in + lie.lie_input), max(0, said.tokens_out + lie.lie_output)


# --- OpenAI chat completions -----------------------------------------------------------------------------------------

_OPENAI_FINISH = {"stop": "stop", "tool": "tool_calls", "length": "length"}


def openai_usage(said: Answer) -> Json:
    got, made = counts(said)
    return {
        "prompt_tokens": got,
        "completion_tokens": made,
        "total_tokens": got + made,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }


def openai_body(said: Answer, request: Json) -> Json:
    """A whole chat completion; `n` choices, all alike."""
    message: Json = {"role": "assistant", "content": None, "refusal": None}
    calls: list[Json] = []
    for block in said.blocks:
        if block.kind == "tool":
            function = {"name": block.name, "arguments": block.text}
            calls.append({"id": f"call_canned{len(calls)}", "type": "function", "function": function})
        else:
            message["content" if block.kind == "text" else "reasoning_content"] = block.text
    if calls:
        message["tool_calls"] = calls
    finish = _OPENAI_FINISH[said.finish]
    choices = [
        {"index": index, "message": message, "logprobs": None, "finish_reason": finish}
        for index in range(int(request.get("n") or 1))
    ]
    body = {"id": "chatcmpl-canned", "object": "chat.completion", "created": 1_790_000_000, "model": said.model}
    usage = {} if "nousage" in said.behaviour.flags else {"usage": openai_usage(said)}
    return {**body, "choices": choices, **usage, "system_fingerprint": "fp_canned"}


def openai_events(said: Answer, request: Json) -> Iterator[tuple[str, Json | str]]:
    """The same as a stream: (event name, data); OpenAI's events have no names."""
    base = {"id": "chatcmpl-canned", "object": "chat.completion.chunk", "created": 1_790_000_000, "model": said.model}
    wants_usage = (request.get("stream_options") or {}).get("include_usage") is True
    empty = {"usage": None} if wants_usage else {}
    indices = range(int(request.get("n") or 1))

    def chunk(delta: Json, finish: str | None = None) -> Iterator[tuple[str, Json]]:
        for index in indices:
            choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}
            yield "", {**base, "choices": [choice], **empty}

    yield from chunk({"role": "assistant", "content": "", "refusal": None})
    call = 0
    for block in said.blocks:
        if block.kind == "tool":
            opened = {"index": call, "id": f"call_canned{call}", "type": "function"}
            yield from chunk({"tool_calls": [{**opened, "function": {"name": block.name, "arguments": ""}}]})
        for piece in block.chunks:
            if block.kind == "tool":
                yield from chunk({"tool_calls": [{"index": call, "function": {"arguments": piece}}]})
            else:
                yield from chunk({"content" if block.kind == "text" else "reasoning_content": piece})
        call += block.kind == "tool"
    yield from chunk({}, _OPENAI_FINISH[said.finish])
    if wants_usage and "nousage" not in said.behaviour.flags:
        yield "", {**base, "choices": [], "usage": openai_usage(said)}
    if "noend" not in said.behaviour.flags:
        yield "", "[DONE]"


# --- Anthropic messages ----------------------------------------------------------------------------------------------

_ANTHROPIC_FINISH = {"stop": "end_turn", "tool": "tool_use", "length": "max_tokens"}


def anthropic_usage(said: Answer) -> Json:
    got, made = counts(said)
    cache = {"cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}
    return {"input_tokens": got, **cache, "output_tokens": made, "service_tier": "standard"}


def _anthropic_block(block: Block, index: int, empty: bool) -> Json:
    if block.kind == "tool":
        return {
            "type": "tool_use",
            "id": f"toolu_canned{index}",
            "name": block.name,
            "input": {} if empty else orjson.loads(block.text),
        }
    if block.kind == "thinking":
        return {"type": "thinking", "thinking": "" if empty else block.text, "signature": "" if empty else SIGNATURE}
    return {"type": "text", "text": "" if empty else block.text}


def anthropic_body(said: Answer, request: Json) -> Json:
    """A whole message."""
    return {
        "id": "msg_canned",
        "type": "message",
        "role": "assistant",
        "model": said.model,
        "content": [_anthropic_block(block, index, False) for index, block in enumerate(said.blocks)],
        "stop_reason": _ANTHROPIC_FINISH[said.finish],
        "stop_sequence": None,
        **({} if "nousage" in said.behaviour.flags else {"usage": anthropic_usage(said)}),
    }


def anthropic_events(said: Answer, request: Json) -> Iterator[tuple[str, Json | str]]:
    """The same as a stream of named events, with a ping as the real service sends."""
    usage = anthropic_usage(said)
    silent = "nousage" in said.behaviour.flags
    start = {**anthropic_body(said, request), "content": [], "stop_reason": None}
    if not silent:
        start["usage"] = {**usage, "output_tokens": 1}
    yield "message_start", {"type": "message_start", "message": start}
    yield "ping", {"type": "ping"}
    for index, block in enumerate(said.blocks):
        opened = _anthropic_block(block, index, True)
        yield "content_block_start", {"type": "content_block_start", "index": index, "content_block": opened}
        kind, key = {
            "text": ("text_delta", "text"),
            "thinking": ("thinking_delta", "thinking"),
            "tool": ("input_json_delta", "partial_json"),
        }[block.kind]
        for piece in block.chunks:
            delta = {"type": kind, key: piece}
            yield "content_block_delta", {"type": "content_block_delta", "index": index, "delta": delta}
        if block.kind == "thinking":
            delta = {"type": "signature_delta", "signature": SIGNATURE}
            yield "content_block_delta", {"type": "content_block_delta", "index": index, "delta": delta}
        yield "content_block_stop", {"type": "content_block_stop", "index": index}
    ended: Json = {"stop_reason": _ANTHROPIC_FINISH[said.finish], "stop_sequence": None}
    reported = {} if silent else {"usage": {"output_tokens": usage["output_tokens"]}}
    yield "message_delta", {"type": "message_delta", "delta": ended, **reported}
    if "noend" not in said.behaviour.flags:
        yield "message_stop", {"type": "message_stop"}


# --- Gemini generateContent ------------------------------------------------------------------------------------------

_GEMINI_FINISH = {"stop": "STOP", "tool": "STOP", "length": "MAX_TOKENS"}


def gemini_usage(said: Answer) -> Json:
    """Thoughts are counted beside the candidates' tokens, as Google does."""
    got, made = counts(said)
    thoughts = sum(tokens(block.text) for block in said.blocks if block.kind == "thinking")
    reported = {"promptTokenCount": got, "candidatesTokenCount": made - thoughts, "totalTokenCount": got + made}
    return {**reported, **({"thoughtsTokenCount": thoughts} if thoughts else {})}


def _gemini_part(block: Block, text: str) -> Json:
    if block.kind == "tool":
        return {"functionCall": {"name": block.name, "args": orjson.loads(text)}, "thoughtSignature": SIGNATURE}
    return {"text": text, "thought": True} if block.kind == "thinking" else {"text": text}


def _gemini_chunk(said: Answer, parts: list[Json], finish: str | None) -> Json:
    candidate: Json = {"content": {"role": "model", "parts": parts}, "index": 0}
    if finish:
        candidate["finishReason"] = _GEMINI_FINISH[finish]
    usage = {} if "nousage" in said.behaviour.flags or not finish else {"usageMetadata": gemini_usage(said)}
    return {"candidates": [candidate], **usage, "modelVersion": said.model, "responseId": "resp_canned"}


def gemini_body(said: Answer, request: Json) -> Json:
    """A whole answer: each block is a part."""
    return _gemini_chunk(said, [_gemini_part(block, block.text) for block in said.blocks], said.finish)


def gemini_events(said: Answer, request: Json) -> Iterator[tuple[str, Json | str]]:
    """The same as a stream. Arguments come whole; the last chunk has a signature, the reason of the end and the usage."""
    for block in said.blocks:
        for piece in [block.text] if block.kind == "tool" else block.chunks:
            yield "", _gemini_chunk(said, [_gemini_part(block, piece)], None)
    if "noend" not in said.behaviour.flags:
        yield "", _gemini_chunk(said, [{"text": "", "thoughtSignature": SIGNATURE}], said.finish)


# --- Errors ----------------------------------------------------------------------------------------------------------

_ANTHROPIC_ERRORS = {400: "invalid_request_error", 401: "authentication_error", 404: "not_found_error",
                     429: "rate_limit_error", 529: "overloaded_error"}  # fmt: skip


def error_body(family: str, status: int, message: str) -> Json:
    """A provider's own error, in the family's form."""
    if family == "gemini":
        kind = {400: "INVALID_ARGUMENT", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED"}.get(status, "UNAVAILABLE")
        return {"error": {"code": status, "message": message, "status": kind}}
    if family == "anthropic":
        kind = _ANTHROPIC_ERRORS.get(status, "api_error")
        return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_canned"}
    kind = "rate_limit_exceeded" if status == 429 else "server_error" if status >= 500 else "invalid_request_error"
    return {"error": {"message": message, "type": kind, "param": None, "code": kind}}
