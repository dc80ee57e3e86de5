"""Files made by the libraries that people make them with."""

from __future__ import annotations

import io
import zipfile

import docx
import openpyxl
import pptx
import pypdfium2
from openpyxl.comments import Comment

NAME, PHONE, IBAN = "Maria Schneider", "+49 151 23456789", "DE89370400440532013000"


def saved(document: object) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)  # type: ignore[attr-defined]
    return buffer.getvalue()


def word() -> bytes:
    document = docx.Document()
    paragraph = document.add_paragraph()
    paragraph.add_run("Call Mar")
    paragraph.add_run("ia Schneider")
    hidden = document.add_paragraph().add_run(f"hidden {PHONE}")
    hidden.font.hidden = True
    document.sections[0].header.paragraphs[0].text = "CONFIDENTIAL"
    document.sections[0].footer.paragraphs[0].text = "page for Wang Wei"
    document.core_properties.author = "Erika Mustermann"
    document.core_properties.title = "Salaries of 2026"
    table = document.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "IBAN", IBAN
    document.add_comment(paragraph.runs[0], text="ask her brother", author="Bob Reviewer")
    return saved(document)


def sheet() -> bytes:
    book = openpyxl.Workbook()
    first = book.active
    first.title = "Gehälter Müller"
    first.append(["Name", "Bank account"])
    first.append([NAME, 12345678901234])
    first["B2"].comment = Comment("a note in the margin", "Al")
    hidden = book.create_sheet("invisible")
    hidden.sheet_state = "hidden"
    hidden.append(["kept from view"])
    first.oddHeader.center.text = "Strictly private"
    return saved(book)


def slides() -> bytes:
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = "Quarterly"
    slide.notes_slide.notes_text_frame.text = f"tell {NAME} first"
    return saved(deck)


def pdf(*lines: str, attachment: tuple[str, bytes] | None = None, author: str = "Erika Mustermann") -> bytes:
    """A PDF with one page a line, written by hand: no writer of ours is a dependency."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>"]
    kids = " ".join(f"{3 + 2 * number} 0 R" for number in range(len(lines)))
    objects.append(f"<< /Type /Pages /Kids [{kids}] /Count {len(lines)} >>".encode())
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    for number, line in enumerate(lines):
        note = f"<< /Type /Annot /Subtype /Text /Rect [0 0 9 9] /Contents (note on {number}) >>"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {4 + 2 * number} 0 R "
            f"/Resources << /Font << /F1 {font} >> >> /Annots [{note}] >>".encode()
        )
        stream = f"BT /F1 12 Tf 3 Tr 72 700 Td ({line}) Tj ET".encode("latin-1")  # 3 Tr: invisible
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
    objects.append(f"<< /Title (Salaries of 2026) /Author ({author}) >>".encode())
    out, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table)
    out += b"trailer << /Size %d /Root 1 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        len(objects),
        end,
    )
    if attachment is None:
        return out
    document = pypdfium2.PdfDocument(out)
    document.new_attachment(attachment[0]).set_data(attachment[1])
    return saved(document)


def archive(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name.replace("_dot_", "."), content)
    return buffer.getvalue()


MAIL = (
    "From: Anna <anna@example.com>\r\nTo: Maria Schneider <maria@example.org>\r\nSubject: =?utf-8?b?5bel6LWE?=\r\n"
    "Date: Thu, 26 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n"
    "--B\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    "<p>Dear Mar<b>ia</b>,<img src=x alt='a portrait of her'><span hidden>unseen words</span><!-- a remark --></p>\r\n"
    "--B\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; filename=a.csv\r\n\r\n"
    f"name,iban\r\n{NAME},{IBAN}\r\n--B--\r\n"
).encode()
