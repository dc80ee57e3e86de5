"""OpenAI Responses: `POST /v1/responses`, requests. Nothing is inserted: its streams always report usage.

`/v1/responses/compact` (a conversation made short) and `/v1/responses/input_tokens` (counted) take the same content and
do not stream.

The input is a text or a list of items: messages, the model's earlier calls and reasoning, the results of tools. What an
item refers to without carrying it (`item_reference`, `conversation`, `prompt`, file ids) is a reference: a fact for
policy. `previous_response_id` is one, too, unless the vault knows that response (`gateway.vault`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from gateway.errors import BadRequest
from gateway.flow import Part, PartKind, Path
from gateway.protocols.document import parse
from gateway.protocols.reading import (
    MAX_BLOCKS,
    MAX_MESSAGES,
    blocks_of,
    field_segments,
    flag,
    is_plain,
    model_of,
    object_of,
    objects_of,
    opaque_facts,
    strip_labels,
    tokens_of,
)
from gateway.protocols.request import DecodedRequest, Segment
from gateway.protocols.vocabulary import is_word_of
from gateway.protocols.walk import Walk, walk_message, walk_text

PROTOCOL, COMPACT, COUNT = "openai_responses", "openai_responses_compact", "openai_input_tokens"
ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "critic", "discriminator", "unknown"})
PREVIOUS = "previous_response_id"
_DONE = frozenset({"input", "instructions", "model", "stream", "max_output_tokens", "background"})
_NAMED = frozenset({"function", "custom"})
_CALLER_RUN = frozenset(
    {"local_shell", "apply_patch", "computer", "computer_use_preview", "computer-preview", "computer_use"}
)
"""Types of tools that OpenAI defines and the caller runs; `shell` is one unless it names a container."""
_PLAIN_ITEM = frozenset({"type", "role", "content", "id", "status", "name", "call_id", "arguments", "input", "output"})
_PLAIN_TYPES = frozenset(
    {None, "message", "function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output"}
)
_PLAIN_BLOCKS = frozenset({"input_text", "output_text", "refusal", "text"})
_PLAIN_KEYS = frozenset({"type", "text", "refusal", "annotations", "logprobs"})
_TOOLS_IN = frozenset({"additional_tools", "tool_search_output"})
_ITEMS = frozenset(
    """
    message reasoning compaction compaction_trigger item_reference function_call function_call_output custom_tool_call
    custom_tool_call_output local_shell_call local_shell_call_output shell_call shell_call_output apply_patch_call
    apply_patch_call_output computer_call computer_call_output web_search_call file_search_call code_interpreter_call
    image_generation_call mcp_call mcp_list_tools mcp_approval_request mcp_approval_response tool_search_call
    tool_search_output additional_tools program program_output
    """.split()  # noqa: SIM905  a page of words reads better than a column of quotes
)
"""Types of items whose every content this gateway knows how to find; others are graded as unread."""


def decode(body: bytes, *, labels: Sequence[str] = ()) -> DecodedRequest:
    """Read a request. `labels`: our own label texts, stripped from resent assistant messages. Raises BadRequest."""
    return _decode(PROTOCOL, body, labels)


def decode_compact(body: bytes, *, labels: Sequence[str] = ()) -> DecodedRequest:
    """Read a request of /v1/responses/compact. Raises BadRequest."""
    return _decode(COMPACT, body, labels)


def decode_count(body: bytes, *, labels: Sequence[str] = ()) -> DecodedRequest:
    """Read a request of /v1/responses/input_tokens. Raises BadRequest."""
    return _decode(COUNT, body, labels)


def _decode(protocol: str, body: bytes, labels: Sequence[str]) -> DecodedRequest:
    tree = parse(body).tree
    model = model_of(tree)
    items = _items(tree)
    instructions = tree.get("instructions")
    if instructions is not None and type(instructions) is not str:
        raise BadRequest("instructions must be a string", param="instructions")
    stream = flag(tree, "stream")
    if stream and protocol != PROTOCOL:
        raise BadRequest("this endpoint does not stream", param="stream")
    _refuse_background(tree)
    caller_tools, provider_tools = _tools(tree, items)
    max_output = tokens_of(tree, "max_output_tokens")
    stripped = 0
    if labels and type(items) is list:
        body, stripped = strip_labels(body, tree, labels, "input")
    segments = [_text_segment("instructions", instructions, "system")] if instructions else []
    segments += _input_segments(items) + field_segments(PROTOCOL, tree, _DONE)
    references, uninspected = opaque_facts(tree, segments, _is_plain)
    references = tuple(sorted({*references, *_tool_references(tree)}))
    return DecodedRequest(
        protocol=protocol,
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
        wants_usage=True,
        max_output=max_output,
        stripped=stripped,
        previous=_previous(tree),
        stored=protocol == PROTOCOL and tree.get("store") is not False,
        generates=protocol == PROTOCOL,
    )


def _items(tree: Mapping[str, Any]) -> str | list[dict[str, Any]]:
    """The input, each item checked for what it is. Absent, the provider has it: a prompt, a conversation."""
    items = tree.get("input")
    if items is None or type(items) is str:
        return items or ""
    if type(items) is not list:
        raise BadRequest("input must be a string or an array of items", param="input")
    if len(items) > MAX_MESSAGES:
        raise BadRequest(f"a call has at most {MAX_MESSAGES} items", param="input")
    if sum(_checked(item, f"input[{index}]") for index, item in enumerate(items)) > MAX_BLOCKS:
        raise BadRequest(f"a call has at most {MAX_BLOCKS} content blocks", param="input")
    return items


def _checked(item: Any, where: str) -> int:
    """How many blocks an item has. Raises BadRequest for one that is none."""
    if type(item) is not dict:
        raise BadRequest(f"{where} must be an object", param=where)
    kind, role = item.get("type"), item.get("role")
    if kind is not None and type(kind) is not str:
        raise BadRequest(f"{where}.type must be a string", param=f"{where}.type")
    if (role is not None or kind == "message" or "content" in item) and kind in {None, "message"}:
        if type(role) is not str or role not in ROLES:
            raise BadRequest(f"{where}.role is not a role of this API", param=f"{where}.role")
        content = item.get("content")
        if content is not None and type(content) is not str:
            return len(blocks_of(content, f"{where}.content"))
    elif kind is None and "id" not in item:
        raise BadRequest(f"{where}.type must be a string", param=f"{where}.type")
    return 0


def _refuse_background(tree: Mapping[str, Any]) -> None:
    if flag(tree, "background"):
        raise BadRequest(
            "a background response is fetched later, where this gateway could not guard it: "
            "send the call without background, streamed if it takes long",
            param="background",
        )


def _previous(tree: Mapping[str, Any]) -> str:
    previous = tree.get(PREVIOUS)
    if previous is None:
        return ""
    if type(previous) is not str or not previous:
        raise BadRequest(f"{PREVIOUS} must be a response's id", param=PREVIOUS)
    return previous


def role_of(item: Mapping[str, Any]) -> str:
    """Who says an item: a message's role; the model what it called and thought; a tool its results."""
    role, kind = item.get("role"), item.get("type")
    if type(role) is str:
        return role
    if type(kind) is str and kind.endswith(("_output", "_response")):
        return "tool"
    return "user" if kind is None else "assistant"


def _input_segments(items: str | list[dict[str, Any]]) -> list[Segment]:
    if isinstance(items, str):
        return [_text_segment("input", items, "user")] if items else []
    tag, dumps = f"{PROTOCOL}.item:".encode(), orjson.dumps
    return [
        Segment(("input", index), tag + dumps(item), role_of(item), item, _item_walker)
        for index, item in enumerate(items)
    ]


def _text_segment(field: str, text: str, role: str) -> Segment:
    return Segment((field,), f"{PROTOCOL}.{field}:".encode() + text.encode(), role, text, walk_text)


def _item_walker(item: Any, path: Path, role: str) -> Walk:
    walk = walk_message(item, path, role)
    kind = item.get("type")
    if kind == "item_reference" or (kind is None and "role" not in item) or _is_kept_picture(item):
        walk.references.add("item_reference")
        walk.parts.append(Part(path, PartKind.REFERENCE, "", role))
    elif kind is not None and kind not in _ITEMS:
        walk.parts.append(Part(path, PartKind.FILE, "", role))
    return walk


def _is_kept_picture(item: Mapping[str, Any]) -> bool:
    """A picture that the provider made and has kept, named by its id alone."""
    return item.get("type") == "image_generation_call" and not item.get("result")


def _tool_references(tree: Mapping[str, Any]) -> set[str]:
    """Containers of an earlier call that a tool is to run in: what lies in them is not in the body."""
    tools = objects_of(tree, "tools")
    return {"container_id" for tool in tools if type(tool.get("container")) is str and tool["container"]}


def _is_plain(tree: Mapping[str, Any], segment: Segment) -> bool:
    """Whether a segment can be seen at once to have neither references nor media."""
    if segment.path[0] != "input" or len(segment.path) == 1:
        return is_plain(tree, segment)
    item = tree["input"][segment.path[1]]
    if not is_word_of(item.get("type"), _PLAIN_TYPES) or not item.keys() <= _PLAIN_ITEM:
        return False
    if item.get("type") is None and "role" not in item:
        return False
    return _plain_content(item.get("content")) and _plain_content(item.get("output"))


def _plain_content(content: Any) -> bool:
    if type(content) is not list:
        return content is None or type(content) is str
    return all(
        type(block) is dict
        and block.keys() <= _PLAIN_KEYS
        and is_word_of(block.get("type"), _PLAIN_BLOCKS)
        and not block.get("annotations")
        for block in content
    )


def _json_mode(tree: Mapping[str, Any]) -> bool:
    return object_of(object_of(tree, "text"), "format").get("type") in ("json_object", "json_schema")


def _tools(tree: Mapping[str, Any], items: str | list[dict[str, Any]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(tools that the caller runs, tools that the provider runs), also those that items bring along."""
    caller: list[str] = []
    provider: list[str] = []
    for index, tool in enumerate(objects_of(tree, "tools")):
        _tool(tool, f"tools[{index}]", caller, provider)
    for place, item in enumerate(items if type(items) is list else ()):
        if is_word_of(item.get("type"), _TOOLS_IN):
            for index, tool in enumerate(objects_of(item, "tools")):
                _tool(tool, f"input[{place}].tools[{index}]", caller, provider)
    return tuple(caller), tuple(provider)


def _tool(tool: Mapping[str, Any], where: str, caller: list[str], provider: list[str]) -> None:
    """One tool: under its name if the caller runs it, under its type if the provider does."""
    kind = tool.get("type")
    if type(kind) is not str:
        raise BadRequest(f"{where}.type must be a string", param=f"{where}.type")
    if kind in _NAMED:
        if type(tool.get("name")) is not str:
            raise BadRequest(f"{where}.name must be a string", param=f"{where}.name")
        caller.append(tool["name"])
    elif kind == "namespace":
        for index, inner in enumerate(objects_of(tool, "tools")):
            if inner.get("type") == "namespace":
                raise BadRequest(f"{where}.tools holds a namespace in a namespace", param=f"{where}.tools")
            _tool(inner, f"{where}.tools[{index}]", caller, provider)
    elif kind in _CALLER_RUN or _runs_at_caller(tool, kind):
        caller.append(kind)
    else:
        provider.append(kind)


def _runs_at_caller(tool: Mapping[str, Any], kind: str) -> bool:
    if kind == "shell":
        return bool(object_of(tool, "environment").get("type", "local") == "local")
    return kind == "tool_search" and tool.get("execution") == "client"
