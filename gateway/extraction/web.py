"""HTML: everything that is written in it, shown or not. Comments, attributes, scripts and hidden elements are text, too."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from html.parser import HTMLParser

from gateway.extraction.gathered import Gathered

_PARTING = frozenset(
    {
        "address", "article", "aside", "blockquote", "body", "br", "button", "caption", "center", "col", "colgroup", "dd", "desc",
        "details", "dialog", "dir", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "frame", "frameset",
        "h1", "h2", "h3", "h4", "h5", "h6", "head", "header", "hgroup", "hr", "html", "iframe", "img", "input", "legend", "li",
        "link", "listing", "main", "menu", "meta", "nav", "noframes", "noscript", "ol", "optgroup", "option", "p", "plaintext",
        "pre", "script", "search", "section", "select", "style", "summary", "svg", "table", "tbody", "template", "text", "textarea",
        "tfoot", "thead", "title", "tr", "ul", "video", "audio", "xmp",
    }
)  # fmt: skip
"""Elements that end a word. All others, also those that nobody knows, stand in the line: browsers join what is in them."""
_LAYOUT = frozenset(
    {"class", "style", "width", "height", "colspan", "rowspan", "align", "valign", "rel", "type", "lang"}
)
_TELLING = re.compile(
    r"[\u2e80-\U0003ffff]|@|\d[\d -]{5,}\d|\b[A-Za-z]{2}\d{2}[A-Za-z0-9]{11,}|[A-Z][a-z]+ [A-Z][a-z]+"
)
"""What somebody could have written for others to read, in a place that is for layout."""
_ENDS = re.compile(r"</[A-Za-z][^\s/>]*[\s/]+([^>]+)>")
_DOCTYPE = re.compile(
    r"doctype\s+html(?:\s+public\s+[\"']-//w3c//dtd[^\"']*[\"'](?:\s+[\"']http://www\.w3\.org/[^\"']*[\"'])?)?",
    re.IGNORECASE,
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
    page.handle_data(page.rawdata)  # of a script that nothing ends
    gathered.text(where, "".join(page.pieces))
    gathered.lines(f"{where} attributes", [*page.attributes, *_ENDS.findall(text)])


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.attributes: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"td", "th"}:
            self.pieces.append("\t")
        elif tag in _PARTING:
            self.pieces.append("\n")
        if _TELLING.search(tag):
            self.attributes.append(tag)
        for name, value in attrs:
            if _TELLING.search(name):
                self.attributes.append(name)
            if value and (name not in _LAYOUT or _TELLING.search(value)):
                self.attributes.append(f"{name}: {value}" if name in {"name", "value", "content"} else value)

    def handle_endtag(self, tag: str) -> None:
        if tag in _PARTING:
            self.pieces.append("\n")
        elif tag in {"td", "th"}:
            self.pieces.append("\t")
        if _TELLING.search(tag):
            self.attributes.append(tag)

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)

    def handle_comment(self, data: str) -> None:
        self.pieces.append(f"\n{data}\n")

    def handle_pi(self, data: str) -> None:
        self.pieces.append(f"\n{data}\n")

    def handle_decl(self, decl: str) -> None:
        if not _DOCTYPE.fullmatch(decl.strip()):
            self.pieces.append(f"\n{decl}\n")

    def unknown_decl(self, data: str) -> None:
        self.pieces.append(f"\n{data}\n")
