"""The walk over one Gemini content: its parts say what they are by their one field, in camelCase or snake_case.

Like `gateway.protocols.walk`, whose rules hold for everything below a part: every string becomes a part, also in fields
that this gateway does not know. A part of a kind that nobody knows may hold anything: it is unread as well as inspected.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.flow import Part, PartKind, Path
from gateway.protocols.gemini_vocabulary import GEMINI_KEYS, GEMINI_WORDS, snake
from gateway.protocols.media import SEALED_LENGTH, is_encoded, payload_of
from gateway.protocols.walk import Walk, walk_value

_PLAIN = frozenset(
    {"thought", "video_metadata", "part_metadata", "media_resolution", "media_processing", "speech_metadata"}
    | {"document_metadata", "spreadsheet_metadata", "audio_metadata"}
)
"""Fields beside a part's own: settings, whose strings are inspected all the same."""
_TOOLS_OWN = frozenset({"args", "response"})
_KINDS = {"image": PartKind.IMAGE, "audio": PartKind.AUDIO}


def walk_content(content: Mapping[str, Any], path: Path, role: str) -> Walk:
    """One content: a turn of the conversation, or the system instruction."""
    walk = Walk()
    for key, value in content.items():
        here = (*path, key)
        if key == "parts" and type(value) in {dict, list}:
            _parts(walk, value, here, role)
        elif not (key == "role" and _is_word(value)):
            _other(walk, key, value, here, role)
    return walk


def _parts(walk: Walk, value: Any, path: Path, role: str) -> None:
    if type(value) is dict:
        _part(walk, value, path, role)
        return
    for index, part in enumerate(value):
        if type(part) is dict:
            _part(walk, part, (*path, index), role)
        else:
            walk_value(walk, part, (*path, index), PartKind.FIELD, role)


def _part(walk: Walk, part: Mapping[str, Any], path: Path, role: str) -> None:
    for key, value in part.items():
        here, name = (*path, key), snake(key)
        if name == "text":
            if part.get("thought") is True and _signature(part):
                walk.sealed.add(here)
            walk_value(walk, value, here, PartKind.TEXT, role)
        elif name == "thought_signature":
            walk.sealed.add(here)  # signed: it goes on as it came, or not at all
            if not (role == "assistant" and is_signature(value)):
                walk_value(walk, value, here, PartKind.FIELD, role)
        elif name in _FIELDS and type(value) is dict:
            _FIELDS[name](walk, value, here, role)
        elif name in _PLAIN:
            _other(walk, key, value, here, role)
        else:
            walk.parts.append(Part(here, PartKind.FILE, "", role))
            _other(walk, key, value, here, role)


def _signature(part: Mapping[str, Any]) -> Any:
    return part.get("thoughtSignature") or part.get("thought_signature")


def is_signature(value: Any) -> bool:
    """A provider's own sealed bytes: nothing a caller could have written words in."""
    return type(value) is str and len(value) >= SEALED_LENGTH and is_encoded(value)


def _is_word(value: Any) -> bool:
    return type(value) is str and value in GEMINI_WORDS


def _other(walk: Walk, key: str, value: Any, here: Path, role: str) -> None:
    if key not in GEMINI_KEYS:
        walk.parts.append(Part(here, PartKind.NAME, key, role))
    walk_value(walk, value, here, PartKind.FIELD, role)


def _bytes(walk: Walk, blob: Mapping[str, Any], path: Path, role: str) -> None:
    """`inlineData`: what its media type says it is; data that is no Base64 is inspected as the text that it may be."""
    media_type = str(blob.get("mimeType") or blob.get("mime_type") or "")
    kind = _KINDS.get(media_type.partition("/")[0].lower(), PartKind.FILE)
    for key, value in blob.items():
        here = (*path, key)
        if key == "data":
            payload = payload_of(blob, value) if type(value) is str else None
            walk.parts.append(Part(here, kind, "", role, payload))
            if type(value) is str and is_encoded(value):
                continue
        elif snake(key) == "mime_type" and _is_word(value):
            continue
        _other(walk, key, value, here, role)


def _file(walk: Walk, file: Mapping[str, Any], path: Path, role: str) -> None:
    """`fileData`: content that only the provider can fetch. The address may carry what it should not."""
    walk.references.add("file_uri")
    walk.parts.append(Part(path, PartKind.REFERENCE, "", role))
    for key, value in file.items():
        if not (snake(key) == "mime_type" and _is_word(value)):
            _other(walk, key, value, (*path, key), role)


def _call(walk: Walk, call: Mapping[str, Any], path: Path, role: str) -> None:
    _tool(walk, call, path, role, PartKind.TOOL_CALL)


def _response(walk: Walk, response: Mapping[str, Any], path: Path, role: str) -> None:
    _tool(walk, response, path, role, PartKind.TOOL_RESULT)


def _tool(walk: Walk, tool: Mapping[str, Any], path: Path, role: str, kind: PartKind) -> None:
    """A call or a response: the data is a tool's own, so nothing in it means anything to the provider."""
    for key, value in tool.items():
        here = (*path, key)
        if key in _TOOLS_OWN:
            walk_value(walk, value, here, kind, role, own=True)
        elif key == "parts" and type(value) is list:
            _parts(walk, value, here, role)
        else:
            _other(walk, key, value, here, role)


def _code(walk: Walk, code: Mapping[str, Any], path: Path, role: str) -> None:
    """Code that the provider ran, and what came of it: text that the model reads."""
    for key, value in code.items():
        here = (*path, key)
        if key in {"code", "output"}:
            kind = PartKind.TOOL_CALL if key == "code" else PartKind.TOOL_RESULT
            walk_value(walk, value, here, kind, role)
        elif not (key in {"language", "outcome"} and _is_word(value)):
            _other(walk, key, value, here, role)


_FIELDS = {
    "inline_data": _bytes,
    "file_data": _file,
    "function_call": _call,
    "function_response": _response,
    "tool_call": _call,  # of a tool that Google ran: sent back with the turn
    "tool_response": _response,
    "executable_code": _code,
    "code_execution_result": _code,
}
