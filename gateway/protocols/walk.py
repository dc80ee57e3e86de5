r"""The walk over one unit of a request that finds everything that can carry content.

Every string becomes a part, wherever it stands, also in fields this gateway does not know; so do object keys that no
protocol defines and numbers of seven digits and more. What only the provider can read (images, audio, files,
references) becomes an opaque part. Not parts: the protocols' own words (`vocabulary`), identifiers issued by the
provider, and its signatures.

A string that holds JSON is a part as it stands; where escapes inside it hide characters from inspection
(`{"name": "\u5f20\u4e09"}`), each such inner string is a part too, its path going on inside the string.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from gateway.flow import Part, PartKind, Path
from gateway.protocols.document import Literal
from gateway.protocols.json_offsets import View, tokens
from gateway.protocols.vocabulary import KNOWN_KEYS, WORD_KEYS, WORDS, is_base64, is_data_url, is_issued_id

LONG_NUMBER = 7
MAX_JSON_DEPTH = 4
_ID_KEYS = frozenset({"id", "tool_call_id", "tool_use_id"})
_KIND_OF_TYPE = {
    "image": PartKind.IMAGE,
    "image_url": PartKind.IMAGE,
    "input_audio": PartKind.AUDIO,
    "audio": PartKind.AUDIO,
}
_PLAIN_KEYS = frozenset({"text", "content", "thinking", "refusal", "reasoning", "reasoning_content", "system"})


@dataclass(slots=True)
class Walk:
    """What one walk found. `sealed`: paths of signed text, which nobody can change without breaking the signature."""

    parts: list[Part] = field(default_factory=list)
    sealed: set[Path] = field(default_factory=set)
    references: set[str] = field(default_factory=set)


def walk_message(message: Mapping[str, Any], path: Path, role: str) -> Walk:
    """A message, or a system prompt wrapped as one: its blocks may refer to content outside of the body."""
    walk = Walk()
    kind = PartKind.TOOL_RESULT if role in {"tool", "function"} else PartKind.TEXT
    _object(walk, message, path, kind, role, blocks=True)
    return walk


def walk_field(value: Any, path: Path) -> Walk:
    """Any other top-level value: a tool definition, metadata, an unknown field. An unknown key is a part as well."""
    walk = Walk()
    key = path[-1]
    if isinstance(key, str) and key not in KNOWN_KEYS:
        walk.parts.append(Part(path, PartKind.NAME, key))
    _value(walk, value, path, PartKind.FIELD, "", blocks=key == "mcp_servers")
    return walk


def _value(walk: Walk, value: Any, path: Path, kind: PartKind, role: str, *, blocks: bool) -> None:
    if type(value) is str:
        if value:
            _string(walk, value, path, kind, role)
    elif type(value) is dict:
        _object(walk, value, path, kind, role, blocks=blocks)
    elif type(value) is list:
        for index, item in enumerate(value):
            _value(walk, item, (*path, index), kind, role, blocks=blocks)
    elif type(value) is int or type(value) is float or type(value) is Literal:
        text = str(value)
        if len(text) >= LONG_NUMBER:
            walk.parts.append(Part(path, PartKind.NUMBER, text, role))


def _object(walk: Walk, node: Mapping[str, Any], path: Path, kind: PartKind, role: str, *, blocks: bool) -> None:
    block_type = node.get("type")
    if blocks and type(block_type) is str and block_type.endswith("tool_result"):
        kind = PartKind.TOOL_RESULT
    for key, value in node.items():
        here = (*path, key)
        if key not in KNOWN_KEYS:
            walk.parts.append(Part(here, PartKind.NAME, key, role))
        if type(value) is str:
            if not value or (key in WORD_KEYS and value in WORDS) or (key in _ID_KEYS and is_issued_id(value)):
                continue
            if blocks and _leaf(walk, node, key, value, here, role):
                continue
        if key in {"arguments", "input"}:
            _value(walk, value, here, PartKind.TOOL_CALL, role, blocks=False)
        elif key in _PLAIN_KEYS or key == "source" or type(value) is list:
            _value(walk, value, here, kind, role, blocks=blocks)
        else:
            _value(walk, value, here, PartKind.FIELD, role, blocks=blocks)


def _leaf(walk: Walk, node: Mapping[str, Any], key: str, value: str, here: Path, role: str) -> bool:
    """Strings of content blocks that stand for something else than text. True if nothing is left to inspect."""
    if key in {"file_id", "url", "file_url", "image_url"}:
        if is_data_url(value):
            walk.parts.append(Part(here, _opaque_kind(node, here), "", role))
            return True
        walk.references.add("file_id" if key == "file_id" else "url")
        walk.parts.append(Part(here, PartKind.REFERENCE, "", role))
        return False
    if key in {"data", "file_data"} and (is_base64(value) or is_data_url(value)):
        if node.get("type") != "redacted_thinking":
            walk.parts.append(Part(here, _opaque_kind(node, here), "", role))
        return True
    if key in {"signature", "encrypted_content", "encrypted_index"} and is_base64(value):
        return True
    if key == "thinking" and node.get("signature"):
        walk.sealed.add(here)
    return False


def _opaque_kind(node: Mapping[str, Any], here: Path) -> PartKind:
    media = node.get("media_type")
    if isinstance(media, str):
        return PartKind.IMAGE if media.startswith("image/") else PartKind.FILE
    for step in reversed(here):
        if step in _KIND_OF_TYPE:
            return _KIND_OF_TYPE[str(step)]
    return _KIND_OF_TYPE.get(str(node.get("type")), PartKind.FILE)


def _string(walk: Walk, value: str, path: Path, kind: PartKind, role: str) -> None:
    walk.parts.append(Part(path, kind, value, role))
    if "\\" in value and holds_json(value):
        _inner(walk, View(value), path, kind, role, MAX_JSON_DEPTH)


def holds_json(text: str) -> bool:
    """Whether a string is itself a JSON object or array."""
    if text.lstrip()[:1] not in {"{", "["}:
        return False
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _inner(walk: Walk, view: View, path: Path, kind: PartKind, role: str, depth: int) -> None:
    """Strings inside a string that holds JSON, where their escapes make them read differently than they stand there."""
    for token in tokens(view.text):
        if token.kind != "string" or "\\" not in view.text[token.start : token.end]:
            continue
        inside = view.inside(token)
        here = path + token.path
        walk.parts.append(Part(here, PartKind.NAME if token.key else kind, inside.text, role))
        if depth and not token.key and "\\" in inside.text and holds_json(inside.text):
            _inner(walk, inside, here, kind, role, depth - 1)
