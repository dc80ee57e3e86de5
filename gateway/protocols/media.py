"""Content that is not text: where it stands in a request, and how to tell encoded bytes from words.

Inside a block of a medium the field for data is data, whatever it looks like: what a provider's lenient decoder reads
(line breaks, URL-safe alphabets) must not pass as an unread text. Outside of such blocks data shows itself: a data URL,
or a long run of Base64 that is no text when decoded.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from gateway.flow import PartKind, Payload
from gateway.protocols.vocabulary import is_base64, is_word_of

LONG_RUN = 512
"""Characters of Base64 from which a run of it anywhere is content of its own."""

SEALED_LENGTH = 64
"""Characters below which a provider's signature is no signature."""

_KINDS = {
    "image": PartKind.IMAGE,
    "image_url": PartKind.IMAGE,
    "input_image": PartKind.IMAGE,
    "images": PartKind.IMAGE,
    "audio": PartKind.AUDIO,
    "audio_url": PartKind.AUDIO,
    "input_audio": PartKind.AUDIO,
    "document": PartKind.FILE,
    "file": PartKind.FILE,
    "files": PartKind.FILE,
    "input_file": PartKind.FILE,
    "file_url": PartKind.FILE,
    "video": PartKind.FILE,
    "videos": PartKind.FILE,
    "video_url": PartKind.FILE,
    "input_video": PartKind.FILE,
    "container_upload": PartKind.FILE,
}
MEDIA_KEYS = frozenset(_KINDS)
DATA_KEYS = frozenset({"data", "file_data", "bytes", "b64_json", "base64"})
_MEDIA_TYPE_KEYS = ("media_type", "mime_type", "mimeType")
_NAME_KEYS = ("filename", "file_name", "displayName", "display_name", "name", "title")
URL_KEYS = frozenset({"url", "uri", "file_uri"})
_SEALED_IN: Mapping[str, tuple[str | None, ...]] = MappingProxyType(
    {
        "signature": ("thinking", "compaction", "reasoning.text"),
        "data": ("redacted_thinking", "reasoning.encrypted"),
        "encrypted_content": (
            *("web_search_result", "web_fetch_result", "compaction", "reasoning"),
            "advisor_redacted_result",
        ),
        "encrypted_index": ("web_search_result_location",),
        "encrypted_stdout": ("encrypted_code_execution_result",),
        "thought_signature": (None,),  # Gemini's, where OpenAI's form carries it: an object without a type
    }
)
"""By field, the types of the objects in which providers put their sealed bytes."""
_DATA_URL = re.compile(r"\s*data:(?:[a-z]+/[a-z0-9.+*-]+)?(?:;[^,\s]*)?,", re.IGNORECASE)
_DATA_URL_INSIDE = re.compile(r"data:[a-z]+/[a-z0-9.+*-]+(?:;[a-z0-9=._-]{1,64}){0,4};base64,", re.IGNORECASE)
_CODE = re.compile(r"[A-Za-z0-9+/_=\r\n-]+")
_RUN = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{512}")
_LINES = re.compile(r"(?<![A-Za-z0-9+/_-])(?:[A-Za-z0-9+/_-]{48,128}+\r?\n){5}")
_VARIETY = 17
"""Distinct characters from which a run is Base64 and no list of digests or sequence of bases."""
_SAMPLE = 4096
_SHORTEST_ROW, _SHORTEST_LINES = 32, 5 * 49


def kind_of(node: Mapping[str, Any]) -> PartKind | None:
    """The medium of a content block, None for blocks of text."""
    kind = node.get("type")
    return _KINDS.get(kind) if type(kind) is str else None


def kind_of_key(key: str) -> PartKind:
    return _KINDS.get(key, PartKind.FILE)


def kind_of_source(source: Mapping[str, Any], kind: PartKind) -> PartKind | None:
    """A source's own word on what it is: text is none of the media; a media type is more exact than the block's."""
    if is_word_of(source.get("type"), {"text", "content"}):
        return None
    media_type = source.get("media_type")
    return PartKind.IMAGE if type(media_type) is str and media_type.startswith("image/") else kind


def payload_of(node: Mapping[str, Any], data: str) -> Payload:
    """A file's data with what the block around it says of it: its media type and name, where they stand beside it."""
    media_type = next((node[key] for key in _MEDIA_TYPE_KEYS if type(node.get(key)) is str), "")
    name = next((node[key] for key in _NAME_KEYS if type(node.get(key)) is str), "")
    return Payload(data, media_type, name)


def is_signed_place(node: Mapping[str, Any], key: str, role: str) -> bool:
    """Where a provider puts its sealed bytes: whatever stands there goes on unaltered, or the call is refused."""
    return role == "assistant" and key in _SEALED_IN and is_word_of(node.get("type"), _SEALED_IN[key])


def is_sealed(node: Mapping[str, Any], key: str, value: str, role: str) -> bool:
    """A provider's own sealed bytes in the place where it puts them: nothing a caller could have written."""
    if not is_signed_place(node, key, role):
        return False
    return len(value) >= SEALED_LENGTH and is_base64(value) and _is_binary(value)


def is_data_url(text: str) -> bool:
    """Whether a string is content by itself, in the form of a URL."""
    return _DATA_URL.match(text) is not None


def is_encoded(text: str) -> bool:
    """Whether the field of a medium holds nothing but Base64 (possibly in a data URL, in lines): no words to inspect."""
    found = _DATA_URL.match(text)
    if found is not None and ";base64," not in found[0].lower():
        return False
    rows = (text[found.end() :] if found else text).split()
    if len({len(row) for row in rows[:-1]}) > 1 or (len(rows) > 1 and len(rows[0]) < _SHORTEST_ROW):
        return False  # words, not lines of code
    bare = "".join(rows)
    return not bare or (is_base64(bare) and _is_binary(bare))


def holds_bytes(text: str) -> bool:
    """Whether encoded bytes stand anywhere in a text. Looks at a few characters of every 256: prose costs little."""
    if ";base64," in text.lower() and _DATA_URL_INSIDE.search(text) is not None:
        return True
    return any(
        _is_run(text[max(0, at - LONG_RUN) : at + LONG_RUN + 256])
        for at in (range(0, len(text) - 255, 256) if len(text) >= _SHORTEST_LINES else ())
        if _CODE.fullmatch(text, at, at + 256) is not None and len(set(text[at : at + 256])) >= _VARIETY
    )


def _is_run(piece: str) -> bool:
    run = _RUN.search(piece)
    if run is not None and len(set(run[0])) >= _VARIETY and _is_binary(run[0]):
        return True
    lines = _LINES.search(piece)
    if lines is None:
        return False
    rows = lines[0].split()
    return len({len(row) for row in rows}) == 1 and len(set(lines[0])) >= _VARIETY and _is_binary("".join(rows))


def _is_binary(code: str) -> bool:
    """Whether Base64 decodes to something that is no text, from wherever the four-character rhythm begins."""
    plain = code[:_SAMPLE].rstrip("=").replace("-", "+").replace("_", "/")
    for shift in range(4):
        piece = plain[shift:]
        try:
            content = base64.b64decode(piece[: len(piece) // 4 * 4])
            content.decode()
        except UnicodeDecodeError as problem:
            if problem.start < len(content) - 3:
                continue
        except binascii.Error:
            continue
        if content and sum(byte < 32 and byte not in b"\t\r\n" for byte in content) * 8 <= len(content):
            return False
    return True
