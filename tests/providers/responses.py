"""What the canned provider says in the form of OpenAI's Responses API, whole and as its numbered events.

Each text is said as the real service says it: in deltas, then whole in the `.done` of the text, of its part, of its
item and in the final response, which repeats the request's instructions, tools and metadata.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zlib import crc32

import orjson

from tests.providers.answers import Answer, Block, counts

Json = dict[str, Any]
ECHOED = ("instructions", "tools", "metadata", "text", "user", "prompt_cache_key", "previous_response_id", "store")
SEALED = "gAAAAABo" + "Zx81LmQ0aPb72KdYtR5vWc9NhE3uJf6GsT4oXiB8qV7y" * 4
CREATED = 1_790_000_000
STATUS = {"stop": "completed", "tool": "completed", "length": "incomplete"}


def texts_of_input(request: Json) -> list[tuple[str, str]]:
    """Every text of a Responses request as (role, text), in order."""
    found = [("system", request["instructions"])] if isinstance(request.get("instructions"), str) else []
    items = request.get("input")
    if isinstance(items, str):
        return [*found, ("user", items)]
    for item in items if isinstance(items, list) else ():
        role = str(item.get("role") or ("tool" if str(item.get("type")).endswith("_output") else "assistant"))
        for field in ("content", "output", "arguments", "input", "summary"):
            value = item.get(field)
            if isinstance(value, str):
                found.append((role, value))
            for part in value if isinstance(value, list) else ():
                if isinstance(part, dict) and isinstance(part.get("text"), str):
                    found.append((role, part["text"]))
        command = (item.get("action") or {}).get("command") if isinstance(item.get("action"), dict) else None
        found += [(role, str(word)) for word in command or ()]
    return found


def _id(said: Answer, prefix: str, index: int) -> str:
    return f"{prefix}_canned0{index}a1b2c3d4e5f"


def response_id(said: Answer, request: Json) -> str:
    """Another one for each call that differs."""
    words = orjson.dumps([said.model, request.get("input"), request.get("previous_response_id")]).decode()
    return f"resp_canned{crc32(words.encode()):08x}a1b2c3"


def item_of(said: Answer, index: int, request: Json, *, empty: bool = False) -> Json:
    """One item of the output; `empty`: as it is when it is added."""
    block = said.blocks[index]
    status = "in_progress" if empty else "completed"
    text = "" if empty else block.text
    if block.kind == "thinking":
        summary = [] if empty else [{"type": "summary_text", "text": text}]
        return {"id": _id(said, "rs", index), "type": "reasoning", "summary": summary, "encrypted_content": SEALED}
    if block.kind == "text":
        content = [] if empty else [_part(text)]
        return {
            "id": _id(said, "msg", index),
            "type": "message",
            "status": status,
            "role": "assistant",
            "content": content,
        }
    call = {"call_id": _id(said, "call", index), "status": status}
    kind = _tool_kind(block, request)
    if kind == "custom":
        return {
            "id": _id(said, "ctc", index),
            "type": "custom_tool_call",
            "name": block.name,
            "input": text and _words(block),
            **call,
        }
    if kind == "local_shell":
        action = {"type": "exec", "command": ["bash", "-lc", f"echo '{_words(block)}'"], "env": {}, "timeout_ms": 1000}
        return {"id": _id(said, "lsh", index), "type": "local_shell_call", "action": action, **call}
    return {"id": _id(said, "fc", index), "type": "function_call", "name": block.name, "arguments": text, **call}


def _tool_kind(block: Block, request: Json) -> str:
    tools = request.get("tools") or []
    named = next((tool for tool in tools if tool.get("name") == block.name), None)
    if named is None and any(tool.get("type") == "local_shell" for tool in tools):
        return "local_shell"
    return str((named or {}).get("type", "function"))


def _words(block: Block) -> str:
    """What a call's JSON arguments say, for tools that take a text instead."""
    return str(orjson.loads(block.text)["text"])


def _part(text: str) -> Json:
    return {"type": "output_text", "annotations": [], "logprobs": [], "text": text}


def usage(said: Answer) -> Json:
    got, made = counts(said)
    return {
        "input_tokens": got,
        "input_tokens_details": {"cached_tokens": said.behaviour.cached, "cache_write_tokens": 0},
        "output_tokens": made + said.behaviour.thought,
        "output_tokens_details": {"reasoning_tokens": said.behaviour.thought},
        "total_tokens": got + made + said.behaviour.thought,
    }


def body(said: Answer, request: Json, *, status: str = "", output: bool = True) -> Json:
    """A whole response; without `output` as it stands when it is created."""
    status = status or STATUS[said.finish]
    items = [item_of(said, index, request) for index in range(len(said.blocks))] if output else []
    echoed = {key: request[key] for key in ECHOED if key in request}
    reported = None if "nousage" in said.behaviour.flags or not output else usage(said)
    return {
        "id": response_id(said, request), "object": "response", "created_at": CREATED, "status": status, "background": False,
        "error": None, "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
        "instructions": None, "max_output_tokens": request.get("max_output_tokens"), "model": said.model,
        "output": items, "parallel_tool_calls": True, "previous_response_id": None, "temperature": 1.0,
        "tool_choice": "auto", "tools": [], "top_p": 1.0, "usage": reported, "metadata": {}, **echoed,
    }  # fmt: skip


def events(said: Answer, request: Json) -> Iterator[tuple[str, Json | str]]:
    """The same as a stream of named, numbered events."""
    for number, event in enumerate(_events(said, request)):
        yield event["type"], {**event, "sequence_number": number}


def _events(said: Answer, request: Json) -> Iterator[Json]:
    started = body(said, request, status="in_progress", output=False)
    yield {"type": "response.created", "response": started}
    yield {"type": "response.in_progress", "response": started}
    for index, block in enumerate(said.blocks):
        item = item_of(said, index, request)
        yield {
            "type": "response.output_item.added",
            "output_index": index,
            "item": item_of(said, index, request, empty=True),
        }
        where = {"item_id": item["id"], "output_index": index}
        yield from {"thinking": _thinking, "text": _text, "tool": _tool}[block.kind](block, item, where)
        yield {"type": "response.output_item.done", "output_index": index, "item": item}
    if "noend" not in said.behaviour.flags:
        ended = body(said, request)
        yield {"type": f"response.{ended['status']}", "response": ended}


def _text(block: Block, item: Json, where: Json) -> Iterator[Json]:
    part = {**where, "content_index": 0}
    yield {"type": "response.content_part.added", **part, "part": _part("")}
    for piece in block.chunks:
        yield {"type": "response.output_text.delta", **part, "delta": piece, "logprobs": [], "obfuscation": "aQ"}
    yield {"type": "response.output_text.done", **part, "text": block.text, "logprobs": []}
    yield {"type": "response.content_part.done", **part, "part": _part(block.text)}


def _thinking(block: Block, item: Json, where: Json) -> Iterator[Json]:
    part = {**where, "summary_index": 0}
    yield {"type": "response.reasoning_summary_part.added", **part, "part": {"type": "summary_text", "text": ""}}
    for piece in block.chunks:
        yield {"type": "response.reasoning_summary_text.delta", **part, "delta": piece, "obfuscation": "aQ"}
    yield {"type": "response.reasoning_summary_text.done", **part, "text": block.text}
    yield {"type": "response.reasoning_summary_part.done", **part, "part": {"type": "summary_text", "text": block.text}}


def _tool(block: Block, item: Json, where: Json) -> Iterator[Json]:
    if item["type"] == "function_call":
        for piece in block.chunks:
            yield {"type": "response.function_call_arguments.delta", **where, "delta": piece, "obfuscation": "aQ"}
        yield {"type": "response.function_call_arguments.done", **where, "arguments": block.text}
    elif item["type"] == "custom_tool_call":
        size = len(block.chunks[0])
        words = item["input"]
        for start in range(0, len(words), size):
            yield {"type": "response.custom_tool_call_input.delta", **where, "delta": words[start : start + size]}
        yield {"type": "response.custom_tool_call_input.done", **where, "input": words}


def compacted(request: Json) -> Json:
    """A conversation made short: what users said, and the rest as sealed bytes."""
    kept = [
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
        for role, text in texts_of_input(request)
        if role == "user"
    ]
    sealed = {"id": "cmp_canned", "type": "compaction", "encrypted_content": SEALED}
    used = {"input_tokens": 31, "output_tokens": 5, "total_tokens": 36}
    return {
        "id": "resp_compacted",
        "object": "response.compaction",
        "created_at": CREATED,
        "output": [*kept, sealed],
        "usage": used,
    }


def conversation(request: Json, kept: dict[str, list[Json]]) -> Json | None:
    """The request with all that came before it; None if the provider does not know what it continues."""
    previous = request.get("previous_response_id")
    if previous is not None and previous not in kept:
        return None
    items = request.get("input") or []
    items = [{"role": "user", "content": items}] if isinstance(items, str) else items
    return {**request, "input": [*kept.get(str(previous), []), *items]}


def error(message: str) -> tuple[str, Json]:
    """The provider's own error inside a stream."""
    return "error", {"type": "error", "code": "server_error", "message": message, "param": None, "sequence_number": 0}
