"""The text of an XML part of a document (OOXML, ODF, EPUB): paragraphs whole, whatever they are cut into; then attributes.

Word cuts a paragraph into runs wherever formatting or spelling changes, in the middle of a number if it comes to that. So
elements that stand inside a line join, all others part. Attributes carry names of sheets, alternative texts, authors,
addresses of links and whatever else: all are text but those that are known to be layout.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
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
_TAB = frozenset({"tab", "ptab"})
_SPACE = _TAB | {"s", "noBreakHyphen"}
_LAYOUT = re.compile(
    r"(?:rsid\w*|\w*[iI]d|c[xy]|[xywhlrtb]|pos\w*|off\w*|ext\w*|sz\w*|spans?|ht|width|height|style\w*|algorithmName|"
    r"hashValue|saltValue|spinCount|lastClr|ang|dir|dist\w*|fmla|path|points|coord\w*|anchor\w*|[rtlb]Ins|pitch\w*|"
    r"usb\d|csb\d|panose1?|uri|cellRange|ref|sqref|bestFit|min|max|workbookViewId|xWindow|yWindow|windowWidth|windowHeight)"
)
_FORMAT = re.compile(
    r"application/vnd\.[\w.+-]+|https?://(?:schemas\.(?:openxmlformats|microsoft)\.(?:org|com)|purl\.oclc\.org|www\.w3\.org|"
    r"openoffice\.org|www\.idpf\.org|purl\.org/dc)/?[\w./#-]*|urn:(?:schemas-microsoft-com|oasis):[\w:.-]+|rId\d+|\{[0-9A-Fa-f-]{36}\}"
)
"""Values, and namespaces, that belong to the formats themselves."""
_PANOSE = re.compile(r"[0-9A-F]{20}")  # how a font looks
_VALUE = re.compile(r"@|\d[\d -]{9,}\d|\b[A-Za-z]{2}\d{2}[A-Za-z0-9]{11,}|[\u2e80-\U0003ffff]")
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
        if not is_format(namespace):  # nobody's layout: whatever stands there is content
            self.attributes |= dict.fromkeys(unusual(tag, attributes))
        if local in _SPACE and namespace in _JOINING:
            self._add("\t" if local in _TAB else " ")  # headers set a marking apart by tabs
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
                and not _FORMAT.fullmatch(value)
                and not (local == "panose1" and _PANOSE.fullmatch(value))
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

    def start_ns(self, _: str, uri: str) -> None:
        if not is_format(uri):
            self.attributes[uri] = None

    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        for text in (name, public, system):
            if text and _TELLING.search(text) and not _FORMAT.fullmatch(text):
                self.attributes[text] = None

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


def unusual(tag: str, attributes: dict[str, str]) -> Iterator[str]:
    """Of an element that no format of documents knows: everything that is written in its tag."""
    if is_value(local := _split(tag)[1]):
        yield local
    for name, value in attributes.items():
        if is_value(bare := _split(name)[1]):
            yield bare
        if len(value) > 1:
            yield value


def is_value(text: str) -> bool:
    """Whether it looks like somebody's number, address or name in ideographs, and not like a setting."""
    return bool(_VALUE.search(text))


@lru_cache(1024)
def is_format(namespace: str) -> bool:
    """Whether a namespace is one of the formats' own."""
    return bool(_FORMAT.fullmatch(namespace))


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
    # Only texts are asked for what a document type says; in OOXML there is none.
    parser = XMLParser(
        target=target, forbid_dtd=not hasattr(target, "doctype"), forbid_entities=True, forbid_external=True
    )
    try:
        parser.feed(content)
        parser.close()
    except DefusedXmlException:
        raise Unreadable("XML that declares entities") from None
    except (ParseError, ValueError, LookupError):
        raise Unreadable("broken XML") from None
