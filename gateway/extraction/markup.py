"""The text of an XML part of a document (OOXML, ODF, EPUB): paragraphs whole, whatever they are cut into; then attributes.

Word cuts a paragraph into runs wherever formatting or spelling changes, in the middle of a number if it comes to that. So
elements that stand inside a line join, all others part. Attributes carry names of sheets, alternative texts, authors,
addresses of links and whatever else: all are text but those that are known to be layout.
"""

from __future__ import annotations

import re
from typing import Any

from gateway.extraction.gathered import Unreadable

_JOINING = frozenset(
    {
        "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        "http://purl.oclc.org/ooxml/wordprocessingml/main",
        "http://schemas.openxmlformats.org/drawingml/2006/main",
        "http://purl.oclc.org/ooxml/drawingml/main",
        "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
        "http://purl.oclc.org/ooxml/spreadsheetml/main",
        "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
        "http://www.w3.org/1999/xhtml",
    }
)
"""Namespaces in which a word may stand in several elements."""
_PARTING = frozenset(
    {
        "p", "h", "tr", "tc", "row", "si", "is", "c", "rPh", "comment", "footnote", "endnote", "br", "cr", "line-break", "div",
        "li", "td", "th", "h1", "h2", "h3", "h4", "h5", "h6", "title", "docPart", "instrText", "definedName", "list-item",
    }
)  # fmt: skip
_SPACE = frozenset({"tab", "s", "ptab", "noBreakHyphen"})
_LAYOUT = re.compile(
    r"(?:rsid\w*|\w*[iI]d|c[xy]|[xywhlrtb]|pos\w*|off\w*|ext\w*|sz\w*|spans?|ht|width|height|style\w*|algorithmName|"
    r"hashValue|saltValue|spinCount|lastClr|ang|dir|dist\w*|fmla|path|points|coord\w*|anchor\w*|[rtlb]Ins|pitch\w*|"
    r"usb\d|csb\d|panose1?|uri|cellRange|ref|sqref|bestFit|min|max|workbookViewId|xWindow|yWindow|windowWidth|windowHeight)"
)
_SCHEMAS = ("application/vnd.", "http://schemas.", "http://purl.oclc", "http://www.w3.org/", "urn:", "rId", "{")
_TELLING = re.compile(r"[\u2e80-\U0003ffff]|@|[A-Za-z]{2,} [A-Za-z]|\d[\d -]{9,}\d|[A-Za-z]{3,}://|[A-Za-z0-9_-]{20,}")
_NO_TEXT = frozenset(
    {
        "mathFont", "themeFontLang", "font", "latin", "ea", "cs", "sym", "lsdException", "Default", "Override", "rgbColor", "rFonts", "compatSetting",
        "theme", "lightRig", "creationId", "Relationships", "tblStyle", "pivotTableStyle",
    }
)  # fmt: skip
"""Elements whose attributes are names of fonts, parts and settings of the format itself."""


class Text:
    """Collects the text of a part; a target of the XML parser."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.attributes: dict[str, None] = {}
        self._fresh = True  # nothing since the last line break

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        namespace, local = _split(tag)
        if local in _SPACE and namespace in _JOINING:
            self._add(" ")
        elif local in _PARTING or namespace not in _JOINING:
            self._part()
        if local == "property" and "name" in attributes:
            self._add(f"{attributes['name']}: ")
            self._fresh = True  # its value goes on in this line
        for name, value in attributes.items() if local not in _NO_TEXT else ():
            bare = _split(name)[1]
            if (bare == "name" and local in {"sheet", "docPr", "cNvPr", "definedName"}) or (
                len(value) > 1
                and _TELLING.search(value)
                and not _LAYOUT.fullmatch(bare)
                and not value.startswith(_SCHEMAS)
            ):
                self.attributes[value] = None

    def end(self, tag: str) -> None:
        namespace, local = _split(tag)
        if local in _PARTING or namespace not in _JOINING:
            self._part()

    def data(self, data: str) -> None:
        self._add(data)

    def comment(self, data: str) -> None:
        self._part()
        self._add(data)
        self._part()

    def pi(self, target: str, data: str = "") -> None:
        self._part()
        self._add(f"{target} {data}")
        self._part()

    def close(self) -> None:
        """The parser asks for it."""

    def _add(self, text: str) -> None:
        if text and not (self._fresh and text.isspace()):
            self.pieces.append(text)
            self._fresh = False

    def _part(self) -> None:
        if not self._fresh:
            self.pieces.append("\n")
            self._fresh = True

    @property
    def text(self) -> str:
        return "".join(self.pieces)


def _split(tag: str) -> tuple[str, str]:
    namespace, _, local = tag.rpartition("}")
    return namespace[1:], local


def parse(content: bytes, target: Any) -> None:
    """Feeds a part to a target. Raises Unreadable for XML that is broken or declares entities (bombs, foreign files)."""
    try:
        from defusedxml.common import DefusedXmlException
        from defusedxml.ElementTree import ParseError, XMLParser
    except ImportError:
        raise Unreadable("reading Office documents needs the extra `documents`") from None
    parser = XMLParser(target=target, forbid_dtd=False, forbid_entities=True, forbid_external=True)
    try:
        parser.feed(content)
        parser.close()
    except DefusedXmlException:
        raise Unreadable("XML that declares entities") from None
    except (ParseError, ValueError, LookupError):
        raise Unreadable("broken XML") from None
