"""One file, whatever it is: to its reader, by its own bytes and not by its name. Files in files come back here."""

from __future__ import annotations

from gateway.extraction.gathered import AUDIO, FILE, Gathered, Unreadable
from gateway.extraction.kinds import kind_claimed, kind_of, lies
from gateway.extraction.mail import read_mail
from gateway.extraction.package import read_package
from gateway.extraction.pdf import read_pdf
from gateway.extraction.plain import decodings, read_plain
from gateway.extraction.web import read_html

_ENCRYPTED_OFFICE = "EncryptedPackage".encode("utf-16-le")
_UNREAD = {
    "rtf": (FILE, "RTF is not read"),
    "packed": (FILE, "an archive of a kind that is not unpacked"),
    "audio": (AUDIO, "sound and video are not read"),
}


def read(content: bytes, name: str, media_type: str, gathered: Gathered, depth: int = 0) -> str:
    """Gathers the text of a file and returns its type. Never raises for what a file can be; running out of memory does."""
    kind = kind_claimed(content, kind_of(content), name, media_type)
    where = name or kind
    try:
        gathered.text("name", name)
        if depth:
            gathered.deeper(depth, len(content))
        if lies(content, kind, name, media_type):
            gathered.skip(FILE, "its type is not what its name or media type says")
        return _read(content, kind, where, gathered, depth)
    except Unreadable as problem:
        gathered.skip(FILE, str(problem))
    except RecursionError:
        gathered.skip(FILE, "nested more deeply than the limit")
    return kind


def _read(content: bytes, kind: str, where: str, gathered: Gathered, depth: int) -> str:
    def nested(inner: bytes, name: str, media_type: str) -> None:
        read(inner, name, media_type, gathered, depth + 1)

    if kind == "pdf":
        read_pdf(content, where, gathered, nested)
    elif kind == "zip":
        return read_package(content, where, gathered, nested)
    elif kind == "html":
        for text in decodings(content):
            read_html(text, where, gathered, nested)
    elif kind == "mail":
        read_mail(content, where, gathered, nested)
    elif kind == "image":
        gathered.picture(where, content)
    elif kind == "ole":
        gathered.skip(FILE, "encrypted" if _ENCRYPTED_OFFICE in content else "an Office format of before 2007")
    elif kind in _UNREAD:
        gathered.skip(*_UNREAD[kind])
    else:
        read_plain(content, where, gathered)
    return kind
