"""Where pictures, recordings and films stand in an answer: what a model made that is not text.

    data[].b64_json, data[].url                       OpenAI images, also in streams (`b64_json`, `partial_image_b64`)
    {"type": "image_generation_call", "result"}       OpenAI Responses
    message.images[].image_url.url, message.audio     chat completions: data URLs, links, Base64
    inlineData, fileData                              Gemini's parts
    a data URL in any string, also inside a text      every protocol

A medium in a place that is not listed is not found: `docs/marking.md` says which are.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.flow import Path

_HINTS = (
    b"64_json", b"image_b64", b"image_generation_call", b"inlineData", b"inline_data", b"fileData", b"file_data",
    b";base64,", b"image_url", b'"url"', b'"audio"', b"audio.delta",
)  # fmt: skip
"""One of these stands in every answer that holds a medium, unless its keys are written in escapes."""
_ESCAPED = re.compile(rb"\\u00[2-7]")
"""A character of a key, written in an escape."""
_BASE64_KEYS = frozenset({"b64_json", "partial_image_b64"})
_INLINE = frozenset({"inlineData", "inline_data"})
_LINKED = frozenset({"fileData", "file_data"})
_DATA_URL = re.compile(
    r"data:((?:image|audio|video)/[a-z0-9.+-]{1,64})(?:;[a-z0-9=._-]{1,64}){0,4};base64,([A-Za-z0-9+/_=-]*)",
    re.IGNORECASE,
)
_URL_KEYS = frozenset({"url", "image_url", "video_url", "audio_url"})
_MEDIA_BLOCKS = frozenset(
    {"image", "image_url", "output_image", "video", "video_url", "audio", "audio_url", "output_audio"}
)
_NOT_OUTPUT = frozenset({"arguments", "args", "input", "partial_json", "tools", "instructions"})
"""What a tool is called with, and what an answer repeats of its request: never marked."""
_FRAGMENTS = frozenset({"response.audio.delta", "response.output_audio.delta", "speech.audio.delta"})


@dataclass(frozen=True, slots=True)
class Made:
    """One medium of an answer. `path`: the string it stands in; `start`/`end`: where, if that string says more.

    `form`: base64 | url (a link to it) | fragment (a piece of a recording that cannot be marked by itself).
    """

    path: Path
    form: str
    text: str
    declared: str = ""  # media type, as the provider says it
    start: int = 0
    end: int = -1


def may_hold(data: bytes) -> bool:
    """Whether a piece of an answer may hold a medium: a cheap look that misses none."""
    return any(hint in data for hint in _HINTS) or _ESCAPED.search(data) is not None


def made_in(tree: Any, path: Path = ()) -> Iterator[Made]:
    """All media of an answer or an event of one, in the order in which they stand."""
    stack: list[tuple[Path, Any, str]] = [(path, tree, "")]
    while stack:
        here, value, parent = stack.pop()
        if type(value) is dict:
            found = dict(_of_object(value, here, parent))
            yield from found.values()
            rest = [
                ((*here, key), item, key) for key, item in value.items() if key not in found and key not in _NOT_OUTPUT
            ]
            stack.extend(reversed(rest))
        elif type(value) is list:
            stack.extend(((*here, index), item, parent) for index, item in reversed(list(enumerate(value))))
        elif type(value) is str and ";base64," in value:
            yield from _data_urls(value, here)


def decoded(made: Made) -> bytes | None:
    """The bytes of one that is Base64; None where it is none."""
    text = "".join(made.text.split()).replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:  # also of characters outside of ASCII
        return None


def _of_object(node: Mapping[str, Any], path: Path, parent: str) -> Iterator[tuple[str, Made]]:
    """Media that an object's own keys say: key, medium."""
    kind = node.get("type")
    for key, value in node.items():
        if type(value) is not str or not value or value.startswith("data:"):
            continue
        here = (*path, key)
        if key in _BASE64_KEYS or (key == "result" and kind == "image_generation_call"):
            yield key, Made(here, "base64", value, _image_type(node))
        elif key == "data" and parent in _INLINE:
            yield key, Made(here, "base64", value, str(node.get("mimeType") or node.get("mime_type") or ""))
        elif key in {"fileUri", "file_uri"} and parent in _LINKED:
            yield key, Made(here, "url", value, str(node.get("mimeType") or node.get("mime_type") or ""))
        elif key == "data" and parent == "audio":
            yield key, Made(here, "fragment" if "delta" in path else "base64", value)
        elif key in {"delta", "audio"} and kind in _FRAGMENTS:
            yield key, Made(here, "fragment", value)
        elif key in _URL_KEYS and (parent in _MEDIA_BLOCKS or kind in _MEDIA_BLOCKS or _is_row(path)):
            yield key, Made(here, "url", value)


def _is_row(path: Path) -> bool:
    """A row of `data`: where OpenAI's images have their links."""
    return len(path) == 2 and path[0] == "data"


def _image_type(node: Mapping[str, Any]) -> str:
    kind = node.get("output_format")
    return f"image/{kind}" if kind in {"png", "jpeg", "webp"} else ""


def _data_urls(text: str, path: Path) -> Iterator[Made]:
    for match in _DATA_URL.finditer(text):
        yield Made(path, "base64", match[2], match[1].lower(), match.start(2), match.end(2))
