"""Archives, and documents that are archives: OOXML (DOCX, XLSX, PPTX), ODF, EPUB, and plain ZIP with files in it.

Of a document every part is read, also those that no page shows: comments, notes, headers, hidden sheets, deleted text,
custom properties. Pictures and embedded files are files of their own.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator

from gateway.extraction.gathered import FILE, Gathered, Unreadable
from gateway.extraction.markup import Text, parse
from gateway.extraction.sheets import SharedStrings, Sheet
from gateway.extraction.web import Nested

_ENCRYPTED = 0x1
_XML = (".xml", ".rels", ".vml", ".opf", ".ncx", ".xhtml")
_PICTURES = re.compile(r"(?:(?:word|xl|ppt)/media|Pictures|media|OEBPS/images?)/", re.IGNORECASE)
_THUMBNAIL = re.compile(r"(?:docProps/thumbnail|Thumbnails/thumbnail)\.\w+", re.IGNORECASE)
_SMALL = 65_536
_LAYOUT = re.compile(
    r"(?:xl|word|ppt)/(?:printerSettings/printerSettings\d*\.bin|fonts/[^/]+\.(?:odttf|fntdata))|xl/calcChain\.xml|"
    r"word/fontTable\.xml|mimetype|Configurations2/.*|layout-cache|META-INF/manifest\.xml"
)
_STYLES = re.compile(
    r"/(?:styles\w*|theme\d*|webSettings|fontTable|tableStyles|presProps|viewProps)\.xml$|\[Content_Types\]\.xml$"
)
"""Parts whose attributes name styles, fonts and settings; their text is read like any other."""
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")
_STRINGS = "xl/sharedStrings.xml"


def read_package(content: bytes, where: str, gathered: Gathered, nested: Nested) -> str:
    """Reads it and says what it is: docx, xlsx, pptx, odf, epub or zip. Raises Unreadable."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError):
        raise Unreadable("broken") from None
    with archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        kind = _kind({entry.filename for entry in entries})
        _whole(content, entries, archive.comment, gathered)
        if archive.comment:
            gathered.text(f"{where} comment", archive.comment.decode("utf-8", "replace"))
        if kind == "zip":
            gathered.lines(f"{where} names", [entry.filename for entry in archive.infolist()])
        if "encryption-data" in _peek(archive, "META-INF/manifest.xml", gathered):
            raise Unreadable("encrypted")
        _parts(archive, entries, kind, where, gathered, nested)
    return kind


def _kind(names: set[str]) -> str:
    if "[Content_Types].xml" in names:
        return next(
            (
                kind
                for folder, kind in (("word/", "docx"), ("xl/", "xlsx"), ("ppt/", "pptx"))
                if any(name.startswith(folder) for name in names)
            ),
            "zip",
        )
    if "content.xml" in names and "mimetype" in names:
        return "odf"
    return "epub" if "META-INF/container.xml" in names else "zip"


def _whole(content: bytes, entries: list[zipfile.ZipInfo], comment: bytes, gathered: Gathered) -> None:
    """Bytes that no entry of the directory accounts for are bytes that nobody reads."""
    known = (
        len(comment)
        + 22
        + sum(
            entry.compress_size
            + 2 * (len(entry.filename.encode()) + 64)
            + 2 * len(entry.extra)
            + len(entry.comment)
            + 64
            for entry in entries
        )
    )
    if len(content) > known + 4096:
        gathered.skip(FILE, "bytes that belong to no file of the archive")


def _peek(archive: zipfile.ZipFile, name: str, gathered: Gathered) -> str:
    try:
        return _unpacked(archive, archive.getinfo(name), gathered).decode("utf-8", "replace")
    except (KeyError, Unreadable):
        return ""


def _parts(
    archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], kind: str, where: str, gathered: Gathered, nested: Nested
) -> None:
    strings = SharedStrings()
    used: set[int] = set()
    attributes: dict[str, None] = {}
    for entry, unpacked in _contents(archive, _ordered(entries), gathered):
        name = entry.filename
        place = f"{where} {name}"
        try:
            if kind == "zip":
                nested(unpacked, name, "")
            elif name == _STRINGS:
                parse(unpacked, strings)
            elif _SHEET.fullmatch(name):
                sheet = Sheet(strings.strings, used)
                parse(unpacked, sheet)
                gathered.text(place, sheet.text)
                gathered.lines(place, sheet.others)
            elif name.lower().endswith(_XML):
                text = Text()
                parse(unpacked, text)
                gathered.text(place, text.text)
                attributes |= {} if _STYLES.search(name) else text.attributes
            elif not (_THUMBNAIL.fullmatch(name) and entry.file_size <= _SMALL):
                nested(unpacked, name, "")
        except Unreadable as problem:
            gathered.skip(FILE, str(problem))
    gathered.lines(f"{where} strings", [text for number, text in enumerate(strings.strings) if number not in used])
    gathered.lines(f"{where} attributes", list(attributes))


def _ordered(entries: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    """Strings before the sheets that refer to them."""
    return sorted(entries, key=lambda entry: (entry.filename != _STRINGS, entry.filename))


def _contents(
    archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], gathered: Gathered
) -> Iterator[tuple[zipfile.ZipInfo, bytes]]:
    seen: set[str] = set()
    for entry in entries:
        gathered.entry()
        if _LAYOUT.fullmatch(entry.filename):
            continue
        if entry.filename in seen:
            gathered.skip(FILE, "two files of one name in an archive")
        seen.add(entry.filename)
        try:
            unpacked = _unpacked(archive, entry, gathered)
        except Unreadable as problem:
            if "limit" in str(problem) or "document" in str(problem):
                raise
            gathered.skip(FILE, str(problem))
            continue
        yield entry, unpacked


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, gathered: Gathered) -> bytes:
    """The content of one entry; no more is unpacked than its head says. Raises Unreadable."""
    if entry.flag_bits & _ENCRYPTED:
        raise Unreadable("encrypted")
    gathered.expanded(entry.compress_size, entry.file_size)
    try:
        with archive.open(entry) as file:
            content = file.read(entry.file_size + 1)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, RuntimeError, ValueError):
        raise Unreadable("broken") from None
    if len(content) > entry.file_size:
        raise Unreadable("it unpacks to more than any document does")
    return content
