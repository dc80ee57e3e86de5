"""PDF (ISO 32000) by PDFium: the text of all pages, hidden or not, annotations, form fields, metadata, bookmarks,
scripts and attached files. A page that shows pictures, or draws without writing, was not read without OCR.
"""

from __future__ import annotations

import ctypes
import re
from typing import Any

from gateway.extraction.gathered import FILE, IMAGE, Gathered, Unreadable
from gateway.extraction.web import Nested

_ANNOTATION_KEYS = (b"Contents", b"T", b"V", b"DV", b"TU", b"RC", b"Subj", b"NM", b"CA")
_XMP = re.compile(rb"<x:xmpmeta.{0,262144}?</x:xmpmeta>", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_ENTRY = re.compile(rb"/([A-Za-z][A-Za-z0-9_.-]{1,100})\s*[(<]")
_USUAL = frozenset({"Title", "Author", "Subject", "Keywords", "Creator", "Producer", "CreationDate", "ModDate"})
_MOST_ENTRIES = 1_000
_LABEL = re.compile(
    r"<(?:\w+:)?(MSIP_Label_[\w-]{4,60})>([^<]{0,200})<|(?<=\s)(?:\w+:)?(MSIP_Label_[\w-]{4,60})=\"([^\"]{0,200})\""
)
_OCR_SCALE = 200 / 72
_MOST_PIXELS = 20_000_000


def read_pdf(content: bytes, where: str, gathered: Gathered, nested: Nested) -> None:
    """Raises Unreadable: encrypted, broken, or PDFium is not installed."""
    try:
        import pypdfium2
    except ImportError:
        raise Unreadable("reading PDF needs the extra `documents`") from None
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as problem:
        secret = "assword" in str(problem) or getattr(problem, "err_code", None) == 4
        raise Unreadable("encrypted" if secret else "broken") from None
    try:
        _about(document, content, where, gathered)
        for number in range(len(document)):
            gathered.page()
            _page(document, number, f"{where} page {number + 1}", gathered)
        _attached(document, gathered, nested)
    except pypdfium2.PdfiumError:
        gathered.skip(FILE, "broken")
    finally:
        document.close()


def _about(document: Any, content: bytes, where: str, gathered: Gathered) -> None:
    from pypdfium2 import raw

    lines = [f"{name}: {value}" for name, value in document.get_metadata_dict(skip_empty=True).items()]
    lines += _own_entries(document, content)
    lines += [mark.get_title() for mark in document.get_toc()]
    lines += [_xmp(each.decode("utf-8", "replace")) for each in _XMP.findall(content)]
    lines += [
        script
        for number in range(raw.FPDFDoc_GetJavaScriptActionCount(document))
        for script in _script(document, number)
    ]
    gathered.lines(f"{where} metadata", lines)
    if document.get_formtype() in {raw.FORMTYPE_XFA_FULL, raw.FORMTYPE_XFA_FOREGROUND}:
        gathered.skip(FILE, "a form in XFA")


def _own_entries(document: Any, content: bytes) -> list[str]:
    """What programs add to a document's information, labels of sensitivity among it: PDFium answers only for names it is given."""
    names = dict.fromkeys(name.decode() for name in _ENTRY.findall(content))
    found = [(name, document.get_metadata_value(name)) for name in [*names][:_MOST_ENTRIES] if name not in _USUAL]
    return [f"{name}: {value}" for name, value in found if value]


def _xmp(text: str) -> str:
    """Its values; those of labels behind their names."""
    return _TAG.sub(" ", _LABEL.sub(lambda label: f"\n{label[1] or label[3]}: {label[2] or label[4] or ''}\n", text))


def _script(document: Any, number: int) -> list[str]:
    from pypdfium2 import raw

    action = raw.FPDFDoc_GetJavaScriptAction(document, number)
    if not action:
        return []
    try:
        return [_wide(lambda buffer, size: raw.FPDFJavaScriptAction_GetScript(action, buffer, size))]
    finally:
        raw.FPDFDoc_CloseJavaScriptAction(action)


def _page(document: Any, number: int, where: str, gathered: Gathered) -> None:
    from pypdfium2 import raw

    page = document[number]
    try:
        text_page = page.get_textpage()
        text = text_page.get_text_range() if text_page.count_chars() else ""
        text_page.close()
        gathered.text(where, text)
        gathered.lines(f"{where} annotations", _annotations(page))
        drawn = {shape.type for shape in page.get_objects(max_depth=8)}
        if raw.FPDF_PAGEOBJ_IMAGE in drawn or (drawn and not text.strip()):
            if gathered.ocr:
                gathered.picture(where, _rendered(page))
            else:
                gathered.skip(IMAGE, "pages with pictures, and OCR is off")
    finally:
        page.close()


def _annotations(page: Any) -> list[str]:
    from pypdfium2 import raw

    found: list[str] = []
    for number in range(raw.FPDFPage_GetAnnotCount(page)):
        annotation = raw.FPDFPage_GetAnnot(page, number)
        if not annotation:
            continue
        values = {key: _value(annotation, key) for key in _ANNOTATION_KEYS}
        if values[b"T"] and values[b"V"]:
            found.append(f"{values[b'T']}: {values[b'V']}")
        found += [_TAG.sub(" ", value) for value in values.values() if value]
        raw.FPDFPage_CloseAnnot(annotation)
    return found


def _value(annotation: Any, key: bytes) -> str:
    from pypdfium2 import raw

    return _wide(lambda buffer, size: raw.FPDFAnnot_GetStringValue(annotation, key, buffer, size))


def _wide(read: Any) -> str:
    """A string that PDFium writes as UTF-16 into a buffer of the size it asks for."""
    from pypdfium2 import raw

    size = read(None, 0)
    if not 2 < size <= 16_777_216:
        return ""
    buffer = ctypes.create_string_buffer(size)
    read(ctypes.cast(buffer, ctypes.POINTER(raw.FPDF_WCHAR)), size)
    return buffer.raw[: size - 2].decode("utf-16-le", "replace")


def _rendered(page: Any) -> bytes:
    """The page as a picture (PPM), small enough for any machine."""
    width, height = page.get_size()
    scale = min(_OCR_SCALE, (_MOST_PIXELS / max(width * height, 1)) ** 0.5)
    bitmap = page.render(scale=scale, rev_byteorder=True, prefer_bgrx=False)
    rows, stride, channels = bytes(bitmap.buffer), bitmap.stride, bitmap.n_channels
    pixels = b"".join(rows[row * stride : row * stride + bitmap.width * channels] for row in range(bitmap.height))
    if channels == 4:
        pixels = b"".join(pixels[at : at + 3] for at in range(0, len(pixels), 4))
    kind = b"P5" if channels == 1 else b"P6"
    return b"%s\n%d %d\n255\n%s" % (kind, bitmap.width, bitmap.height, pixels)


def _attached(document: Any, gathered: Gathered, nested: Nested) -> None:
    for number in range(document.count_attachments()):
        gathered.entry()
        attached = document.get_attachment(number)
        nested(bytes(attached.get_data()), attached.get_name(), "")
