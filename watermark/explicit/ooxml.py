"""The visible notice in Office files: first paragraph (DOCX), first slide (PPTX), a first sheet of its own (XLSX).

The parts that change are parsed and written anew; all others are copied as they are (ECMA-376).
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

from lxml import etree

from watermark.errors import MarkingFailed, WatermarkError

MAX_PARTS = 10_000
MAX_BYTES = 400_000_000  # of all parts, unpacked
_MAX_CHANGED = 80_000_000  # of one part that is parsed
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_P = "http://schemas.openxmlformats.org/presentationml/2006/main"
_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
_S = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PKG = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_STRICT = "http://purl.oclc.org/ooxml/"
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"

Parts = dict[str, bytes]


def label_office(data: bytes, kind: str, notice: str) -> bytes:
    """The file with the notice; `kind` is docx, pptx or xlsx. Raises MarkingFailed."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as source:
            _check(source.infolist())
            return _written(source, _LABELLERS[kind](_Reader(source), notice))
    except WatermarkError:
        raise
    except Exception as error:
        raise MarkingFailed("The Office file cannot be read, so it cannot be labelled.") from error


def _check(infos: list[zipfile.ZipInfo]) -> None:
    if len(infos) > MAX_PARTS or sum(info.file_size for info in infos) > MAX_BYTES:
        raise MarkingFailed("The Office file has too many parts, or too large ones.")


class _Reader:
    """Parts of a package, parsed without entities or network."""

    def __init__(self, source: zipfile.ZipFile) -> None:
        self._source = source

    def names(self) -> list[str]:
        return self._source.namelist()

    def tree(self, name: str) -> Any:
        if self._source.getinfo(name).file_size > _MAX_CHANGED:
            raise MarkingFailed("A part of the Office file is too large to be labelled.")
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        root = etree.fromstring(self._source.read(name), parser)
        if root.getroottree().docinfo.doctype:
            raise MarkingFailed("A part of the Office file has a document type, which none may have.")
        if any(str(space).startswith(_STRICT) for space in root.nsmap.values()):
            raise MarkingFailed("Office files in the strict form of the standard cannot be labelled.")
        return root

    def main(self, ending: str) -> str:
        """The name of the main part, from the package's own relations."""
        for relation in self.tree("_rels/.rels"):
            if str(relation.get("Type")).endswith("/officeDocument"):
                return str(relation.get("Target")).lstrip("/")
        raise MarkingFailed(f"The Office file has no main part for {ending}.")

    def related(self, part: str, key: str) -> str:
        """The name of the part that another names by a relation's id."""
        for relation in self.tree(_relations(part)):
            if relation.get("Id") == key:
                target = str(relation.get("Target"))
                return target.lstrip("/") if target.startswith("/") else _joined(part, target)
        raise MarkingFailed("The Office file names a part that it does not have.")


def _docx(reader: _Reader, notice: str) -> Parts:
    part = reader.main("docx")
    root = reader.tree(part)
    body = root.find(f"{{{_W}}}body")
    paragraph = etree.fromstring(
        f'<w:p xmlns:w="{_W}"><w:pPr><w:spacing w:before="0" w:after="120"/><w:jc w:val="right"/></w:pPr><w:r><w:rPr><w:b/>'
        '<w:color w:val="000000"/><w:sz w:val="28"/><w:szCs w:val="28"/><w:shd w:val="clear" w:color="auto" w:fill="FFFFFF"/>'
        '</w:rPr><w:t xml:space="preserve"></w:t></w:r></w:p>'
    )
    paragraph.find(f".//{{{_W}}}t").text = notice
    body.insert(0, paragraph)
    return {part: _bytes(root)}


def _pptx(reader: _Reader, notice: str) -> Parts:
    main = reader.main("pptx")
    show = reader.tree(main)
    size = show.find(f"{{{_P}}}sldSz")
    first = show.find(f"{{{_P}}}sldIdLst/{{{_P}}}sldId")
    if size is None or first is None:
        raise MarkingFailed("The presentation has no slides.")
    width, height = int(size.get("cx")), int(size.get("cy"))
    part = reader.related(main, first.get(f"{{{_R}}}id"))
    slide = reader.tree(part)
    tree = slide.find(f"{{{_P}}}cSld/{{{_P}}}spTree")
    number = 1 + max((int(found) for found in tree.xpath(".//@id") if str(found).isdigit()), default=1)
    letter = round(min(width, height) * 0.05 / 12700 / 0.733)  # points whose capitals are a twentieth
    across, up = round(len(notice) * letter * 12700 * 1.05) + 200_000, round(letter * 12700 * 1.6)
    across = min(across, width - 100_000)
    shape = etree.fromstring(
        f'<p:sp xmlns:p="{_P}" xmlns:a="{_A}"><p:nvSpPr><p:cNvPr id="{number}" name="AI notice"/><p:cNvSpPr txBox="1"/>'
        f'<p:nvPr/></p:nvSpPr><p:spPr><a:xfrm><a:off x="{width - across - 50_000}" y="{height - up - 50_000}"/>'
        f'<a:ext cx="{across}" cy="{up}"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom><a:solidFill>'
        '<a:srgbClr val="000000"/></a:solidFill></p:spPr><p:txBody><a:bodyPr wrap="none" anchor="ctr"/><a:lstStyle/><a:p>'
        f'<a:pPr algn="ctr"/><a:r><a:rPr lang="en-US" sz="{letter * 100}" b="1"><a:solidFill><a:srgbClr val="FFFFFF"/>'
        "</a:solidFill></a:rPr><a:t></a:t></a:r></a:p></p:txBody></p:sp>"
    )
    shape.find(f".//{{{_A}}}t").text = notice
    extension = tree.find(f"{{{_P}}}extLst")
    tree.insert(len(tree) if extension is None else tree.index(extension), shape)
    return {part: _bytes(slide)}


def _xlsx(reader: _Reader, notice: str) -> Parts:
    main = reader.main("xlsx")
    book = reader.tree(main)
    sheets = book.find(f"{{{_S}}}sheets")
    relations, types = reader.tree(_relations(main)), reader.tree("[Content_Types].xml")
    name = _free(reader.names(), _joined(main, "worksheets/notice{}.xml"))
    key = _free([str(relation.get("Id")) for relation in relations], "rIdNotice{}")
    title = _free([str(sheet.get("name")) for sheet in sheets], "AI{}")
    number = 1 + max((int(sheet.get("sheetId")) for sheet in sheets), default=0)
    changed: Parts = {}
    for sheet in sheets:  # two selected sheets would be edited as one
        part = reader.related(main, sheet.get(f"{{{_R}}}id"))
        if b"tabSelected" in reader._source.read(part):
            changed[part] = re.sub(rb'\stabSelected="(1|true)"', b"", reader._source.read(part))
    sheets.insert(0, etree.Element(f"{{{_S}}}sheet", {"name": title, "sheetId": str(number), f"{{{_R}}}id": key}))
    for defined in book.iter(f"{{{_S}}}definedName"):
        if defined.get("localSheetId"):
            defined.set("localSheetId", str(int(defined.get("localSheetId")) + 1))
    for view in book.iter(f"{{{_S}}}workbookView"):
        view.attrib.pop("firstSheet", None)
        view.set("activeTab", "0")
    etree.SubElement(
        relations, f"{{{_PKG}}}Relationship",
        {"Id": key, "Type": f"{_R}/worksheet", "Target": posixpath.relpath(name, posixpath.dirname(main) or ".")},
    )  # fmt: skip
    etree.SubElement(types, f"{{{_TYPES}}}Override", {"PartName": f"/{name}", "ContentType": _SHEET})
    page = etree.fromstring(
        f'<worksheet xmlns="{_S}"><sheetViews><sheetView tabSelected="1" workbookViewId="0" zoomScale="200"/></sheetViews>'
        '<cols><col min="1" max="1" width="40" customWidth="1"/></cols><sheetData><row r="1"><c r="A1" t="inlineStr">'
        '<is><t xml:space="preserve"></t></is></c></row></sheetData></worksheet>'
    )
    page.find(f".//{{{_S}}}t").text = notice
    return changed | {
        name: _bytes(page), main: _bytes(book), _relations(main): _bytes(relations), "[Content_Types].xml": _bytes(types)
    }  # fmt: skip


def _relations(part: str) -> str:
    return _joined(part, f"_rels/{posixpath.basename(part)}.rels")


def _joined(part: str, target: str) -> str:
    """A name relative to a part's folder."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(part), target))


def _free(taken: list[str], pattern: str) -> str:
    """The first name of a pattern that is not taken, whatever its case."""
    low = {name.lower() for name in taken}
    return next(name for name in (pattern.format(n or "") for n in range(len(taken) + 1)) if name.lower() not in low)


def _bytes(root: Any) -> bytes:
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True))


def _written(source: zipfile.ZipFile, changed: Parts) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
        for info in source.infolist():
            out.writestr(info, changed[info.filename] if info.filename in changed else source.read(info))
        for name in changed.keys() - set(source.namelist()):
            body = changed[name]
            out.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), body, zipfile.ZIP_DEFLATED)
    return target.getvalue()


_LABELLERS: Mapping[str, Callable[[_Reader, str], Parts]] = {"docx": _docx, "pptx": _pptx, "xlsx": _xlsx}
