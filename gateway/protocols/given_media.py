"""Files that a request brings along: pictures, recordings and documents in a form, in Base64 or in data URLs.

What they are made of is not read here. They are handed to marking as ingredients of what is made from them. Only the
traces of marks are looked for, as bytes: no container is opened outside of the workers that are made for it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any

import orjson

from gateway.protocols.request import DecodedRequest

MOST = 16
_DATA_URL = re.compile(r"data:([a-z]+/[a-z0-9.+-]+)(?:;[a-z0-9=._-]{1,64}){0,4};base64,", re.IGNORECASE)
_DATA_KEYS = frozenset({"data", "file_data", "image_data", "b64_json"})
_TYPE_KEYS = ("media_type", "mimeType", "mime_type", "format")
_C2PA = (bytes.fromhex("63327061 0011 0010 8000 00aa00389b71"), b"c2pa:manifest")
"""The JUMBF type of a C2PA manifest store (C2PA 2.x, section 11.1.4), which stands in every embedded one; and the element
that holds one in Base64 in SVG."""
_AIGC = tuple("ContentProducer".encode(form) for form in ("ascii", "utf-16-le", "utf-16-be"))
"""A key of every label of GB 45438-2025, in the encodings that XMP, ID3, Vorbis comments and MP4 keys may have."""


def given_in(request: DecodedRequest) -> list[tuple[str, bytes]]:
    """(declared media type, bytes) of the first files that the request itself holds; not those it only refers to."""
    if request.form is not None:
        return [("", request.body[start:end]) for start, end in request.inputs[:MOST]]
    if not request.uninspected:
        return []
    found = []
    for declared, text in _strings(orjson.loads(request.body)):
        data = _decoded(text)
        if data:
            found.append((declared, data))
        if len(found) == MOST:
            break
    return found


def provenance_of(request: DecodedRequest) -> tuple[str, ...]:
    """What the files in a request carry of where they are from: `aigc`, `c2pa`; that it is there, not that it is valid."""
    files = [data for _, data in given_in(request)]
    found = {"aigc": _AIGC, "c2pa": _C2PA}
    return tuple(name for name, traces in found.items() if any(trace in data for data in files for trace in traces))


def _strings(tree: Any) -> Iterator[tuple[str, str]]:
    """(declared media type, Base64) of every string that is a file."""
    stack = [tree]
    while stack:
        value = stack.pop()
        if type(value) is list:
            stack.extend(reversed(value))
        elif type(value) is dict:
            for key, item in reversed(value.items()):
                if type(item) is not str:
                    stack.append(item)
                elif (match := _DATA_URL.match(item)) is not None:
                    yield match[1].lower(), item[match.end() :]
                elif key in _DATA_KEYS:
                    yield next((str(value[name]) for name in _TYPE_KEYS if name in value), ""), item


def _decoded(text: str) -> bytes:
    plain = "".join(text.split()).replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except ValueError:  # also of characters outside of ASCII
        return b""
