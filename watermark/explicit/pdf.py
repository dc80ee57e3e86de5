"""The visible notice on each page of a PDF: one form with our own font embedded, so that it is seen, found and copied."""

from __future__ import annotations

import io
import math
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, Stream

from watermark.errors import MarkingFailed, WatermarkError
from watermark.explicit.plate import FONTS, font_for, runs

MAX_PAGES = 5_000
_EM = 1000  # units of our fonts
_SIZE = 15.0  # points: capitals of 11
_PAD, _MARGIN = 4.0, 14.0  # points
_NAME = "/LexgateNotice"


def label_pdf(data: bytes, notice: str) -> bytes:
    """The PDF with the notice at the lower right of each page. Raises MarkingFailed, also for encrypted files.

    A signature in the file no longer covers it: what is labelled is a new revision of the content.
    """
    try:
        with pikepdf.open(io.BytesIO(data)) as pdf:
            _check(pdf)
            form, width, height = _form(pdf, notice)
            for page in pdf.pages:
                _lay(page, form, width, height)
            target = io.BytesIO()
            pdf.save(target)
            return target.getvalue()
    except WatermarkError:
        raise
    except Exception as error:
        raise MarkingFailed("The PDF cannot be read, so it cannot be labelled.") from error


def _check(pdf: Pdf) -> None:
    if pdf.is_encrypted:
        raise MarkingFailed("An encrypted PDF cannot be labelled.")
    if not 0 < len(pdf.pages) <= MAX_PAGES:
        raise MarkingFailed("The PDF has no pages, or too many.")


def _lay(page: pikepdf.Page, form: Any, width: float, height: float) -> None:
    """The form at the lower right of the page as it is shown: cropped, turned."""
    left, bottom, right, top = (float(edge) for edge in page.cropbox)
    turn = int(page.obj.get("/Rotate", 0)) % 360
    across, up = (right - left, top - bottom) if turn % 180 == 0 else (top - bottom, right - left)
    scale = min(1.0, (across - _MARGIN) / width, (up - _MARGIN) / height)
    if scale <= 0:
        raise MarkingFailed("A page of the PDF has no room for the notice.")
    x, y = across - width * scale - _MARGIN / 2, _MARGIN / 2
    cos, sin = round(math.cos(math.radians(turn))), round(math.sin(math.radians(turn)))
    corner = {0: (left, bottom), 90: (right, bottom), 180: (right, top), 270: (left, top)}.get(turn, (left, bottom))
    matrix = (scale * cos, scale * sin, -scale * sin, scale * cos,
              corner[0] + x * cos - y * sin, corner[1] + x * sin + y * cos)  # fmt: skip
    name = page.add_resource(form, Name.XObject, Name(_NAME))
    numbers = " ".join(f"{number:.4f}" for number in matrix)
    page.contents_add(b"q", prepend=True)
    page.contents_add(f"Q q {numbers} cm {name} Do Q".encode(), prepend=False)


def _form(pdf: Pdf, notice: str) -> tuple[Any, float, float]:
    """A form XObject with plate and words, and its size in points."""
    kind = font_for(notice)
    table = runs()
    glyphs = table[notice]["glyphs"] if notice in table else [table[letter]["glyphs"][0] for letter in notice]
    width = sum(advance for _, advance, _, _ in glyphs) * _SIZE / _EM + 2 * _PAD
    height = _SIZE + 2 * _PAD
    parts = "".join(f"<{glyph:04X}>" for glyph, *_ in glyphs)
    content = (
        f"q 1 g 0 G 0.6 w 0.3 0.3 {width - 0.6:.2f} {height - 0.6:.2f} re B Q "
        f"BT 0 g /F {_SIZE} Tf {_PAD} {_PAD + _SIZE * 0.14:.2f} Td [{parts}] TJ ET"
    )
    form = Stream(pdf, content.encode())
    form.Type, form.Subtype = Name.XObject, Name.Form
    form.BBox = Array([0, 0, round(width, 2), round(height, 2)])
    form.Resources = Dictionary(Font=Dictionary(F=_font(pdf, kind, glyphs)))
    return pdf.make_indirect(form), width, height


def _font(pdf: Pdf, kind: str, glyphs: list[Any]) -> Any:
    """The whole small font, with widths and text of the glyphs that are used (ISO 32000-2, 9.7)."""
    program = Stream(pdf, (FONTS / f"notice-{kind}.ttf").read_bytes())
    base = Name(f"/LXGATE+NotoSans{'CJKsc' if kind == 'cjk' else 'Devanagari'}-Bold")
    descriptor = Dictionary(
        Type=Name.FontDescriptor, FontName=base, Flags=4, FontBBox=Array([-100, -300, 1300, 1100]), ItalicAngle=0,
        Ascent=880, Descent=-120, CapHeight=733, StemV=140, FontFile2=pdf.make_indirect(program),
    )  # fmt: skip
    widths = Array([part for glyph, advance, _, _ in glyphs for part in (glyph, Array([advance]))])
    descendant = Dictionary(
        Type=Name.Font, Subtype=Name.CIDFontType2, BaseFont=base, FontDescriptor=pdf.make_indirect(descriptor),
        CIDSystemInfo=Dictionary(Registry=pikepdf.String("Adobe"), Ordering=pikepdf.String("Identity"), Supplement=0),
        W=widths, CIDToGIDMap=Name.Identity,
    )  # fmt: skip
    font = Dictionary(
        Type=Name.Font, Subtype=Name.Type0, BaseFont=base, Encoding=Name("/Identity-H"),
        DescendantFonts=Array([pdf.make_indirect(descendant)]), ToUnicode=pdf.make_indirect(Stream(pdf, _cmap(glyphs))),
    )  # fmt: skip
    return pdf.make_indirect(font)


def _cmap(glyphs: list[Any]) -> bytes:
    """Which characters each glyph stands for; glyphs that only finish a cluster stand for none."""
    meant = {glyph: said for glyph, _, _, said in reversed(glyphs)}
    rows = "\n".join(f"<{glyph:04X}> <{said.encode('utf-16-be').hex().upper()}>" for glyph, said in meant.items())
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def /CMapType 2 def\n"
        "1 begincodespacerange <0000> <FFFF> endcodespacerange\n"
        f"{len(meant)} beginbfchar\n{rows}\nendbfchar\n"
        "endcmap CMapName currentdict /CMap defineresource pop end end"
    ).encode()
