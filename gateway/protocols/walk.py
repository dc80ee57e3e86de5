r"""The walk over one unit of a request that finds everything that can carry content.

Every string becomes a part, wherever it stands, also in fields this gateway does not know; so do object keys that no
protocol defines and numbers of seven digits and more. What only the provider can read (images, audio, files,
references) becomes an opaque part, also in types of blocks that are not known. Not parts: the protocols' own words
(`vocabulary`), identifiers in the form the provider issues, in the places where it puts them, and its sealed bytes.

A string that holds JSON is a part as it stands; where escapes inside it hide characters from inspection
(`{"name": "\u5f20\u4e09"}`), each such inner string is a part too, its path going on inside the string.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import orjson

from gateway.flow import Part, PartKind, Path, Payload
from gateway.protocols.document import Literal
from gateway.protocols.json_offsets import View, tokens
from gateway.protocols.media import (
    DATA_KEYS,
    MEDIA_KEYS,
    URL_KEYS,
    holds_bytes,
    is_data_url,
    is_encoded,
    is_sealed,
    is_signed_place,
    kind_of,
    kind_of_key,
    kind_of_source,
    payload_of,
)
from gateway.protocols.vocabulary import (
    ISSUED_KEYS,
    KNOWN_KEYS,
    REFERENCE_KEYS,
    WORD_KEYS,
    WORDS,
    is_issued_id,
    is_known_block,
    is_word_of,
)

LONG_NUMBER = 7
MAX_JSON_DEPTH = 4
_MOST_DIGITS = 40
_LAST_BYTE = 255
_LONG, _URL_STARTS = 240, frozenset("dD \t\r\n")
"""Which strings are worth the search for encoded bytes: long ones, and those that may be a data URL."""
_PLAIN_KEYS = frozenset(
    {"text", "content", "thinking", "refusal", "reasoning", "reasoning_content", "system", "output", "summary"}
)
_BLOCKS_IN = frozenset({"content", "output", "summary"})
_MEDIA_KEYS = MEDIA_KEYS | URL_KEYS
_CITING = frozenset({"web_search_result", "web_fetch_result", "web_search_result_location", "url_citation"})
"""Blocks whose address says where a text came from: what was read there is in the body, and nobody fetches it again."""
_SIGNED = {"thinking": "thinking", "content": "compaction"}
"""Texts, and the blocks in which a signature over them can stand."""
_NO_MEDIA = frozenset({"browser_state"})
"""Blocks whose addresses the provider does not fetch: it makes a text of them."""
_CALLS = frozenset({"arguments", "input", "action", "actions", "operation"})
_TOOLS_OWN = _CALLS | {"parameters", "input_schema", "schema"}


@dataclass(slots=True)
class Walk:
    """What one walk found. `sealed`: paths of parts that nobody can change in place: signed text, texts in pieces."""

    parts: list[Part] = field(default_factory=list)
    sealed: set[Path] = field(default_factory=set)
    references: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _At:
    """How to read what stands here. `blocks`: content blocks may stand here; `media`: inside a block of this kind."""

    kind: PartKind
    role: str
    blocks: bool
    media: PartKind | None = None
    own: bool = False  # a tool's own data or schema: nothing in it means anything to the provider

    def with_(self, kind: PartKind, *, media: PartKind | None = None) -> _At:
        same = kind is self.kind and media is self.media
        return self if same else _At(kind, self.role, self.blocks, media, self.own)


_FIELD = _At(PartKind.FIELD, "", blocks=False)


def walk_message(message: Mapping[str, Any], path: Path, role: str) -> Walk:
    """A message, or a system prompt wrapped as one: its blocks may refer to content outside of the body."""
    walk = Walk()
    kind = PartKind.TOOL_RESULT if role in {"tool", "function"} else PartKind.TEXT
    _object(walk, message, path, _At(kind, role, blocks=True))
    return walk


def walk_text(text: str, path: Path, role: str) -> Walk:
    """A top-level field that is somebody's words as a whole."""
    walk = Walk()
    _string(walk, text, path, _At(PartKind.TEXT, role, blocks=True))
    return walk


def walk_field(value: Any, path: Path) -> Walk:
    """Any other top-level value: a tool definition, metadata, an unknown field. An unknown key is a part as well."""
    walk = Walk()
    key = path[-1]
    if isinstance(key, str) and key not in KNOWN_KEYS:
        walk.parts.append(Part(path, PartKind.NAME, key))
    if key in REFERENCE_KEYS:
        _reference(walk, str(key), value, path, _FIELD)
    _value(walk, value, path, _At(PartKind.FIELD, "", blocks=key == "mcp_servers"))
    return walk


def walk_value(walk: Walk, value: Any, path: Path, kind: PartKind, role: str, *, own: bool = False) -> None:
    """Anything that has no blocks in it, for walkers of other protocols. `own`: a tool's own data."""
    _value(walk, value, path, _At(kind, role, blocks=False, own=own))


def _value(walk: Walk, value: Any, path: Path, at: _At) -> None:
    if type(value) is str:
        if value:
            _string(walk, value, path, at)
    elif type(value) is dict:
        _object(walk, value, path, at)
    elif type(value) is list:
        if len(value) > 2:
            _in_pieces(walk, value, path, at)
        for index, item in enumerate(value):
            _value(walk, item, (*path, index), at)
    elif type(value) is int or type(value) is float or type(value) is Literal:
        text = _digits(value)
        if len(text) >= LONG_NUMBER:
            walk.parts.append(Part(path, PartKind.NUMBER, text, at.role))


def _digits(value: float | Literal) -> str:
    """A number as inspection should see it: whole numbers without their fraction and exponent."""
    text = str(value)
    if type(value) is int or len(text) < LONG_NUMBER:
        return text
    number = Decimal(text)
    if abs(number.adjusted()) < _MOST_DIGITS and number == number.to_integral_value():
        return format(number, ".0f")
    return text


def _in_pieces(walk: Walk, items: Sequence[Any], path: Path, at: _At) -> None:
    """A text whose pieces are items of a list: inspected as one, and not to be edited in place.

    Digits, one or more per item; characters by their numbers (`bytes`); tokens with their probabilities (`logprobs`).
    """
    first = items[0]
    if type(first) is dict:
        if type(first.get("token")) is str:
            _sealed(walk, "".join(str(item.get("token", "")) for item in items if type(item) is dict), path, at)
        return
    if type(first) is int and all(type(item) is int and 9 <= item <= _LAST_BYTE for item in items):
        _sealed(walk, bytes(items).decode(errors="replace"), path, at)
    _split_number(walk, items, path, at)


def _sealed(walk: Walk, text: str, path: Path, at: _At) -> None:
    if len(text) >= LONG_NUMBER:
        walk.parts.append(Part(path, PartKind.NUMBER, text, at.role))
        walk.sealed.add(path)


def _split_number(walk: Walk, items: Sequence[Any], path: Path, at: _At) -> None:
    """Digits in pieces, one per item."""
    if not all((type(item) is str and item.isdecimal()) or type(item) is int for item in items):
        return
    pieces = [str(item) for item in items]
    text = ("" if max(map(len, pieces)) == 1 else " ").join(pieces)
    _sealed(walk, text, path, at)


def _object(walk: Walk, node: Mapping[str, Any], path: Path, at: _At) -> None:
    if at.blocks:
        at = _block(walk, node, path, at)
    role, blocks = at.role, at.blocks
    for key, value in node.items():
        here = (*path, key)
        if key not in KNOWN_KEYS:
            walk.parts.append(Part(here, PartKind.NAME, key, role))
        if type(value) is str:
            if not value or (key in WORD_KEYS and value in WORDS):
                continue
            if blocks and _is_providers(walk, node, key, value, here, role):
                continue
        if key in REFERENCE_KEYS and not at.own:
            _reference(walk, key, value, here, at)
        if key in _TOOLS_OWN:
            kind = PartKind.TOOL_CALL if key in _CALLS else PartKind.FIELD
            _value(walk, value, here, _At(kind, role, blocks=False, own=True))
        elif key == "url_citation" or (key == "url" and is_word_of(node.get("type"), _CITING)):
            _value(walk, value, here, _At(PartKind.FIELD, role, blocks=False))
        elif not blocks and _is_embedded_file(node, key, value, at):
            walk.parts.append(Part(here, PartKind.FILE, "", role, payload_of(node, value)))
            _value(walk, value, here, at)
        elif blocks and (at.media is not None or key in _MEDIA_KEYS) and _media(walk, node, key, value, here, at):
            continue
        elif key in _PLAIN_KEYS or type(value) is list:
            _value(walk, value, here, at.with_(at.kind))
        else:
            _value(walk, value, here, at.with_(PartKind.FIELD))


def _block(walk: Walk, node: Mapping[str, Any], path: Path, at: _At) -> _At:
    """What a block's type says of it. A block of a type nobody knows may hold anything: unread as well as inspected."""
    block_type = node.get("type")
    if type(block_type) is not str:
        return at
    if block_type.endswith("tool_result"):
        return at.with_(PartKind.TOOL_RESULT)
    if block_type in _NO_MEDIA:
        return _At(at.kind, at.role, blocks=False)
    media = kind_of(node)
    if media is not None:
        return at.with_(at.kind, media=media)
    if len(path) > 1 and path[-2] in _BLOCKS_IN and not is_known_block(block_type):
        walk.parts.append(Part(path, PartKind.FILE, "", at.role))
    return at


def _is_providers(walk: Walk, node: Mapping[str, Any], key: str, value: str, here: Path, role: str) -> bool:
    """Whether a string is the provider's own: an identifier it issued, or sealed bytes. Signed text is noted."""
    if key in ISSUED_KEYS:
        return is_issued_id(value)
    if (_SIGNED.get(key) == node.get("type") and node.get("signature")) or is_signed_place(node, key, role):
        walk.sealed.add(here)
    return is_sealed(node, key, value, role)


def _is_embedded_file(node: Mapping[str, Any], key: str, value: Any, at: _At) -> bool:
    """A source that says it is Base64, in a tool's definition: the files of a skill, whatever their size."""
    return key in DATA_KEYS and not at.own and type(value) is str and node.get("type") == "base64"


def _reference(walk: Walk, key: str, value: Any, here: Path, at: _At) -> None:
    items = value if type(value) is list else [value]
    if any(type(item) is str and item for item in items):
        walk.references.add(key.removesuffix("s"))
        walk.parts.append(Part(here, PartKind.REFERENCE, "", at.role))


def _media(walk: Walk, node: Mapping[str, Any], key: str, value: Any, here: Path, at: _At) -> bool:
    """The fields of a medium's block. True if nothing is left to walk."""
    kind = at.media or kind_of_key(key)
    if type(value) is dict:
        inner = kind_of_source(value, kind) if key == "source" else kind
        below = _At(at.kind if key == "source" else PartKind.FIELD, at.role, blocks=True, media=inner)
        if key == "audio" and type(value.get("id")) is str:
            walk.references.add("audio")
            walk.parts.append(Part(here, PartKind.REFERENCE, "", at.role))
        _object(walk, value, here, below)
        return True
    if type(value) is list:
        if key not in MEDIA_KEYS:
            return False
        for index, item in enumerate(value):
            _media(walk, node, key, item, (*here, index), at)
        return True
    if type(value) is not str or not (key in MEDIA_KEYS or key in DATA_KEYS or key in URL_KEYS):
        return False
    if key in DATA_KEYS or is_data_url(value) or (key not in URL_KEYS and is_encoded(value)):
        walk.parts.append(Part(here, kind, "", at.role, payload_of(node, value)))
        if not is_encoded(value):
            walk.parts.append(Part(here, PartKind.FIELD, value, at.role))
    else:
        walk.references.add("url")
        walk.parts.append(Part(here, PartKind.REFERENCE, "", at.role))
        _string(walk, value, here, at.with_(PartKind.FIELD))
    return True


def _string(walk: Walk, value: str, path: Path, at: _At) -> None:
    walk.parts.append(Part(path, at.kind, value, at.role))
    if (len(value) >= _LONG or ";" in value or value[:1] in _URL_STARTS) and (is_data_url(value) or holds_bytes(value)):
        walk.parts.append(Part(path, PartKind.FILE, "", at.role, Payload(value) if is_data_url(value) else None))
    if "\\" in value and holds_json(value):
        _inner(walk, View(value), path, at, MAX_JSON_DEPTH)


def holds_json(text: str) -> bool:
    """Whether a string is itself a JSON object or array."""
    if text.lstrip()[:1] not in {"{", "["}:
        return False
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _inner(walk: Walk, view: View, path: Path, at: _At, depth: int) -> None:
    """Strings inside a string that holds JSON, where their escapes make them read differently than they stand there."""
    for token in tokens(view.text):
        if token.kind != "string" or "\\" not in view.text[token.start : token.end]:
            continue
        inside = view.inside(token)
        here = path + token.path
        walk.parts.append(Part(here, PartKind.NAME if token.key else at.kind, inside.text, at.role))
        if depth and not token.key and "\\" in inside.text and holds_json(inside.text):
            _inner(walk, inside, here, at, depth - 1)
