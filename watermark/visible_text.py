"""The text that a reader of a file sees, for its fingerprint: plain text, HTML, OOXML, OpenDocument, EPUB and PDF.

What a file expands to is bounded; a part that cannot be read is left out, a file that cannot be read has no text.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from io import BytesIO

MOST_CHARACTERS = 4_000_000
MOST_EXPANDED = 64 * 1024 * 1024  # bytes of a package's parts together
MOST_PAGES = 2_000
_PARTS = {
    "docx": re.compile(r"word/(document|footnotes|endnotes|header\d*|footer\d*)\.xml"),
    "pptx": re.compile(r"ppt/(slides|notesSlides)/[^/]+\.xml"),
    "xlsx": re.compile(r"xl/(sharedStrings|worksheets/[^/]+)\.xml"),
    "odf": re.compile(r"content\.xml"),
    "epub": re.compile(r".*\.x?html?"),
}
_PACKAGES = {
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.oasis.opendocument.text": "odf",
    "application/epub+zip": "epub",
}
_BREAKS = frozenset({"p", "h", "tr", "br", "div", "li", "si", "row", "title", "td", "h1", "h2", "h3", "h4", "section"})
"""Elements after which a new line begins."""
_HIDDEN = frozenset({"script", "style", "template", "noscript"})


def visible_text(data: bytes, media_type: str) -> str:
    """The text, "" where there is none or it cannot be read. Never raises for what a file holds."""
    try:
        text = "".join(_pieces(data, media_type))
    except (ValueError, KeyError, RecursionError, EOFError, NotImplementedError, zipfile.BadZipFile, ImportError):
        return ""
    return text[:MOST_CHARACTERS]


def looks_like_text(data: bytes) -> bool:
    """Whether a file without magic bytes is text: decodable, and without control characters but white space."""
    head = data[:65_536]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    if not head or any(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head):
        return False
    for encoding in ("utf-8", "gb18030"):
        try:
            head.decode(encoding)
        except UnicodeDecodeError as error:
            if len(data) > len(head) and error.start >= len(head) - 4:  # cut in a character
                return True
        else:
            return True
    return False


def _pieces(data: bytes, media_type: str) -> Iterator[str]:
    if media_type in _PACKAGES:
        yield from _package(data, _PACKAGES[media_type])
    elif media_type == "application/pdf":
        yield from _pdf(data)
    elif media_type in {"text/html", "application/xhtml+xml"}:
        yield _html(_decoded(data))
    elif media_type.startswith("text/") or media_type in {"application/json", "application/xml"}:
        yield _decoded(data)


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030", "replace")  # what Chinese text is in that is not UTF-8


def _package(data: bytes, kind: str) -> Iterator[str]:
    left = MOST_EXPANDED
    with zipfile.ZipFile(BytesIO(data)) as package:
        for info in package.infolist():
            if not _PARTS[kind].fullmatch(info.filename):
                continue
            with package.open(info) as part:
                content = part.read(left + 1)
            left -= len(content)
            if left < 0:
                return
            yield _html(content.decode("utf-8", "replace")) if kind == "epub" else _xml(content)
            yield "\n"


def _xml(content: bytes) -> str:
    from defusedxml import ElementTree
    from defusedxml.common import DefusedXmlException

    pieces: list[str] = []
    try:
        for _, element in ElementTree.iterparse(BytesIO(content), ("end",)):
            name = str(element.tag).rpartition("}")[2]
            if name in {"t", "v"} and element.text:
                pieces.append(element.text)
            elif name in {"p", "h"} and "opendocument" in str(element.tag):
                pieces.append("".join(element.itertext()))
            if name in _BREAKS:
                pieces.append("\n")
    except (ElementTree.ParseError, DefusedXmlException):
        pass  # what was read before is there
    return "".join(pieces)


def _pdf(data: bytes) -> Iterator[str]:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
        try:
            for number in range(min(len(document), MOST_PAGES)):
                yield document[number].get_textpage().get_text_range()
                yield "\n"
        finally:
            document.close()
    except pypdfium2.PdfiumError as error:
        raise ValueError("not a PDF that can be read") from error


class _Visible(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in _HIDDEN
        if tag in _BREAKS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._hidden = max(0, self._hidden - (tag in _HIDDEN))

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.pieces.append(data)


def _html(document: str) -> str:
    parser = _Visible()
    parser.feed(document)
    return "".join(parser.pieces)
