"""A Responses provider in bytes: what the canned provider would stream, without a socket."""

from __future__ import annotations

import json
from typing import Any

import orjson

from tests.providers import answers, responses
from tests.providers.behaviour import parse

Json = dict[str, Any]
FUNCTION = {"type": "function", "name": "save", "parameters": {"type": "object"}}
CUSTOM = {"type": "custom", "name": "apply_patch"}
SHELL = {"type": "local_shell"}


def asked(text: str, model: str = "echo", **fields: Any) -> Json:
    return {"model": model, "input": [{"role": "user", "content": text}], **fields}


def streamed(request: Json, *, ascii_only: bool = False) -> bytes:
    """The events of a stream, as the provider sends them."""
    said = answers.answer(request, b"", parse(request["model"]))
    return b"".join(
        f"event: {name}\ndata: {json.dumps(data, ensure_ascii=ascii_only)}\n\n".encode()
        for name, data in responses.events(said, request)
    )


def whole(request: Json) -> bytes:
    return orjson.dumps(responses.body(answers.answer(request, b"", parse(request["model"])), request))


def payloads(stream: bytes) -> list[Json]:
    return [orjson.loads(line[5:]) for line in stream.splitlines() if line.startswith(b"data:")]


def deltas(stream: bytes, name: str = "output_text") -> str:
    """A text as a client assembles it."""
    return "".join(event["delta"] for event in payloads(stream) if event["type"] == f"response.{name}.delta")


def said_again(event: Json) -> list[str]:
    """Every repetition of a text in one event."""
    found: list[str] = []
    for holder in (
        event,
        event.get("part") or {},
        event.get("item") or {},
        *((event.get("response") or {}).get("output") or []),
    ):
        for part in (holder, *(holder.get("content") or []), *(holder.get("summary") or [])):
            if event["type"].endswith((".done", ".completed", ".incomplete")):
                found += [
                    part[key] for key in ("text", "refusal", "arguments", "input") if isinstance(part.get(key), str)
                ]
    return found
