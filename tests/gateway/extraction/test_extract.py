"""What stands in a file is found wherever it stands; what cannot be read is named, with the reason."""

from __future__ import annotations

import base64
import io
import os
import socket
import zipfile
from pathlib import Path

import pytest

from gateway.extraction import ocr
from gateway.extraction.encoded import bytes_of
from gateway.extraction.extract import Reading, extract, warm
from gateway.extraction.gathered import Extracted, Gathered, Limits, Unreadable
from gateway.extraction.reader import read
from gateway.extraction.sandbox import Allowance, Failed, apart
from tests.gateway.extraction.samples import IBAN, MAIL, NAME, PHONE, archive, pdf, sheet, slides, word


@pytest.fixture(scope="module", autouse=True)
def _warmed() -> None:
    warm()


def of(content: bytes, name: str = "", media_type: str = "", **options: object) -> Extracted:
    return extract(content, name, media_type, Reading(**options))  # type: ignore[arg-type]


def text_of(extracted: Extracted) -> str:
    return "\n".join(text for _, text in extracted.texts)


CASES = {
    "docx": (word, ["Call Maria Schneider", f"hidden {PHONE}", "CONFIDENTIAL", "page for Wang Wei", "Erika Mustermann", "Salaries of 2026", IBAN, "ask her brother", "Bob Reviewer"]),
    "xlsx": (sheet, [f"Name: {NAME}; Bank account: 12345678901234", "Gehälter Müller", "a note in the margin", "kept from view", "invisible", "Strictly private"]),
    "pptx": (slides, ["Quarterly", f"tell {NAME} first"]),
    "pdf": (lambda: pdf(f"Call {NAME}", f"at {PHONE}", attachment=("a.csv", b"name,phone\nWang Wei,1\n")), [NAME, PHONE, "note on 1", "Salaries of 2026", "Erika Mustermann", "name: Wang Wei"]),
    "mail": (lambda: MAIL, ["maria@example.org", "工资", "Dear Maria", "unseen words", "a remark", "a portrait of her", f"name: {NAME}; iban: {IBAN}"]),
    "zip": (lambda: archive(a_dot_docx=word(), b_dot_zip=archive(c_dot_pdf=pdf("deep inside"))), ["Call Maria Schneider", "deep inside", "a.docx"]),
    "html": (f"<!doctype html><title>T</title><div style='display:none'>{NAME}</div><a href='mailto:x@example.com'>".encode, [NAME, "x@example.com"]),
    "text": (lambda: "姓名,电话\n张三,13800138000\n".encode("gb18030"), ["姓名: 张三; 电话: 13800138000"]),
}  # fmt: skip


@pytest.mark.parametrize("kind", CASES)
def test_everything_written_in_a_file_is_read(kind: str) -> None:
    make, expected = CASES[kind]
    extracted = of(make())
    assert extracted.type == kind
    found = text_of(extracted)
    assert [each for each in expected if each not in found] == []
    assert extracted.unread == ()


def test_a_label_that_stands_by_its_number_alone_is_text() -> None:
    labels = (
        '<clbl:labelList xmlns:clbl="http://schemas.microsoft.com/office/2020/mipLabelMetadata">'
        '<clbl:label id="{DEFA4170-0d19-0005-0004-bc88714345d2}" enabled="1" method="Privileged" removed="0"/>'
        '<clbl:label id="{11111111-0d19-0005-0004-bc88714345d2}" enabled="1" method="Standard" removed="1"/></clbl:labelList>'
    )
    packed = {
        "[Content_Types].xml": "<Types/>",
        "word/document.xml": "<a>text</a>",
        "docMetadata/LabelInfo.xml": labels,
    }
    found = text_of(of(_package(packed), "a.docx"))
    assert "MSIP_Label_defa4170-0d19-0005-0004-bc88714345d2_Id: defa4170-0d19-0005-0004-bc88714345d2" in found
    assert "11111111" not in found


def test_what_a_program_adds_to_the_information_of_a_pdf_is_text() -> None:
    content = pdf("nothing here").replace(b"/Author", b"/MSIP_Label_0a1b_Name(Confidential)/Author", 1)
    assert "MSIP_Label_0a1b_Name: Confidential" in text_of(of(content))


def test_a_header_keeps_the_tabs_that_set_its_cells_apart() -> None:
    header = '<w:hdr xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:p><w:r><w:t>Acme</w:t><w:tab/><w:t>Confidential</w:t><w:tab/><w:t>1</w:t></w:r></w:p></w:hdr>'
    packed = {"[Content_Types].xml": "<Types/>", "word/document.xml": "<a>text</a>", "word/header1.xml": header}
    assert "Acme\tConfidential\t1" in text_of(of(_package(packed), "a.docx"))


def _package(parts: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as opened:
        for name, part in parts.items():
            opened.writestr(name, part)
    return packed.getvalue()


def test_an_attachment_of_a_pdf_and_a_label_of_an_office_document_are_text() -> None:
    custom = (
        '<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties" xmlns:vt="x">'
        '<property fmtid="{D5CDD505-2E9C-101B-9397-08002B2CF9AE}" pid="2" name="MSIP_Label_0a1b_Name">'
        "<vt:lpwstr>Highly Confidential</vt:lpwstr></property></Properties>"
    )
    document = archive(**{"[Content_Types]_dot_xml": b"<Types/>", "word/document_dot_xml": b"<w/>", "docProps/custom_dot_xml": custom.encode()})  # fmt: skip
    assert "MSIP_Label_0a1b_Name: Highly Confidential" in text_of(of(document))


@pytest.mark.parametrize(
    ("content", "name", "why"),
    [
        (b"\x89PNG\r\n\x1a\n rest", "a.png", ("image", "a picture, and OCR is off")),
        (b"ID3 rest", "a.mp3", ("audio", "sound and video are not read")),
        (b"%PDF-1.7 rest", "a.pdf", ("file", "broken")),
        (b"PK\x03\x04 rest", "a.zip", ("file", "broken")),
        (bytes(range(256)) * 9, "a.bin", ("file", "of a kind that is not known")),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "a.docx", ("file", "encrypted")),
        (b"{\\rtf1 words}", "a.rtf", ("file", "RTF is not read")),
        (word(), "a.pdf", ("file", "its type is not what its name or media type says")),
        (b"%PDF-1.7\n" + archive(a=b"x"), "a.pdf", ("file", "its type is not what its name or media type says")),
        (archive(a=b"x") + b"#" * 9000, "a.zip", ("file", "bytes that belong to no file of the archive")),
    ],
)
def test_what_cannot_be_read_is_named_with_the_reason(content: bytes, name: str, why: tuple[str, str]) -> None:
    assert why in of(content, name).unread


def test_encrypted_files_are_unread() -> None:
    import pypdf

    writer = pypdf.PdfWriter()
    writer.add_blank_page(100, 100)
    writer.encrypt("secret", algorithm="RC4-128")
    import io

    buffer = io.BytesIO()
    writer.write(buffer)
    assert of(buffer.getvalue(), "a.pdf").unread == (("file", "encrypted"),)


def test_bombs_are_refused_before_they_go_off() -> None:
    packed = archive(zeros=b"0" * 40_000_000)
    assert of(packed).unread == (("file", "it unpacks to more than any document does"),)
    nested = archive(a_dot_zip=packed)
    for _ in range(6):
        nested = archive(a_dot_zip=nested)
    assert ("file", "nested more deeply than the limit") in of(nested).unread
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><x>&b;</x>'
    document = archive(**{"[Content_Types]_dot_xml": b"<Types/>", "word/document_dot_xml": laughs})
    assert ("file", "XML that declares entities") in of(document).unread
    many = archive(**{f"f{number}": b"x" for number in range(60)})
    assert of(many, limits=Limits(entries=50)).unread == (("file", "more files in it than the limit"),)


def test_a_long_text_is_cut_and_says_so() -> None:
    extracted = of(b"word " * 100, limits=Limits(characters=50))
    assert extracted.unread == (("file", "more text than the limit"),)
    assert len(text_of(extracted)) == 50


@pytest.mark.parametrize(
    ("data", "content"),
    [
        ("SGVsbG8=", b"Hello"),
        ("SGVsbG8", b"Hello"),
        ("data:text/plain;base64,SGVs\nbG8=", b"Hello"),
        ("data:text/plain,Hello%20", b"Hello "),
        ("_-8=", b"\xff\xef"),
    ],
)
def test_base64_in_all_its_writings(data: str, content: bytes) -> None:
    assert bytes_of(data)[0] == content


def test_what_is_no_base64_is_unread() -> None:
    with pytest.raises(Unreadable):
        bytes_of("no code!")
    assert extract("no code!", "a.pdf", "", Reading()).unread == (("file", "not Base64"),)


def _forever() -> bytes:
    while True:
        pass


@pytest.mark.parametrize(
    ("job", "how"),
    [
        (_forever, "took too long"),
        (lambda: b"x" * (4 << 30), "ended before it was done"),
        (lambda: os.kill(os.getpid(), 11) or b"", "ended before it was done"),  # type: ignore[func-returns-value]
        (lambda: Path("/etc/hostname").read_bytes(), "ended before it was done"),
        (lambda: str(socket.socket()).encode(), "ended before it was done"),
    ],
)
def test_a_reader_that_crashes_hangs_or_reaches_out_ends_alone(job: object, how: str) -> None:
    with pytest.raises(Failed, match=how):
        apart(job, Allowance(seconds=0.5))  # type: ignore[arg-type]
    assert apart(lambda: b"fine", Allowance()) == b"fine"


@pytest.mark.skipif(not ocr.available(), reason="tesseract is not installed")
def test_pictures_are_read_by_ocr_where_it_is_on() -> None:
    import io

    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", (900, 120), "white")
    ImageDraw.Draw(image).text((20, 30), "Invoice for Maria Schneider", "black", ImageFont.load_default(48))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    extracted = of(buffer.getvalue(), "scan.png", ocr=True)
    assert "Maria Schneider" in text_of(extracted)
    assert extracted.unread == ()


def test_ocr_without_tesseract_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "PROGRAM", "no-such-program")
    assert of(b"\x89PNG\r\n\x1a\n rest", "a.png", ocr=True).unread == (("image", ocr.MISSING),)


def test_without_its_libraries_a_document_is_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    for missing in ("pypdfium2", "defusedxml.common"):
        monkeypatch.setitem(sys.modules, missing, None)
    for content, kind in ((pdf("x"), "PDF"), (word(), "Office documents")):
        gathered = Gathered()
        read(content, "", "", gathered)
        assert ("file", f"reading {kind} needs the extra `documents`") in gathered.unread


def test_entries_that_hide_behind_one_name_are_unread() -> None:
    import io
    import warnings

    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w") as packed:
        warnings.simplefilter("ignore")
        packed.writestr("a.txt", "one")
        packed.writestr("a.txt", "two")
    assert ("file", "two files of one name in an archive") in of(buffer.getvalue()).unread


def test_a_data_url_says_its_own_type() -> None:
    code = base64.b64encode(pdf("x")).decode()
    assert extract(f"data:application/pdf;base64,{code}", "a.pdf", "", Reading()).unread == ()
    assert extract(f"data:image/png;base64,{code}", "", "", Reading()).unread[0][0] == "file"
