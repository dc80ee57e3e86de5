"""What all request decoders share: checked reading of fields, segments of the remaining fields, our labels stripped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from gateway.errors import BadRequest
from gateway.flow import Path
from gateway.protocols.array_items import cut_items
from gateway.protocols.json_offsets import escape, locate
from gateway.protocols.request import Segment, unread_kinds
from gateway.protocols.vocabulary import KNOWN_KEYS, MODEL, REFERENCE_FIELDS, WORDS, is_plain_model, is_word_of
from gateway.protocols.walk import Walk, walk_field, walk_message
from gateway.redaction.splice import splice
from watermark.text_wrapper import manifest_beginning, strip_manifest

MAX_OUTPUT = 1_000_000  # tokens: below the shortest number that could be somebody's identifier
MAX_MESSAGES = 4_096
MAX_BLOCKS = 20_000  # content blocks of all messages together
_SMALL = 1_000_000
_CALLER_TOOLS = frozenset({None, "function", "custom"})
_PLAIN_MESSAGE = frozenset({"role", "content", "name", "tool_calls", "tool_call_id", "function_call", "refusal"})
_PLAIN_BLOCKS: frozenset[str | None] = frozenset(
    {"text", "tool_use", "thinking", "refusal", "redacted_thinking", "input_text", "output_text"}
)


def model_of(tree: Mapping[str, Any]) -> str:
    """The model's name. It goes on as it is, so it must look like a name and nothing else."""
    model = tree.get("model")
    if type(model) is not str or MODEL.fullmatch(model) is None:
        raise BadRequest("model must be a model's name", param="model")
    return model


def flag(tree: Mapping[str, Any], key: str) -> bool:
    value = tree.get(key)
    if value is None or type(value) is bool:
        return bool(value)
    raise BadRequest(f"{key} must be true or false", param=key)


def tokens_of(tree: Mapping[str, Any], key: str) -> int | None:
    value = tree.get(key)
    if value is None:
        return None
    if type(value) is not int or not 0 <= value < MAX_OUTPUT:
        raise BadRequest(f"{key} must be a number of tokens", param=key)
    return value


def object_of(tree: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """An optional object; absent or null reads as empty."""
    value = tree.get(key)
    if value is None:
        return {}
    if type(value) is not dict:
        raise BadRequest(f"{key} must be an object", param=key)
    return value


def objects_of(tree: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """An optional array of objects; absent or null reads as empty."""
    value = tree.get(key)
    if value is None:
        return []
    if type(value) is not list or any(type(item) is not dict for item in value):
        raise BadRequest(f"{key} must be an array of objects", param=key)
    return value


def messages_of(tree: Mapping[str, Any], roles: frozenset[str]) -> list[dict[str, Any]]:
    """The messages, each checked for role and the shape of its content."""
    messages = tree.get("messages")
    if type(messages) is not list or not messages:
        raise BadRequest("messages must be a non-empty array", param="messages")
    if len(messages) > MAX_MESSAGES:
        raise BadRequest(f"a call has at most {MAX_MESSAGES} messages", param="messages")
    blocks = 0
    for index, message in enumerate(messages):
        if type(message) is not dict:
            raise BadRequest(f"messages[{index}] must be an object", param=f"messages[{index}]")
        role = message.get("role")
        if type(role) is not str or role not in roles:
            raise BadRequest(f"messages[{index}].role is not a role of this API", param=f"messages[{index}].role")
        content = message.get("content")
        if type(content) is not str and content is not None:
            blocks += len(blocks_of(content, f"messages[{index}].content"))
    if blocks > MAX_BLOCKS:
        raise BadRequest(f"a call has at most {MAX_BLOCKS} content blocks", param="messages")
    return messages


def blocks_of(content: Any, where: str) -> list[dict[str, Any]]:
    if type(content) is not list:
        raise BadRequest(f"{where} must be a string or an array of blocks", param=where)
    for index, block in enumerate(content):
        if type(block) is not dict:
            raise BadRequest(f"{where}[{index}] must be an object", param=f"{where}[{index}]")
        if type(block.get("type")) is not str:
            raise BadRequest(f"{where}[{index}].type must be a string", param=f"{where}[{index}].type")
        text = block.get("text", "")
        if type(text) is not str and block["type"] == "text":
            raise BadRequest(f"{where}[{index}].text must be a string", param=f"{where}[{index}].text")
    return content


def _message_walker(message: Any, path: Path, role: str) -> Walk:
    return walk_message(message, path, role)


def _system_walker(value: Any, path: Path, role: str) -> Walk:
    # Wrapped as a message, the field's own name becomes the last step of the path again.
    return walk_message({str(path[-1]): value}, path[:-1], role)


def _field_walker(value: Any, path: Path, _role: str) -> Walk:
    return walk_field(value, path)


def message_segments(protocol: str, messages: Sequence[Mapping[str, Any]]) -> list[Segment]:
    tag, dumps = f"{protocol}.message:".encode(), orjson.dumps
    return [
        Segment(("messages", index), tag + dumps(message), message["role"], message, _message_walker)
        for index, message in enumerate(messages)
    ]


def system_segment(protocol: str, value: Any) -> Segment:
    return Segment(("system",), f"{protocol}.system:".encode() + orjson.dumps(value), "system", value, _system_walker)


def field_segments(protocol: str, tree: Mapping[str, Any], done: frozenset[str]) -> list[Segment]:
    """Segments of all top-level fields but `done`: arrays of objects (tools) item by item, others as one."""
    segments: list[Segment] = []
    for key, value in tree.items():
        if (key in done and (key != "model" or (type(value) is str and is_plain_model(value)))) or (
            key in KNOWN_KEYS and _carries_nothing(value)
        ):
            continue
        tag = f"{protocol}.field:{key}:".encode()
        if key in {"tools", "functions", "mcp_servers"} and type(value) is list:
            segments += [
                Segment((key, index), tag + orjson.dumps(item), "", item, _item_walker)
                for index, item in enumerate(value)
            ]
        else:
            segments.append(Segment((key,), tag + orjson.dumps(value), "", value, _field_walker))
    return segments


def _item_walker(value: Any, path: Path, _role: str) -> Walk:
    return walk_field(value, path) if path[0] != "mcp_servers" else walk_message(value, path, "")


def _carries_nothing(value: Any) -> bool:
    """A known option whose value cannot be content: a switch, a small number, one of the protocol's words."""
    if value is None or type(value) is bool:
        return True
    if type(value) is int:
        return -_SMALL < value < _SMALL
    if type(value) is float:
        return len(repr(value)) < 7
    if type(value) is str:
        return value in WORDS
    return type(value) is dict and all(
        child_key in KNOWN_KEYS and type(child) is not dict and _carries_nothing(child)
        for child_key, child in value.items()
    )


def opaque_facts(
    tree: Mapping[str, Any],
    segments: Sequence[Segment],
    plain: Callable[[Mapping[str, Any], Segment], bool] | None = None,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(references, kinds nobody can read). Only segments that are not `plain` (text, a tool of the caller) are walked."""
    plain = plain or is_plain
    references: set[str] = set()
    unread: set[str] = set()
    for segment in segments:
        if not plain(tree, segment):
            walk = segment.walk()
            references |= walk.references
            unread |= unread_kinds(walk)
    for key in REFERENCE_FIELDS:
        if tree.get(key) is not None:
            references.add(key)
    if type(tree.get("prompt")) is dict:
        references.add("prompt")
    return tuple(sorted(references)), tuple(sorted(unread))


def is_plain(tree: Mapping[str, Any], segment: Segment) -> bool:
    """Whether a segment can be seen at once to have neither references nor media.

    Of what a protocol does not know, as tools in a legacy completion, nobody has looked at the form before.
    """
    head = segment.path[0]
    if head == "messages" and len(segment.path) > 1:
        message = tree["messages"][segment.path[1]]
        if type(message) is not dict:
            return False
        content = message.get("content")
        if len(message) == 2 and type(content) is str:  # nothing but its role and a text
            return True
        if not message.keys() <= _PLAIN_MESSAGE:
            return False
    elif head == "system" and segment.role:  # without a role it is an unknown field
        content = tree["system"]
    elif head == "tools" and len(segment.path) > 1:
        return _is_of(tree["tools"][segment.path[1]], _CALLER_TOOLS)
    else:
        return head != "mcp_servers"
    return type(content) is not list or all(_is_of(block, _PLAIN_BLOCKS) for block in content)


def _is_of(part: Any, kinds: frozenset[str | None]) -> bool:
    """Whether a part says that it is of one of these kinds."""
    return type(part) is dict and is_word_of(part.get("type"), kinds)


def strip_labels(
    body: bytes, tree: dict[str, Any], labels: Sequence[str], field: str = "messages"
) -> tuple[bytes, int]:
    """Take our own labels out of what the caller resends as the assistant's words; `tree` is changed alike.

    A label is taken from the start and the end of a text, with the white space that parts it from the text. A block
    that was nothing but a label goes whole, because providers refuse empty text blocks.
    """
    texts: dict[Path, str] = {}
    emptied: dict[Path, list[int]] = {}
    known = tuple(label for label in labels if label)
    for index, message in enumerate(tree[field]):
        if not known or message.get("role") != "assistant":
            continue
        content = message.get("content")
        if type(content) is str:
            if (kept := without_labels(content, known)) != content:
                message["content"] = texts[(field, index, "content")] = kept
        elif type(content) is list:
            for place in range(len(content) - 1, -1, -1):
                text = content[place].get("text")
                if type(text) is not str or (kept := without_labels(text, known)) == text:
                    continue
                path = (field, index, "content")
                if kept or len(content) == 1:
                    content[place]["text"] = texts[(*path, place, "text")] = kept
                else:
                    del content[place]
                    emptied.setdefault(path, []).insert(0, place)
    if not texts and not emptied:
        return body, 0
    edits = cut_items(body, emptied)
    edits += [(*at, f'"{escape(texts[path])}"'.encode()) for path, at in locate(body, texts).items()]
    return splice(body, edits), len(texts) + sum(map(len, emptied.values()))


def without_labels(text: str, labels: tuple[str, ...]) -> str:
    """`text` without labels at its ends, and without manifests. White space goes only where a label went. Linear."""
    if manifest_beginning() in text:
        text = strip_manifest(text)
    end = len(text)
    while True:
        trimmed = _before_space(text, end)
        length = next((len(label) for label in labels if text.endswith(label, 0, trimmed)), 0)
        if not length:
            break
        end = _before_space(text, trimmed - length)
    start = 0
    while True:
        trimmed = _behind_space(text, start, end)
        length = next((len(label) for label in labels if text.startswith(label, trimmed, end)), 0)
        if not length:
            return text[start:end]
        start = _behind_space(text, trimmed + length, end)


def _before_space(text: str, end: int) -> int:
    while end and text[end - 1].isspace():
        end -= 1
    return end


def _behind_space(text: str, start: int, end: int) -> int:
    while start < end and text[start].isspace():
        start += 1
    return start
