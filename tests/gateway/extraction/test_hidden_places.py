"""A value that stands where hardly anybody looks is read, or the file counts as unread: never neither."""

from __future__ import annotations

import base64
import io
import struct
import zipfile
import zlib

import pytest

from gateway.extraction.extract import warm
from tests.gateway.extraction.samples import sheet, slides, word
from tests.gateway.extraction.test_extract import of, text_of

VALUE = "DE89370400440532013000"
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
PARTS = {"[Content_Types].xml": "<Types/>", "word/document.xml": "<w/>"}


@pytest.fixture(scope="module", autouse=True)
def _warmed() -> None:
    warm()


def _packed(parts: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return buffer.getvalue()


def is_looked_at(content: bytes, name: str, value: str = VALUE) -> bool:
    found = of(content, name)
    text = text_of(found).replace("\u200b", "")
    return value.lower() in text.lower() or found.unread != ()


NAMES = (
    "mimetype", "layout-cache", "Configurations2/accelerator/x.xml", "Configurations2/images/Bitmaps/x", "META-INF/manifest.xml",
    "word/fontTable.xml", "word/fonts/a.odttf", "xl/calcChain.xml", "xl/printerSettings/printerSettings1.bin",
    "docProps/thumbnail.jpeg", "Thumbnails/thumbnail.png",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_part_whose_name_says_that_it_holds_no_text(name: str) -> None:
    assert VALUE in text_of(of(_packed({name: VALUE}), "a.zip"))
    assert is_looked_at(_packed(PARTS | {name: VALUE}), "a.docx")


def test_parts_that_truly_hold_none_are_no_reason_to_call_a_document_unread() -> None:
    binary = bytes(range(256)) * 3
    parts = {name: binary for name in NAMES if not name.endswith((".xml", "mimetype"))}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, content in (PARTS | parts | {"mimetype": "application/vnd.oasis.opendocument.text"}).items():
            made.writestr(name, content)
    assert of(buffer.getvalue(), "a.docx").unread == ()


@pytest.mark.parametrize("claimed", [0, 5])
def test_an_entry_that_unpacks_to_more_than_its_head_says(claimed: int) -> None:
    """Python's own reader stops where the head says; others go on."""
    payload = b"hello" + VALUE.encode()
    for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", method) as made:
            made.writestr("a.txt", payload)
        data, crc = bytearray(buffer.getvalue()), zlib.crc32(payload[:claimed])
        directory = data.index(b"PK\x01\x02")
        for at in (14, directory + 16):
            data[at : at + 4] = struct.pack("<I", crc)
        for at in (22, directory + 24):
            data[at : at + 4] = struct.pack("<I", claimed)
        assert is_looked_at(bytes(data), "a.zip")


def test_an_entry_in_a_method_that_is_hardly_used() -> None:
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", method) as made:
            made.writestr("a.txt", VALUE)
        assert is_looked_at(buffer.getvalue(), "a.zip")


XML = {
    "an attribute that is an id elsewhere": f'<p id="{VALUE}"/>',
    "an attribute of a schema of one's own": '<p name="Schneider"/>',
    "an alternative text in braces": f'<w:p {W} w:descr="{{{VALUE}"/>',
    "an alternative text like a relation": f'<w:p {W} w:descr="rId{VALUE}"/>',
    "an alternative text like a name of a schema": f'<w:p {W} w:descr="urn:{VALUE}"/>',
    "a processing instruction": f"<a><?x {VALUE}?></a>",
    "a document type": f'<!DOCTYPE a SYSTEM "{VALUE}"><a/>',
    "a tag": f"<{VALUE}/>",
    "a namespace": f'<a xmlns:q="http://x/{VALUE}"/>',
    "the name of an attribute": f'<a {VALUE}="x"/>',
    "a comment": f"<a><!--{VALUE}--></a>",
}


@pytest.mark.parametrize("place", XML)
def test_places_in_xml(place: str) -> None:
    document = _packed(PARTS | {"customXml/item1.xml": XML[place]})
    assert is_looked_at(document, "a.docx", "Schneider" if "Schneider" in XML[place] else VALUE)


SHEET = {
    "beside the strings": ("xl/sharedStrings.xml", f"<sst><si><t>a</t></si>{VALUE}</sst>"),
    "an attribute of the strings": ("xl/sharedStrings.xml", f'<sst x="{VALUE}"><si><t>a</t></si></sst>'),
    "an attribute of a cell": ("xl/worksheets/sheet1.xml", f'<s><row><c q="{VALUE}"><v>1</v></c></row></s>'),
    "a tag of a sheet": ("xl/worksheets/sheet1.xml", f"<s><{VALUE}/></s>"),
    "a document type of a sheet": ("xl/worksheets/sheet1.xml", f'<!DOCTYPE a SYSTEM "{VALUE}"><s/>'),
}


@pytest.mark.parametrize("place", SHEET)
def test_places_in_a_sheet(place: str) -> None:
    name, content = SHEET[place]
    assert is_looked_at(
        _packed({"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<w/>", name: content}), "a.xlsx"
    )


HTML = {
    "a processing instruction": f"<? {VALUE} >",
    "a declaration": f"<!foo {VALUE}>",
    "a document type": f"<!doctype html PUBLIC '{VALUE}'>",
    "an end tag": f"<p>x</p {VALUE}>",
    "a class": f'<p class="{VALUE}">',
    "a style": f'<p style="x:{VALUE}">',
    "a language": f'<p lang="{VALUE}">',
    "an attribute without value": f"<p {VALUE}>",
    "a tag": f"<{VALUE}>",
    "a name of an attribute": f'<p {VALUE}="1">',
    "CDATA": f"<![CDATA[{VALUE}]]>",
    "a comment that nothing ends": f"<!-- {VALUE}",
    "a tag that nothing ends": f"<p {VALUE}",
    "an attribute that nothing ends": f'<p x="{VALUE}',
    "a script that nothing ends": f"<script>{VALUE}",
    "a text area": f"<textarea>{VALUE}",
    "an element that nobody knows, in the middle": f"{VALUE[:6]}<x-y>{VALUE[6:]}</x-y>",
    "a possible break": f"{VALUE[:6]}<wbr>{VALUE[6:]}",
    "references to characters": "".join(f"&#{ord(character)};" for character in VALUE),
    "a zero-width space": f"{VALUE[:6]}&#8203;{VALUE[6:]}",
    "100,000 elements deep": "<b>" * 100_000 + VALUE,
}


@pytest.mark.parametrize("place", HTML)
def test_places_in_a_page(place: str) -> None:
    assert is_looked_at(f"<html><body>{HTML[place]}".encode(), "a.html")


def test_an_ordinary_page_says_no_more_than_what_it_shows() -> None:
    page = b'<!DOCTYPE html><html lang="en"><body class="btn btn-primary"><p style="color:red">Hello</p></body></html>'
    assert text_of(of(page, "a.html")) == "a.html\nHello"


@pytest.mark.parametrize("start", ["<section>", "<a href=x>", "<script></script>", "<!-- c --><x>"])
def test_a_page_by_its_name_is_read_as_one(start: str) -> None:
    found = of(f"{start}{VALUE[:6]}<b>{VALUE[6:]}</b>".encode(), "a.html")
    assert found.type == "html"
    assert VALUE in text_of(found)


def mail(charset: str, body: bytes, coding: str = "7bit") -> bytes:
    head = f"From: a@b.example\nTo: c@d.example\nMIME-Version: 1.0\nContent-Type: text/plain; charset={charset}\n"
    return f"{head}Content-Transfer-Encoding: {coding}\n\n".encode() + body


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("hz-gb-2312", "张三丰"),
        ("utf-7", "张三丰"),
        ("iso-2022-jp", "山田太郎"),
        ("gb18030", "张三丰"),
        ("big5", "張三豐"),
    ],
)
def test_charsets_of_mails(charset: str, text: str) -> None:
    assert text in text_of(of(mail(charset, f"{text} {text}".encode(charset)), "a.eml"))


def test_a_charset_that_is_not_that_of_the_mail() -> None:
    assert is_looked_at(mail("utf-16", VALUE.encode()), "a.eml")
    assert is_looked_at(mail("utf-7", VALUE.encode()), "a.eml")


def test_codes_of_mails() -> None:
    code = base64.b64encode(b"hello")
    assert is_looked_at(mail("utf-8", code + b"\n\n" + VALUE.encode(), "base64"), "a.eml")
    assert is_looked_at(mail("utf-8", VALUE.encode(), "x-foo"), "a.eml")
    short = b"Subject: s\nContent-Transfer-Encoding: base64\n\n" + base64.b64encode(VALUE.encode())
    assert VALUE in text_of(of(short, "a.eml"))
    assert of(mail("utf-8", base64.b64encode(VALUE.encode()), "base64"), "a.eml").unread == ()


def test_a_stray_byte_does_not_make_another_text_of_utf_8() -> None:
    assert "张三丰" in text_of(of("名字 张三丰 住在北京市".encode() + b"\xff", "a.txt"))
    assert "张三" in text_of(of("姓名 张三 住在北京市".encode("gb18030"), "a.txt"))
    assert "Müller" in text_of(of("Herr Müller aus Köln".encode("cp1252"), "a.txt"))


def test_ordinary_documents_bring_no_numbers_of_their_own() -> None:
    for made in (word, sheet, slides):
        texts = [text for where, text in of(made()).texts if where.endswith("attributes")]
        assert not any(
            character.isdigit() and len(line) > 12
            for text in texts
            for line in text.split("\n")
            for character in line
            if " " not in line
        )


def test_names_in_archives_lead_nowhere() -> None:
    """Nothing is written, so a name cannot leave a folder and a link leads to nothing; both are read as what they are."""
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        made.writestr(link, "/etc/passwd")
        made.writestr("../../etc/cron.d/x", VALUE)
    text = text_of(of(buffer.getvalue(), "a.zip"))
    assert "/etc/passwd" in text
    assert "root:" not in text
    assert VALUE in text
