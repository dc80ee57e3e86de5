"""From a file in a call to its text: decoded and read in a sandbox, its pictures by OCR where that is on."""

from __future__ import annotations

import base64
import io
import zipfile
from dataclasses import dataclass, field

import orjson

from gateway.extraction.encoded import bytes_of
from gateway.extraction.gathered import FILE, Extracted, Gathered, Limits, Unreadable
from gateway.extraction.ocr import read_pictures
from gateway.extraction.reader import read
from gateway.extraction.sandbox import Allowance, apart


@dataclass(frozen=True, slots=True)
class Reading:
    """How files are read."""

    limits: Limits = field(default_factory=Limits)
    allowance: Allowance = field(default_factory=Allowance)
    ocr: bool = False


def extract(data: str | bytes, name: str, media_type: str, reading: Reading) -> Extracted:
    """The text of one file; `data` is Base64, a data URL, or the bytes. Raises `sandbox.Failed`."""
    answer = orjson.loads(apart(lambda: _read(data, name, media_type, reading), reading.allowance))
    gathered = Gathered(reading.limits, reading.ocr)
    if not answer["pictures"]:
        return Extracted.of(answer)
    for where, text in answer["texts"]:
        gathered.text(where, text)
    for kind, why in answer["unread"]:
        gathered.skip(kind, why)
    gathered.pictures = [(where, base64.b64decode(code)) for where, code in answer["pictures"]]
    read_pictures(gathered, reading.allowance.seconds)
    return Extracted.of(gathered.row(answer["type"]))


def _read(data: str | bytes, name: str, media_type: str, reading: Reading) -> bytes:
    """Runs in the sandbox."""
    gathered = Gathered(reading.limits, reading.ocr)
    kind = "unknown"
    try:
        content = data
        if isinstance(content, str):
            content, media_type = bytes_of(content, media_type)
        kind = read(content, name, media_type, gathered)
    except Unreadable as problem:
        gathered.skip(FILE, str(problem))
    except MemoryError:
        gathered.skip(FILE, "it needs more memory than the limit")
    except Exception:  # parsers of hostile files raise what they like; what was read until then is kept
        gathered.skip(FILE, "broken")
    row = gathered.row(kind)
    row["texts"] = [(_clean(where), _clean(text)) for where, text in row["texts"]]
    row["pictures"] = [(_clean(where), base64.b64encode(picture).decode()) for where, picture in gathered.pictures]
    return orjson.dumps(row)


def _clean(text: str) -> str:
    """Without lone surrogates, which no JSON carries."""
    return text.encode("utf-8", "replace").decode()


def warm() -> None:
    """Loads what readers need, once, before any sandbox: nothing can be opened in one."""
    import encodings
    import importlib
    import pkgutil
    from contextlib import suppress

    for codec in pkgutil.iter_modules(encodings.__path__):
        with suppress(ImportError):  # those of other platforms
            importlib.import_module(f"encodings.{codec.name}")
    with suppress(ImportError):
        pass
    with suppress(ImportError):
        import pypdfium2.raw  # noqa: F401
    for sample in (*_SAMPLES, _office()):
        read(sample, "", "", Gathered())


def _office() -> bytes:
    """The smallest package that has a part of each kind."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/sharedStrings.xml", "<sst><si><t>é</t></si></sst>")
        archive.writestr("xl/worksheets/sheet1.xml", '<s><row><c t="s"><v>0</v></c><c><v>1E2</v></c></row></s>')
        archive.writestr("docProps/é.txt", "a")
        archive.writestr("docProps/broken.xml", "<a")
        archive.writestr("docProps/bomb.xml", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
    return packed.getvalue()


_PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj "
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R>>"
)

_SAMPLES = (
    _PDF,
    b"a,b\n1,2\n",
    b"<html><p>a</p></html>",
    (
        b"From: =?utf-8?q?a?= <a@b.example>\r\nTo: c@d.example\r\nSubject: s\r\nDate: Thu, 26 Nov 2026 10:00:00 +0000\r\n"
        b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain; charset=gb18030"
        b"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na=20b\r\n--x\r\nContent-Type: text/html\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\nPGI+YTwvYj4=\r\n--x--\r\n"
    ),
)
