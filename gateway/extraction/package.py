"""Archives, and documents that are archives: OOXML (DOCX, XLSX, PPTX), ODF, EPUB, and plain ZIP with files in it.

Of a document every part is read, also those that no page shows: comments, notes, headers, hidden sheets, deleted text,
custom properties. Pictures and embedded files are files of their own.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator

from gateway.extraction.gathered import FILE, Gathered, Unreadable
from gateway.extraction.markup import Text, is_value, parse
from gateway.extraction.plain import decode
from gateway.extraction.sheets import SharedStrings, Sheet
from gateway.extraction.web import Nested

_ENCRYPTED = 0x1
_XML = (".xml", ".rels", ".vml", ".opf", ".ncx", ".xhtml")
_PICTURES = re.compile(r"(?:(?:word|xl|ppt)/media|Pictures|media|OEBPS/images?)/", re.IGNORECASE)
_SMALL = 65_536
"""Bytes of a thumbnail that nobody can read anything from."""
_HEAD = struct.Struct("<26xHH")
"""Of an entry: lengths of its name and of what follows the name."""
_LAYOUT = re.compile(
    r"(?:xl|word|ppt)/(?:printerSettings/printerSettings\d*\.bin|fonts/[^/]+\.(?:odttf|fntdata))|layout-cache|"
    r"Configurations2/images/Bitmaps/.*|(?:docProps/thumbnail|Thumbnails/thumbnail)\.\w+",
    re.IGNORECASE,
)
"""Parts of documents that are no text and show nothing. One that is text after all is read like any other."""
_TYPE = re.compile(rb"application/[a-z.+-]+")
_STYLES = re.compile(
    r"/(?:styles\w*|theme\d*|webSettings|fontTable|tableStyles|presProps|viewProps)\.xml$|^\[Content_Types\]\.xml$|^(?:META-INF/manifest|xl/calcChain)\.xml$"
)
"""Parts whose attributes name styles, fonts and settings: of these only what looks like a value counts."""
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")
_STRINGS = "xl/sharedStrings.xml"
_LABELS = "docMetadata/LabelInfo.xml"
_LABEL = re.compile(rb"<(?:\w+:)?label\s[^>]{0,2048}>")
_GUID = re.compile(r'\sid="\{?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}?"')


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
        if "encryption-data" in _peek(content, archive, "META-INF/manifest.xml", gathered):
            raise Unreadable("encrypted")
        _parts(_contents(content, archive, _ordered(entries), gathered), kind, where, gathered, nested)
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


def _peek(content: bytes, archive: zipfile.ZipFile, name: str, gathered: Gathered) -> str:
    try:
        return _unpacked(content, archive, archive.getinfo(name), gathered).decode("utf-8", "replace")
    except (KeyError, Unreadable):
        return ""


def _parts(
    contents: Iterator[tuple[zipfile.ZipInfo, bytes]], kind: str, where: str, gathered: Gathered, nested: Nested
) -> None:
    strings = SharedStrings()
    used: set[int] = set()
    attributes: dict[str, None] = {}
    for entry, unpacked in contents:
        name = entry.filename
        place = f"{where} {name}"
        try:
            if kind == "zip":
                nested(unpacked, name, "")
            elif name == _STRINGS:
                parse(unpacked, strings)
                gathered.lines(place, strings.others)
            elif _SHEET.fullmatch(name):
                sheet = Sheet(strings.strings, used)
                parse(unpacked, sheet)
                gathered.text(place, sheet.text)
                gathered.lines(place, sheet.others)
            elif name.lower().endswith(_XML):
                text = Text()
                parse(unpacked, text)
                gathered.text(place, text.text)
                if name == _LABELS:
                    gathered.lines(place, [f"MSIP_Label_{label}_Id: {label}" for label in _labels(unpacked)])
                attributes |= (
                    dict.fromkeys(filter(is_value, text.attributes)) if _STYLES.search(name) else text.attributes
                )
            elif not _says_nothing(entry, unpacked):
                nested(unpacked, name, "")
        except Unreadable as problem:
            gathered.skip(FILE, str(problem))
    gathered.lines(f"{where} strings", [text for number, text in enumerate(strings.strings) if number not in used])
    gathered.lines(f"{where} attributes", list(attributes))


def _labels(content: bytes) -> list[str]:
    """Sensitivity labels that stand there by their numbers alone; their names are the organisation's to know."""
    tags = (tag.decode("utf-8", "replace").lower() for tag in _LABEL.findall(content))
    return [
        number[1]
        for tag in tags
        if (number := _GUID.search(tag)) is not None and 'removed="1"' not in tag and 'enabled="0"' not in tag
    ]


def _says_nothing(entry: zipfile.ZipInfo, unpacked: bytes) -> bool:
    """Fonts, settings of printers, thumbnails, and the name of the format."""
    if entry.filename == "mimetype":
        return bool(_TYPE.fullmatch(unpacked.strip()))
    if not _LAYOUT.fullmatch(entry.filename) or ("humbnail" in entry.filename and entry.file_size > _SMALL):
        return False
    try:
        decode(unpacked)
    except Unreadable:
        return True
    return False


def _ordered(entries: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    """Strings before the sheets that refer to them."""
    return sorted(entries, key=lambda entry: (entry.filename != _STRINGS, entry.filename))


def _contents(
    content: bytes, archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], gathered: Gathered
) -> Iterator[tuple[zipfile.ZipInfo, bytes]]:
    seen: set[str] = set()
    for entry in entries:
        gathered.entry()
        if entry.filename in seen:
            gathered.skip(FILE, "two files of one name in an archive")
        seen.add(entry.filename)
        try:
            unpacked = _unpacked(content, archive, entry, gathered)
        except Unreadable as problem:
            if "limit" in str(problem) or "document" in str(problem):
                raise
            gathered.skip(FILE, str(problem))
            continue
        yield entry, unpacked


def _unpacked(content: bytes, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, gathered: Gathered) -> bytes:
    """The content of one entry; no more is unpacked than its head says. Raises Unreadable.

    Also when there is more than its head says: `zipfile` would stop there, and others that read the archive would not.
    """
    if entry.flag_bits & _ENCRYPTED:
        raise Unreadable("encrypted")
    gathered.expanded(entry.compress_size, entry.file_size)
    try:
        archive.open(entry).close()  # its own head says the same as the directory
        start = entry.header_offset + 30 + sum(_HEAD.unpack_from(content, entry.header_offset))
        packed = content[start : start + entry.compress_size]
        if entry.compress_type == zipfile.ZIP_DEFLATED:
            inflate = zlib.decompressobj(-zlib.MAX_WBITS)
            unpacked = inflate.decompress(packed, entry.file_size + 1)
            ended = inflate.eof and not inflate.unused_data
        elif entry.compress_type == zipfile.ZIP_STORED:
            unpacked, ended = packed, True
        else:
            raise Unreadable("an archive of a kind that is not unpacked")
    except (zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError, OSError, RuntimeError, ValueError):
        raise Unreadable("broken") from None
    if len(unpacked) != entry.file_size or not ended or zlib.crc32(unpacked) != entry.CRC:
        raise Unreadable("broken")
    return unpacked
