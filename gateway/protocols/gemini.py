"""Gemini: `models/{model}:generateContent`, `:streamGenerateContent`, `:countTokens` and the two embedding methods.

Model and streaming stand in the path, not in the body: `DecodedRequest.addressed` adds them. Nothing is inserted.
Both writings of a field (`systemInstruction`, `system_instruction`) are read; both at once are refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from gateway.errors import BadRequest
from gateway.flow import Path
from gateway.protocols.array_items import cut_items
from gateway.protocols.document import parse
from gateway.protocols.gemini_vocabulary import GEMINI_KEYS, snake
from gateway.protocols.gemini_walk import walk_content
from gateway.protocols.json_offsets import escape, locate
from gateway.protocols.reading import (
    MAX_BLOCKS,
    MAX_MESSAGES,
    field_segments,
    object_of,
    tokens_of,
    without_labels,
)
from gateway.protocols.request import DecodedRequest, Segment, unread_kinds
from gateway.protocols.vocabulary import MODEL, is_plain_model, is_word_of
from gateway.protocols.walk import Walk, walk_field
from gateway.redaction.splice import splice

GENERATE, COUNT_TOKENS, EMBED = "gemini_generate", "gemini_count_tokens", "gemini_embed"
METHODS: Mapping[str, str] = {
    "generateContent": GENERATE,
    "streamGenerateContent": GENERATE,
    "countTokens": COUNT_TOKENS,
    "embedContent": EMBED,
    "batchEmbedContents": EMBED,
}
"""Methods of a model, and the protocol that reads each."""
ROLES: Mapping[str, str] = {"user": "user", "model": "assistant", "function": "tool", "tool": "tool"}
_DONE = frozenset({"contents", "systemInstruction", "system_instruction", "model"})
_EMBED_DONE = frozenset({"content", "model"})
_TURNS = frozenset({"contents", "content", "system_instruction"})
_CALLER_RUN = frozenset({"function_declarations", "computer_use"})
Unit = tuple[Segment, Mapping[str, Any]]
"""A content, and what it is made of."""
_STORES = ("fileSearchStoreNames", "file_search_store_names")


def decode(body: bytes, *, labels: Sequence[str] = ()) -> DecodedRequest:
    """Read a generateContent request. `labels`: our own, stripped from resent model turns. Raises BadRequest."""
    return _decoded(GENERATE, body, parse(body).tree, (), labels)


def decode_count_tokens(body: bytes, *, labels: Sequence[str] = ()) -> DecodedRequest:
    """Read a countTokens request: contents, or a whole `generateContentRequest`. Raises BadRequest."""
    tree = parse(body).tree
    if _field(tree, "generateContentRequest") is None:
        return _decoded(COUNT_TOKENS, body, tree, (), labels)
    key = _key(tree, "generateContentRequest")
    if len(tree) > 1:
        raise BadRequest("a countTokens request has contents or a generateContentRequest, not both", param=key)
    return _decoded(COUNT_TOKENS, body, object_of(tree, key), (key,), labels)


def decode_embed(body: bytes, *, labels: Sequence[str] = ()) -> DecodedRequest:
    """Read an embedContent or batchEmbedContents request. Raises BadRequest."""
    tree = parse(body).tree
    requests = _objects(tree.get("requests"), "requests") if "requests" in tree else [tree]
    if not 0 < len(requests) <= MAX_MESSAGES:
        raise BadRequest(f"a batch has 1 to {MAX_MESSAGES} requests", param="requests")
    for item in requests:
        content = item.get("content")
        if type(content) is not dict:
            raise BadRequest("content must be an object", param="content")
        _role(content, "content")
        _listed(content.get("parts"), "content.parts")
    models = {_model(item) for item in requests} - {""}
    if len(models) > 1:
        raise BadRequest("all requests of a batch name one model", param="requests")
    if "requests" in tree:
        segments = [_inner_segment(EMBED, item, ("requests", place)) for place, item in enumerate(requests)]
        segments += field_segments(EMBED, tree, frozenset({"requests"}))
    else:
        content = tree["content"]
        segments = [_content_segment(EMBED, content, ("content",), _role(content, "content"))]
        segments += field_segments(EMBED, tree, _EMBED_DONE)
    references, uninspected = _facts([(segment, {}) for segment in segments], [])
    return DecodedRequest(
        protocol=EMBED, family="gemini", model=models.pop() if models else "", stream=False, segments=tuple(segments),
        body=body, json_mode=True, references=references, uninspected=uninspected,
    )  # fmt: skip


def _decoded(protocol: str, body: bytes, tree: Mapping[str, Any], base: Path, labels: Sequence[str]) -> DecodedRequest:
    model = _model(tree)
    contents = _contents(tree)
    system = _field(tree, "systemInstruction")
    if system is not None and type(system) is not dict:
        raise BadRequest("systemInstruction must be an object with parts", param="systemInstruction")
    _listed((system or {}).get("parts"), "systemInstruction.parts")
    config = _config(tree)
    tools = _listed(_field(tree, "tools"), "tools")
    caller_tools, provider_tools = _tools(tools)
    stripped = 0
    if labels:
        body, stripped = _strip_labels(body, tree, contents, base, labels)
    units: list[Unit] = []
    if base:
        units.append((_inner_segment(protocol, tree, base), {}))
        segments = [units[0][0]]
    else:
        if system:
            key = _key(tree, "systemInstruction")
            units.append((_content_segment(protocol, system, (key,), "system"), system))
        for path, item in contents:
            units.append((_content_segment(protocol, item, ("contents", *path), _role(item, "contents")), item))
        segments = [segment for segment, _ in units] + field_segments(protocol, tree, _DONE)
    references, uninspected = _facts(units, tools)
    if _field(tree, "cachedContent") is not None:
        references = tuple(sorted({*references, "cached_content"}))
    return DecodedRequest(
        protocol=protocol,
        family="gemini",
        model=model,
        stream=False,
        segments=tuple(segments),
        body=body,
        json_mode=_json_mode(config),
        caller_tools=caller_tools,
        provider_tools=provider_tools,
        references=references,
        uninspected=uninspected,
        max_output=tokens_of({"maxOutputTokens": _field(config, "maxOutputTokens")}, "maxOutputTokens"),
        stripped=stripped,
    )


def _key(tree: Mapping[str, Any], name: str) -> str:
    return name if name in tree else snake(name)


def _field(tree: Mapping[str, Any], name: str) -> Any:
    """A field in either writing. Raises BadRequest when both are there: two readers could take different ones."""
    other = snake(name)
    if other != name and name in tree and other in tree:
        raise BadRequest(f"{name} is given twice, in both of its writings", param=name)
    return tree.get(name, tree.get(other))


def _listed(value: Any, where: str) -> list[dict[str, Any]]:
    """Google reads a single object where an array of them is meant."""
    return [value] if type(value) is dict else _objects(value, where)


def _objects(value: Any, where: str) -> list[dict[str, Any]]:
    if value is None:
        return []
    if not _is_list_of_objects(value):
        raise BadRequest(f"{where} must be an array of objects", param=where)
    objects: list[dict[str, Any]] = value
    return objects


def _is_list_of_objects(value: Any) -> bool:
    return type(value) is list and all(type(item) is dict for item in value)


def _contents(tree: Mapping[str, Any]) -> list[tuple[Path, dict[str, Any]]]:
    """The turns, each with its path below `contents` and checked for role and parts."""
    given = tree.get("contents")
    contents = _listed(given, "contents")
    if not contents:
        raise BadRequest("contents must be a non-empty array", param="contents")
    if len(contents) > MAX_MESSAGES:
        raise BadRequest(f"a call has at most {MAX_MESSAGES} contents", param="contents")
    parts = 0
    for index, content in enumerate(contents):
        where = f"contents[{index}]"
        _role(content, where)
        for part in _listed(content.get("parts"), f"{where}.parts"):
            parts += 1
            if type(part.get("text", "")) is not str:
                raise BadRequest(f"{where}.parts must have texts that are strings", param=f"{where}.parts")
    if parts > MAX_BLOCKS:
        raise BadRequest(f"a call has at most {MAX_BLOCKS} parts", param="contents")
    return [((), given)] if type(given) is dict else [((index,), content) for index, content in enumerate(contents)]


def _role(content: Mapping[str, Any], where: str) -> str:
    role = content.get("role") or "user"
    if type(role) is not str or role.lower() not in ROLES:
        raise BadRequest(f"{where}.role is not a role of this API", param=f"{where}.role")
    return ROLES[role.lower()]


def _config(tree: Mapping[str, Any]) -> Mapping[str, Any]:
    config = _field(tree, "generationConfig")
    if config is not None and type(config) is not dict:
        raise BadRequest("generationConfig must be an object", param="generationConfig")
    for name in ("maxOutputTokens", "responseMimeType", "candidateCount"):
        _field(config or {}, name)
    count = _field(config or {}, "candidateCount")
    if count is not None and (type(count) is not int or not 1 <= count <= 8):
        raise BadRequest("candidateCount must be a number from 1 to 8", param="generationConfig.candidateCount")
    return config or {}


def _json_mode(config: Mapping[str, Any]) -> bool:
    """Any form that a label would break: JSON, or one word of an enumeration."""
    media_type = _field(config, "responseMimeType")
    return not is_word_of(media_type, {None, "", "text/plain"})


def _model(tree: Mapping[str, Any]) -> str:
    """The model as a body may repeat it: `models/NAME`. It must be the one of the path."""
    model = tree.get("model")
    if model is None:
        return ""
    if type(model) is not str or MODEL.fullmatch(name := model.removeprefix("models/")) is None:
        raise BadRequest("model must be a model's name", param="model")
    return name


def _tools(tools: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(names of the caller's functions, kinds of tools that the provider runs)."""
    caller: list[str] = []
    provider: list[str] = []
    for index, tool in enumerate(tools):
        for key, value in tool.items():
            kind = snake(key)
            if kind == "function_declarations":
                where = f"tools[{index}].{key}"
                for declared in _listed(value, where):
                    if type(declared.get("name")) is not str:
                        raise BadRequest(f"{where} must have names that are strings", param=where)
                    caller.append(declared["name"])
            elif kind in _CALLER_RUN:
                caller.append(kind)
            else:
                provider.append(kind if key in GEMINI_KEYS else "unknown")
    return tuple(caller), tuple(provider)


def _content_segment(protocol: str, content: Any, path: Path, role: str) -> Segment:
    member = path[0] if len(path) == 1 else ""  # its bytes have its key with them
    tag = f"{protocol}.content:{role}:{member}:".encode()
    return Segment(path, tag + orjson.dumps(content), role, content, walk_content)


def _inner_segment(protocol: str, request: Any, path: Path) -> Segment:
    """A whole request inside of another one is one unit: nothing of it stands at the root, where units are told apart."""
    member = path[0] if len(path) == 1 else ""
    return Segment(path, f"{protocol}.inner:{member}:".encode() + orjson.dumps(request), "", request, _inner_walker)


def _inner_walker(request: Any, path: Path, _role_: str) -> Walk:
    walk = Walk()
    for key, value in request.items():
        here = (*path, key)
        if key == "model" and is_plain_model(_model(request)):
            continue
        if snake(key) in _TURNS and (type(value) is dict or _is_list_of_objects(value)):
            found = [walk_content(turn, where, role) for where, turn, role in _turns(key, value, here)]
        else:
            found = [walk_field(value, here)]
        for each in found:
            walk.parts += each.parts
            walk.sealed |= each.sealed
            walk.references |= each.references
    return walk


def _turns(key: str, value: Any, path: Path) -> list[tuple[Path, dict[str, Any], str]]:
    """The contents in one field of an inner request, each with its path and role."""
    if snake(key) == "system_instruction":
        return [(path, value, "system")]
    if type(value) is dict:
        return [(path, value, _role(value, key))]
    return [((*path, place), turn, _role(turn, key)) for place, turn in enumerate(value)]


def _facts(units: Sequence[Unit], tools: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(references, kinds nobody can read). Contents of nothing but text are not walked for it."""
    references: set[str] = set()
    unread: set[str] = set()
    for segment, content in units:
        if not _is_text(content):
            walk = segment.walk()
            references |= walk.references
            unread |= unread_kinds(walk)
    for tool in tools:
        search = _field(tool, "fileSearch")
        if type(search) is dict and any(search.get(key) for key in _STORES):
            references.add("file_search_store")
    return tuple(sorted(references)), tuple(sorted(unread))


def _is_text(content: Mapping[str, Any]) -> bool:
    """An empty one stands for a unit that has to be walked."""
    parts = content.get("parts")
    return type(parts) is list and all(type(part) is dict and part.keys() == {"text"} for part in parts)


def _strip_labels(
    body: bytes,
    tree: Mapping[str, Any],
    contents: Sequence[tuple[Path, dict[str, Any]]],
    base: Path,
    labels: Sequence[str],
) -> tuple[bytes, int]:
    """Take our own labels out of what the caller resends as the model's words; `tree` is changed alike.

    Our label is a part of its own, which goes whole; where a client joined it to the text, it is taken from the end.
    """
    known = tuple(label for label in labels if label)
    texts: dict[Path, str] = {}
    gone: dict[Path, list[int]] = {}
    for path, content in contents:
        parts = content.get("parts")
        if _role(content, "contents") != "assistant" or type(parts) is not list:
            continue
        here: Path = (*base, "contents", *path, "parts")
        emptied: list[int] = []
        for place, part in enumerate(parts):
            text = part.get("text")
            if type(text) is str and (kept := without_labels(text, known)) != text:
                part["text"] = kept
                if kept or len(part) > 1:
                    texts[(*here, place, "text")] = kept
                else:
                    emptied.append(place)
        if emptied and len(emptied) == len(parts):  # a turn that had parts has one, be it empty
            texts[(*here, emptied.pop(), "text")] = ""
        if emptied:
            gone[here] = emptied
            content["parts"] = [part for place, part in enumerate(parts) if place not in emptied]
    if not texts and not gone:
        return body, 0
    edits = cut_items(body, gone)
    edits += [(*at, f'"{escape(texts[path])}"'.encode()) for path, at in locate(body, texts).items()]
    return splice(body, edits), len(texts) + sum(map(len, gone.values()))
