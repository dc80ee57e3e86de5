"""DOCX, XLSX and PPTX (ECMA-376-2): the label as a custom document property. The other parts keep their bytes."""

from __future__ import annotations

import io
import zipfile
from importlib import import_module
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from watermark.aigc.label import NAME
from watermark.errors import MalformedMedia

_PART = "docProps/custom.xml"
_TYPES, _RELATIONS = "[Content_Types].xml", "_rels/.rels"
_CONTENT = "application/vnd.openxmlformats-officedocument.custom-properties+xml"
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/custom-properties"
_PROPERTIES = "http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"
_VALUES = "http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes"
_FORMAT_ID = "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}"
_MOST_PARTS, _LARGEST, _LARGEST_XML = 20_000, 1 << 28, 4_000_000


def read(data: bytes) -> list[str]:
    with _open(data) as archive:
        part = _part_of(archive)
        if part is None:
            return []
        document = _parse(_take(archive, part))
        return [_text(one) for one in _labels(document)]


def write(data: bytes, value: str) -> bytes:
    with _open(data) as archive:
        part = _part_of(archive)
        custom = _with_label(_take(archive, part) if part else None, value)
        changed = {part or _PART: custom}
        if part is None:
            changed[_TYPES] = _declared(_take(archive, _TYPES))
            changed[_RELATIONS] = _related(_take(archive, _RELATIONS))
        return _copied(archive, changed)


def _copied(archive: zipfile.ZipFile, changed: dict[str, bytes]) -> bytes:
    """A new archive: entries in their order, changed ones exchanged, new ones at the end."""
    target, left = io.BytesIO(), dict(changed)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as result:
        for info in archive.infolist():
            content = left.pop(info.filename, None)
            result.writestr(info, _content(archive, info) if content is None else content, info.compress_type)
        for name, content in left.items():
            entry = zipfile.ZipInfo(name, archive.infolist()[0].date_time)
            result.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def _open(data: bytes) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise MalformedMedia("the document is no zip archive") from error
    names = [info.filename for info in archive.infolist()]
    total = sum(info.file_size for info in archive.infolist())
    if len(names) > _MOST_PARTS or total > _LARGEST or len(set(names)) != len(names):
        raise MalformedMedia("the document's archive has impossible sizes, or a part twice")
    if _TYPES not in names or _RELATIONS not in names:
        raise MalformedMedia("the document lacks its content types or relations")
    return archive


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    try:
        with archive.open(info) as file:
            found = file.read(info.file_size + 1)
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError, EOFError) as error:
        raise MalformedMedia("a part of the document cannot be read") from error
    except Exception as error:  # zlib.error, lzma.LZMAError
        raise MalformedMedia("a part of the document is damaged") from error
    if len(found) != info.file_size:
        raise MalformedMedia("a part of the document is longer than it says")
    return found


def _take(archive: zipfile.ZipFile, name: str) -> bytes:
    try:
        info = archive.getinfo(name)
    except KeyError as error:
        raise MalformedMedia("the document names a part that is not there") from error
    if info.file_size > _LARGEST_XML:
        raise MalformedMedia("a part of the document is of an impossible size")
    return _content(archive, info)


def _part_of(archive: zipfile.ZipFile) -> str | None:
    """The custom properties, by the package's relations."""
    for relation in _parse(_take(archive, _RELATIONS)).getElementsByTagName("*"):
        if relation.getAttribute("Type") == _RELATION:
            name: str = relation.getAttribute("Target").lstrip("/")
            return name
    return None


def _with_label(part: bytes | None, value: str) -> bytes:
    others, taken = "", {1}
    if part is not None:
        document = _parse(part)
        for one in _labels(document):
            one.parentNode.removeChild(one)
        for one in document.documentElement.childNodes:
            if one.nodeType == one.ELEMENT_NODE:
                taken.add(int(one.getAttribute("pid") or 1))
                one.setAttribute("xmlns", _PROPERTIES)
                one.setAttribute("xmlns:vt", _VALUES)
                others += one.toxml()
    label = (
        f'<property fmtid="{_FORMAT_ID}" pid="{max(taken) + 1}" name={quoteattr(NAME)}>'
        f"<vt:lpwstr>{escape(value)}</vt:lpwstr></property>"
    )
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    return f'{head}<Properties xmlns="{_PROPERTIES}" xmlns:vt="{_VALUES}">{others}{label}</Properties>'.encode()


def _declared(types: bytes) -> bytes:
    return _before_end(types, f'<Override PartName="/{_PART}" ContentType="{_CONTENT}"/>', b"Types")


def _related(relations: bytes) -> bytes:
    taken = {one.getAttribute("Id") for one in _parse(relations).getElementsByTagName("*")}
    name = next(f"rId{number}" for number in range(1, len(taken) + 2) if f"rId{number}" not in taken)
    return _before_end(relations, f'<Relationship Id="{name}" Type="{_RELATION}" Target="{_PART}"/>', b"Relationships")


def _before_end(part: bytes, element: str, root: bytes) -> bytes:
    """Splices an element in before the root's end tag, so that the rest keeps its bytes."""
    at = part.rfind(b"</" + root)
    if at < 0:
        raise MalformedMedia("a part of the document is not as it must be")
    return part[:at] + element.encode() + part[at:]


def _labels(document: Any) -> list[Any]:
    return [one for one in document.getElementsByTagName("*") if one.getAttribute("name") == NAME]


def _text(element: Any) -> str:
    return "".join(
        node.data for two in element.getElementsByTagName("*") for node in two.childNodes if node.nodeType in {3, 4}
    )


def _parse(part: bytes) -> Any:
    minidom: Any = import_module("defusedxml.minidom")
    try:
        return minidom.parseString(part, forbid_dtd=True)
    except Exception as error:  # expat's and defusedxml's errors share no base
        raise MalformedMedia("a part of the document is not XML") from error
