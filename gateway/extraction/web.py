"""HTML: everything that is written in it, shown or not. Comments, attributes, scripts and hidden elements are text, too."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from html.parser import HTMLParser

from gateway.extraction.gathered import Gathered

_INLINE = frozenset(
    {
        "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "del", "em", "font", "i", "ins", "kbd", "label",
        "mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "tt", "u", "var", "wbr",
    }
)  # fmt: skip
_LAYOUT = frozenset(
    {"class", "style", "width", "height", "colspan", "rowspan", "align", "valign", "rel", "type", "lang"}
)
_DATA_URL = re.compile(r"data:([a-z]+/[a-z0-9.+-]+)?(?:;[^,]*)?;base64,([A-Za-z0-9+/=\s%-]+)", re.IGNORECASE)

Nested = Callable[[bytes, str, str], None]
"""Reads (content, name, media type) of a file in the file."""


def read_html(text: str, where: str, gathered: Gathered, nested: Nested) -> None:
    """The text of a page. Files that stand in it as data URLs are read as well."""
    for media_type, code in _DATA_URL.findall(text):
        try:
            nested(base64.b64decode(code), "", media_type)
        except binascii.Error:
            gathered.skip("file", "a data URL that cannot be decoded")
    page = _Page()
    page.feed(_DATA_URL.sub("data:", text))
    page.close()
    gathered.text(where, "".join(page.pieces))
    gathered.lines(f"{where} attributes", page.attributes)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.attributes: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"td", "th"}:
            self.pieces.append("\t")
        elif tag not in _INLINE:
            self.pieces.append("\n")
        for name, value in attrs:
            if value and name not in _LAYOUT:
                self.attributes.append(f"{name}: {value}" if name in {"name", "value", "content"} else value)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _INLINE:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)

    def handle_comment(self, data: str) -> None:
        self.pieces.append(f"\n{data}\n")

    def unknown_decl(self, data: str) -> None:
        self.pieces.append(f"\n{data}\n")
