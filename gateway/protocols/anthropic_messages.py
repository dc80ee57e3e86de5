"""Anthropic messages: `POST /v1/messages`, requests. Nothing is inserted: its streams always report usage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gateway.errors import BadRequest
from gateway.protocols.document import parse
from gateway.protocols.reading import (
    blocks_of,
    field_segments,
    flag,
    message_segments,
    messages_of,
    model_of,
    object_of,
    objects_of,
    opaque_facts,
    strip_labels,
    system_segment,
    tokens_of,
)
from gateway.protocols.request import DecodedRequest

PROTOCOL = "anthropic_messages"
ROLES = frozenset({"user", "assistant", "system"})
_DONE = frozenset({"messages", "model", "stream", "max_tokens", "system"})
_CALLER_RUN = ("bash_", "text_editor_", "computer_", "memory_")
"""Prefixes of tool types that Anthropic defines and the caller runs; tools without a type, or `custom`, are too."""


def decode(body: bytes, *, labels: Sequence[str] = ()) -> DecodedRequest:
    """Read a request. `labels`: our own label texts, stripped from resent assistant messages. Raises BadRequest."""
    return decode_as(PROTOCOL, body, labels)


def decode_as(protocol: str, body: bytes, labels: Sequence[str]) -> DecodedRequest:
    tree = parse(body).tree
    model = model_of(tree)
    messages = messages_of(tree, ROLES)
    system = tree.get("system")
    if system is not None and type(system) is not str:
        blocks_of(system, "system")
    stream = flag(tree, "stream")
    caller_tools, provider_tools = _tools(tree)
    max_output = tokens_of(tree, "max_tokens")
    stripped = 0
    if labels:
        body, stripped = strip_labels(body, tree, labels)
    segments = [system_segment(protocol, system)] if system else []
    segments += message_segments(protocol, messages) + field_segments(protocol, tree, _DONE)
    references, uninspected = opaque_facts(tree, segments)
    return DecodedRequest(
        protocol=protocol,
        family="anthropic",
        model=model,
        stream=stream,
        segments=tuple(segments),
        body=body,
        json_mode=_json_mode(tree),
        caller_tools=caller_tools,
        provider_tools=provider_tools,
        references=references,
        uninspected=uninspected,
        wants_usage=True,
        max_output=max_output,
        stripped=stripped,
    )


def _json_mode(tree: Mapping[str, Any]) -> bool:
    config = object_of(tree, "output_config")
    return any(object_of(place, key) for place, key in ((tree, "output_format"), (config, "format")))


def _top_tools(tree: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for index, tool in enumerate(objects_of(tree, "tools")):
        yield f"tools[{index}]", tool


def _later_tools(tree: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Tools that a turn of the conversation adds by value (`tool_addition`, `tool_definition`)."""
    for index, message in enumerate(tree["messages"]):
        content = message.get("content")
        for place, block in enumerate(content if type(content) is list else ()):
            if block["type"] == "tool_addition" and "definition" in object_of(block, "tool"):
                yield f"messages[{index}].content[{place}].tool.definition", object_of(block["tool"], "definition")


def _tools(tree: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    caller: list[str] = []
    provider: list[str] = []
    for where, tool in (*_top_tools(tree), *_later_tools(tree)):
        kind, name = tool.get("type"), tool.get("name")
        if kind is not None and type(kind) is not str:
            raise BadRequest(f"{where}.type must be a string", param=f"{where}.type")
        if kind is None or kind == "custom" or kind.startswith(_CALLER_RUN):
            if type(name) is not str:
                raise BadRequest(f"{where}.name must be a string", param=f"{where}.name")
            caller.append(name)
        else:
            provider.append(kind)
    if objects_of(tree, "mcp_servers"):
        provider.append("mcp")
    return tuple(caller), tuple(provider)
