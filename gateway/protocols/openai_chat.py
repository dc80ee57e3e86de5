"""OpenAI chat completions: `POST /v1/chat/completions`, requests.

Declared insertion: a streamed request that does not ask for usage is sent on with `stream_options.include_usage`;
the answer's extra usage event is hidden again from the caller (`gateway.protocols.openai_answer`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.errors import BadRequest
from gateway.protocols.document import parse
from gateway.protocols.json_offsets import locate
from gateway.protocols.reading import (
    field_segments,
    flag,
    message_segments,
    messages_of,
    model_of,
    object_of,
    objects_of,
    opaque_facts,
    strip_labels,
    tokens_of,
)
from gateway.protocols.request import DecodedRequest
from gateway.redaction.splice import splice

PROTOCOL = "openai_chat"
MAX_CHOICES = 8
ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
_DONE = frozenset({"messages", "model", "stream", "max_tokens", "max_completion_tokens", "n"})
_CALLER_RUN = frozenset({"function", "custom"})


def decode(body: bytes, *, labels: Sequence[str] = ()) -> DecodedRequest:
    """Read a request. `labels`: our own label texts, stripped from resent assistant messages. Raises BadRequest."""
    tree = parse(body).tree
    model = model_of(tree)
    messages = messages_of(tree, ROLES)
    stream = flag(tree, "stream")
    check_choices(tree)
    options = object_of(tree, "stream_options")
    caller_tools, provider_tools = _tools(tree)
    limits = [tokens_of(tree, key) for key in ("max_completion_tokens", "max_tokens")]
    stripped = 0
    if labels:
        body, stripped = strip_labels(body, tree, labels)
    segments = message_segments(PROTOCOL, messages) + field_segments(PROTOCOL, tree, _DONE)
    references, uninspected = opaque_facts(tree, segments)
    return DecodedRequest(
        protocol=PROTOCOL,
        family="openai",
        model=model,
        stream=stream,
        segments=tuple(segments),
        body=body,
        json_mode=_json_mode(tree),
        caller_tools=caller_tools,
        provider_tools=provider_tools,
        references=references,
        uninspected=uninspected,
        wants_usage=flag(options, "include_usage"),
        max_output=next((limit for limit in limits if limit is not None), None),
        stripped=stripped,
    )


def check_choices(tree: Mapping[str, Any]) -> None:
    """How many answers are asked for. Raises BadRequest."""
    choices = tree.get("n")
    if choices is not None and (type(choices) is not int or not 1 <= choices <= MAX_CHOICES):
        raise BadRequest(f"n must be a number from 1 to {MAX_CHOICES}", param="n")


def _json_mode(tree: Mapping[str, Any]) -> bool:
    return object_of(tree, "response_format").get("type") in ("json_object", "json_schema")


def _tools(tree: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    caller: list[str] = []
    provider: list[str] = []
    for index, tool in enumerate(objects_of(tree, "tools")):
        kind = tool.get("type")
        if type(kind) is not str:
            raise BadRequest(f"tools[{index}].type must be a string", param=f"tools[{index}].type")
        if kind in _CALLER_RUN:
            caller.append(_name(tool.get(kind), f"tools[{index}].{kind}"))
        else:
            provider.append(kind)
    caller += [_name(tool, f"functions[{index}]") for index, tool in enumerate(objects_of(tree, "functions"))]
    if tree.get("web_search_options") is not None:
        provider.append("web_search")
    return tuple(caller), tuple(provider)


def _name(tool: Any, where: str) -> str:
    name = tool.get("name") if type(tool) is dict else None
    if type(name) is not str:
        raise BadRequest(f"{where}.name must be a string", param=f"{where}.name")
    return name


def upstream_body(request: DecodedRequest, body: bytes) -> bytes:
    """The body as it goes on: usage is asked for in streams. The identical object where nothing is to be inserted."""
    if not request.stream or request.wants_usage:
        return body
    place = locate(body, [("stream_options",), ("stream_options", "include_usage")])
    if ("stream_options", "include_usage") in place:
        return splice(body, [(*place["stream_options", "include_usage"], b"true")])
    if ("stream_options",) not in place:
        start = body.index(b"{") + 1
        return splice(body, [(start, start, b'"stream_options":{"include_usage":true},')])
    start, end = place["stream_options",]
    if body[start:end] == b"null":
        return splice(body, [(start, end, b'{"include_usage":true}')])
    comma = b"" if not body[start + 1 : end - 1].strip() else b","
    return splice(body, [(start + 1, start + 1, b'"include_usage":true' + comma)])
