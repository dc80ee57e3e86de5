"""Where pictures, recordings and films stand in an answer: what a model made that is not text.

    data[].b64_json, data[].url                       OpenAI images, also in streams (`b64_json`, `partial_image_b64`)
    {"type": "image_generation_call", "result"}       OpenAI Responses
    message.images[].image_url.url, message.audio     chat completions: data URLs, links, Base64
    inlineData, fileData                              Gemini's parts
    {"object": "video", ... "url", "video_url", ...}  video jobs of providers that give a link, at any depth
    a data URL in any string, also inside a text      every protocol
    a string that is, or begins with, an encoded file every protocol: places that providers make up

Inside of a text, and in places that are not listed, less than `SMALLEST` characters of Base64 are words: an example in
code, a dot of one pixel. In the places that are listed any length counts.
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
    b"image_url", b"video_url", b"audio_url", b'"url"', b'"audio"', b"audio.delta", b'"video"',
    b"iVBORw0KGgo", b"R0lGOD", b"UklGR", b"SUQz", b"T2dnU", b"ZkxhQ", b"GkXfo", b"SUkq", b"TU0A", b"Z0eX",
    b"/9j", b"_9j",
)  # fmt: skip
"""One of these, or `;base64,`, stands in every answer that holds a medium, unless its keys are written in escapes."""
_BASE64 = re.compile(rb";\s{0,8}base64\s{0,8},", re.IGNORECASE)
_ESCAPED = re.compile(rb"\\u00[2-7]")
"""A character of a key, written in an escape."""
_BASE64_KEYS = frozenset({"b64_json", "partial_image_b64"})
_INLINE = frozenset({"inlineData", "inline_data"})
_LINKED = frozenset({"fileData", "file_data"})
SMALLEST = 512
"""Characters of Base64 from which it is a medium inside a text, or in a place that is not listed."""
_HEAD = r"data:\s{0,8}([a-z0-9.+-]{1,64}/[a-z0-9.+*-]{1,64})?(?:\s{0,8};\s{0,8}[a-z0-9=._\"-]{1,64}){0,4}?\s{0,8};\s{0,8}base64\s{0,8},"
DATA_URL_HEAD = re.compile(_HEAD, re.IGNORECASE)
_CODE = r"[A-Za-z0-9+/_-]"
LINE = 40
"""Characters from which on a word after a blank may be a line of Base64."""
_LINES = rf"((?:{_CODE}++(?:\s{{1,8}}(?={_CODE}{{{LINE}}}))?+)*+={{0,2}})"
"""Inside of a text: lines of Base64 go on where the next line is one, too."""
_DATA_URL = re.compile(rf"{_HEAD}\s{{0,8}}{_LINES}", re.IGNORECASE)
_BEGUN = re.compile(rf"\s{{0,64}}{_LINES}")
"""With which a text begins."""
_WHOLE_URL = re.compile(rf"\s{{0,64}}{_HEAD}((?:{_CODE}|\s)*+=?\s{{0,8}}=?\s{{0,64}})", re.IGNORECASE)
_ENCODED = re.compile(rf"\s{{0,64}}(?:{_CODE}|[\r\n])*+=?\s{{0,8}}=?\s{{0,64}}")
MAGIC = re.compile(
    r"\s{0,64}(?:iVBORw0KGgo|R0lGOD[dl]h|UklGR|SUQz[AB]|T2dnU|ZkxhQ|GkXfo|SUkqA|TU0AK|AAAA.[GWm2]Z0eX|[/_]9j[/_][247])"
)
"""How the first bytes of pictures, recordings and films look in Base64 (`watermark.media_types`); long enough that keys and vectors are none."""
_URL_KEYS = frozenset({"url", "image_url", "video_url", "audio_url"})
_JOB_LINK = re.compile(r"(?:^|_)(?:url|uri|link|href)$|(?:Url|Uri|URL|URI)$")
_ADDRESS = re.compile(r"\s{0,8}https?:", re.IGNORECASE)
_MEDIA_BLOCKS = frozenset(
    {"image", "image_url", "output_image", "video", "video_url", "audio", "audio_url", "output_audio"}
)
_LISTED = frozenset({*_URL_KEYS, *_BASE64_KEYS, "result", "data"})
_NOT_OUTPUT = frozenset({"arguments", "args", "input", "partial_json", "tools", "instructions"})
"""What a tool is called with, and what an answer repeats of its request: never marked."""
_SHORTEST = 16  # characters: no medium is shorter, with the head of a data URL
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
    return any(hint in data for hint in _HINTS) or _BASE64.search(data) is not None or _ESCAPED.search(data) is not None


def made_in(tree: Any, path: Path = ()) -> Iterator[Made]:
    """All media of an answer or an event of one, in the order in which they stand."""
    job = type(tree) is dict and tree.get("object") == "video"
    stack: list[tuple[Path, Any, str]] = [(path, tree, "")]
    while stack:
        here, value, parent = stack.pop()
        if type(value) is dict:
            found = dict(_of_object(value, here, parent))
            if job:
                found |= {key: each for key, each in _links_of_job(value, here) if key not in found}
            yield from found.values()
            rest = [
                ((*here, key), item, key) for key, item in value.items() if key not in found and key not in _NOT_OUTPUT
            ]
            stack.extend(reversed(rest))
        elif type(value) is list:
            stack.extend(((*here, index), item, parent) for index, item in reversed(list(enumerate(value))))
        elif type(value) is str and len(value) > _SHORTEST:
            yield from _in_string(value, here, parent)


def decoded(made: Made) -> bytes | None:
    """The bytes of one that is Base64; None where it is none."""
    text = "".join(made.text.split()).replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:  # also of characters outside of ASCII
        return None


def _of_object(node: Mapping[str, Any], path: Path, parent: str) -> Iterator[tuple[str, Made]]:
    """Media that an object's own keys say: key, medium."""
    said = node.get("type")
    kind = said if type(said) is str else ""
    for key, value in node.items():
        if type(value) is not str or not value or _is_data_url(value):
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


def _links_of_job(node: Mapping[str, Any], path: Path) -> Iterator[tuple[str, Made]]:
    """Links in what is said of a video job: OpenAI's has none, other providers put the film's in fields of their own."""
    for key, value in node.items():
        if type(value) is str and _JOB_LINK.search(key) and _ADDRESS.match(value):
            yield key, Made((*path, key), "url", value)


def _is_row(path: Path) -> bool:
    """A row of `data`: where OpenAI's images have their links."""
    return len(path) == 2 and path[0] == "data"


def _image_type(node: Mapping[str, Any]) -> str:
    kind = node.get("output_format")
    return f"image/{kind}" if type(kind) is str and kind in {"png", "jpeg", "webp"} else ""


def _is_data_url(text: str) -> bool:
    """Whether a string is a data URL that is read as one; any other in the place of a medium is no valid one."""
    return text[:96].lstrip()[:5].lower() == "data:" and _WHOLE_URL.fullmatch(text) is not None


def _in_string(text: str, path: Path, key: str) -> Iterator[Made]:
    """Data URLs in a string, or the string itself where it is an encoded file."""
    if len(text) >= SMALLEST and MAGIC.match(text):
        if _ENCODED.fullmatch(text):
            yield Made(path, "base64", text)
            return
        begun = _BEGUN.match(text)
        if begun is not None and len(begun[1]) >= SMALLEST:
            yield Made(path, "base64", begun[1], "", begun.start(1), begun.end(1))
    if ";" not in text:
        return
    whole = _WHOLE_URL.fullmatch(text)
    if whole is not None:
        listed = key in _LISTED and not (whole[1] or "").lower().startswith("text/")
        if listed or (_is_medium(whole) and len(whole[2]) >= SMALLEST):
            yield _inside(whole, path)
        return
    for match in _DATA_URL.finditer(text):
        if _is_medium(match) and len(match[2]) >= SMALLEST:
            yield _inside(match, path)


def _is_medium(match: re.Match[str]) -> bool:
    declared = (match[1] or "").lower()
    return declared.startswith(("image/", "audio/", "video/")) or MAGIC.match(match[2]) is not None


def _inside(match: re.Match[str], path: Path) -> Made:
    return Made(path, "base64", match[2], (match[1] or "").lower(), match.start(2), match.end(2))
