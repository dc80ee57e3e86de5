"""Notices on documents, read by other libraries (pypdf, PDFium, python-docx, python-pptx, openpyxl, LibreOffice)."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile

import docx
import numpy as np
import openpyxl
import pikepdf
import pptx
import pypdf
import pypdfium2
import pytest

from tests.watermark.explicit.seen import has_tesseract, read_out, seen
from watermark.errors import MarkingFailed, Unsupported
from watermark.explicit.document import label_document
from watermark.profile import notices

NOTICE = "【人工智能生成】"
PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def pdf_of(pages: int = 3, rotate: int = 0, box: tuple[int, int, int, int] = (0, 0, 595, 842)) -> bytes:
    pdf = pikepdf.new()
    for _ in range(pages):
        page = pdf.add_blank_page(page_size=(612, 900))
        page.mediabox, page.Rotate = list(box), rotate
        page.contents_add(b"0.2 0.5 0.9 rg 0 0 1000 1000 re f 2 0 0 2 30 30 cm")  # leaves its matrix behind
    target = io.BytesIO()
    pdf.save(target)
    return target.getvalue()


def rendered(data: bytes, page: int = 0) -> np.ndarray:
    return np.asarray(pypdfium2.PdfDocument(data)[page].render(scale=2).to_pil().convert("RGB"))


def document() -> bytes:
    paper, target = docx.Document(), io.BytesIO()
    paper.add_heading("A report", 1)
    paper.add_paragraph("Of several words.")
    paper.save(target)
    return target.getvalue()


def presentation() -> bytes:
    show, target = pptx.Presentation(), io.BytesIO()
    for title in ("First", "Second"):
        show.slides.add_slide(show.slide_layouts[5]).shapes.title.text = title
    show.save(target)
    return target.getvalue()


def workbook() -> bytes:
    book, target = openpyxl.Workbook(), io.BytesIO()
    book.active.title = "Figures"
    book.active["A1"], book.active["A2"] = 2, "=A1*2"
    other = book.create_sheet("More")
    other["B2"] = "=Figures!A2"
    other.print_area = "A1:C3"
    book.active = 1
    book.save(target)
    return target.getvalue()


@pytest.mark.parametrize("language", sorted(notices()))
def test_each_page_of_a_pdf_says_it_in_words_and_in_pixels(language: str) -> None:
    data, notice = pdf_of(), notices()[language]
    out = label_document(data, PDF, notice, language)
    for page in pypdf.PdfReader(io.BytesIO(out)).pages:
        assert "".join(notice.split()) in "".join(page.extract_text().split())
    for index in range(3):
        found = seen(rendered(data, index), rendered(out, index), 10)
        assert found.contrast >= 7
        left, top, right, bottom = found.box
        assert 595 < left < right <= 1190  # two pixels a point
        assert 1580 < top < bottom <= 1684
        assert bottom - top > 40


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("box", [(0, 0, 595, 842), (100, 50, 500, 350)])
def test_turned_and_cropped_pages_show_it_upright_at_the_lower_right(rotate: int, box: tuple[int, ...]) -> None:
    data = pdf_of(1, rotate, box)
    before, after = rendered(data), rendered(label_document(data, PDF, NOTICE, "zh"))
    left, top, right, bottom = seen(before, after, 10).box
    height, width = after.shape[:2]
    assert right - left > 3 * (bottom - top)
    assert right > width - 40
    assert bottom > height - 40


@pytest.mark.skipif(not has_tesseract("chi_sim"), reason="tesseract with chi_sim is not installed")
def test_a_machine_reads_the_words_on_the_page() -> None:
    data = pdf_of(1)
    region = seen(rendered(data), rendered(label_document(data, PDF, NOTICE, "zh")), 10).picture
    assert "人工智能生成" in read_out(255 - region, "chi_sim").replace(" ", "")


def test_a_word_document_says_it_first_and_keeps_the_rest() -> None:
    data = document()
    out = docx.Document(io.BytesIO(label_document(data, DOCX, NOTICE, "zh")))
    assert [paragraph.text for paragraph in out.paragraphs] == [NOTICE, "A report", "Of several words."]
    assert out.paragraphs[0].runs[0].font.size.pt >= 10


def test_a_presentation_says_it_on_the_first_slide_in_letters_of_a_twentieth() -> None:
    show = pptx.Presentation(io.BytesIO(label_document(presentation(), PPTX, NOTICE, "zh")))
    first, second = show.slides
    (box,) = [shape for shape in first.shapes if shape.has_text_frame and shape.text_frame.text == NOTICE]
    assert first.shapes.title.text == "First"
    assert [shape.text_frame.text for shape in second.shapes] == ["Second"]
    assert box.text_frame.paragraphs[0].runs[0].font.size * 0.733 >= 0.049 * min(show.slide_width, show.slide_height)
    assert box.left >= 0
    assert box.left + box.width <= show.slide_width
    assert box.top + box.height <= show.slide_height
    assert len({shape.shape_id for shape in first.shapes}) == len(first.shapes)


def test_a_workbook_opens_on_a_sheet_that_says_it_and_keeps_its_formulas() -> None:
    book = openpyxl.load_workbook(io.BytesIO(label_document(workbook(), XLSX, NOTICE, "zh")))
    assert book.sheetnames == ["AI", "Figures", "More"]
    assert book.active.title == "AI"
    assert book.worksheets[0]["A1"].value == NOTICE
    assert book["More"]["B2"].value == "=Figures!A2"
    assert book["More"].print_area == "'More'!$A$1:$C$3"
    assert [sheet.title for sheet in book if sheet.sheet_view.tabSelected] == ["AI"]
    again = label_document(label_document(workbook(), XLSX, NOTICE, "zh"), XLSX, NOTICE, "zh")
    assert openpyxl.load_workbook(io.BytesIO(again)).sheetnames == ["AI1", "AI", "Figures", "More"]


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_shows_it(tmp_path) -> None:
    """Its writer, that is; Debian's other parts are not installed everywhere."""
    (tmp_path / "a.docx").write_bytes(label_document(document(), DOCX, NOTICE, "zh"))
    call = [
        "soffice",
        f"-env:UserInstallation=file://{tmp_path}/profile",
        "--headless",
        "--convert-to",
        "pdf",
        "a.docx",
    ]
    subprocess.run(call, cwd=tmp_path, check=True, timeout=170, capture_output=True)
    assert NOTICE in pypdf.PdfReader(tmp_path / "a.pdf").pages[0].extract_text()


def test_every_other_part_of_an_office_file_stays_as_it_was() -> None:
    for media_type, data, most in ((DOCX, document(), 1), (PPTX, presentation(), 1), (XLSX, workbook(), 4)):
        before = zipfile.ZipFile(io.BytesIO(data))
        after = zipfile.ZipFile(io.BytesIO(label_document(data, media_type, NOTICE, "zh")))
        changed = [name for name in before.namelist() if before.read(name) != after.read(name)]
        assert set(before.namelist()) <= set(after.namelist())
        assert 1 <= len(changed) <= most


def test_an_encrypted_pdf_is_refused() -> None:
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf_of(1))) as pdf:
        pdf.save(target, encryption=pikepdf.Encryption(owner="o", user=""))
    with pytest.raises(MarkingFailed, match="encrypted"):
        label_document(target.getvalue(), PDF, NOTICE, "zh")


def test_entities_are_not_expanded() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(document())) as source, zipfile.ZipFile(target, "w") as out:
        for name in source.namelist():
            body = source.read(name)
            if name == "word/document.xml":
                head, _, rest = body.partition(b"?>")
                body = head + b'?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + rest
            out.writestr(name, body)
    with pytest.raises(MarkingFailed, match="document type"):
        label_document(target.getvalue(), DOCX, NOTICE, "zh")


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7\n", b"PK\x03\x04", b"no document"])
def test_what_is_no_document_is_refused(data: bytes) -> None:
    for media_type in (PDF, DOCX, PPTX, XLSX):
        with pytest.raises(MarkingFailed):
            label_document(data, media_type, NOTICE, "zh")


def test_other_types_are_unsupported() -> None:
    with pytest.raises(Unsupported, match="application/zip"):
        label_document(b"", "application/zip", NOTICE, "zh")
