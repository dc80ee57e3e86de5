"""What a file is, by its own first bytes; and whether that is what its name and media type claim.

A provider may go by the claim: a file that is one thing and claims to be another is read as what it is, and counts as
unread all the same.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

_MAGIC = (
    (b"%PDF-", "pdf"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"{\\rtf", "rtf"),
    (b"\x89PNG\r\n\x1a\n", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF8", "image"),
    (b"BM", "bitmap"),
    (b"II*\x00", "image"),
    (b"MM\x00*", "image"),
    (b"\x1f\x8b", "packed"),
    (b"7z\xbc\xaf'\x1c", "packed"),
    (b"Rar!", "packed"),
    (b"BZh", "packed"),
    (b"\xfd7zXZ\x00", "packed"),
    (b"\x28\xb5\x2f\xfd", "packed"),
    (b"ID3", "audio"),
    (b"OggS", "audio"),
    (b"fLaC", "audio"),
)
_BRANDS_OF_IMAGES = frozenset({b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis"})
_HTML = re.compile(
    rb"\s*(?:<!--.{0,512}?-->\s*)?<(?:!doctype\s+html|html|head|body|div|p|table|span|h1)\b", re.IGNORECASE | re.DOTALL
)
_MAIL = re.compile(
    rb"(?:(?:From|To|Cc|Subject|Date|Message-ID|MIME-Version|Received|Return-Path|Delivered-To|Reply-To|X-[\w-]+|"
    rb"Content-Type|DKIM-Signature): ?[^\r\n]*\r?\n(?:[ \t][^\r\n]*\r?\n)*){3}",
    re.IGNORECASE,
)
_HEADER = re.compile(rb"(?:\xef\xbb\xbf)?\s*[!-9;-~]+:")

_OF_MEDIA_TYPE = {
    "application/pdf": "pdf",
    "application/zip": "zip",
    "application/x-zip-compressed": "zip",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "zip",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "zip",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "zip",
    "application/json": "text",
    "application/xml": "text",
    "application/xhtml+xml": "text",
    "message/rfc822": "text",
}
_OF_SUFFIX = {
    **dict.fromkeys(("pdf",), "pdf"),
    **dict.fromkeys(("zip", "docx", "docm", "xlsx", "xlsm", "pptx", "pptm", "odt", "ods", "odp", "epub"), "zip"),
    **dict.fromkeys(("csv", "tsv", "txt", "md", "html", "htm", "eml", "json", "xml", "yaml", "yml", "log"), "text"),
    **dict.fromkeys(("png", "jpg", "jpeg", "gif", "webp", "bmp", "tif", "tiff", "heic"), "image"),
}


def kind_of(content: bytes) -> str:
    """pdf, zip, ole, rtf, image, packed, audio, html, mail or text. Whether text is text is for its reader to say."""
    for magic, kind in _MAGIC:
        if content.startswith(magic):
            return kind if kind != "bitmap" else _bitmap(content)
    if content[:4] == b"RIFF":
        return "image" if content[8:12] == b"WEBP" else "audio"
    if content[4:8] == b"ftyp":
        return "image" if content[8:12] in _BRANDS_OF_IMAGES else "audio"
    head = content[:4096].removeprefix(b"\xef\xbb\xbf")
    if head.lstrip()[:5] == b"%PDF-":
        return "pdf"
    if _HTML.match(head):
        return "html"
    return "mail" if _MAIL.match(head.lstrip()) else "text"


def kind_claimed(content: bytes, kind: str, name: str, media_type: str) -> str:
    """Text that claims to be a page or a mail is read as one: only its first bytes may not look like it."""
    if kind != "text":
        return kind
    suffix = PurePosixPath(name.replace("\\", "/")).suffix.lower()
    bare = media_type.partition(";")[0].strip().lower()
    if (suffix in {".html", ".htm", ".xhtml"} or bare in {"text/html", "application/xhtml+xml"}) and b"<" in content:
        return "html"
    is_mail = suffix in {".eml", ".mht", ".mhtml"} or bare == "message/rfc822"
    return "mail" if is_mail and _HEADER.match(content) else kind


def _bitmap(content: bytes) -> str:
    """A bitmap's header says the file's size; a text that begins with its two letters does not."""
    return "image" if int.from_bytes(content[2:6], "little") == len(content) else "text"


def is_two_things(content: bytes, kind: str) -> bool:
    """Whether a lenient reader could take it for another kind: a PDF whose head comes later, an archive at its end."""
    if kind != "pdf" and b"%PDF-" in content[:1024]:
        return kind not in {"text", "html", "mail"} or b"endobj" in content
    return kind not in {"zip", "ole"} and b"PK\x05\x06" in content[-65_557:] and b"PK\x01\x02" in content


def claimed(name: str, media_type: str) -> str:
    """What its name or media type says, "" for nothing that is known. The media type counts where both speak."""
    bare = media_type.partition(";")[0].strip().lower()
    if bare in _OF_MEDIA_TYPE:
        return _OF_MEDIA_TYPE[bare]
    family = bare.partition("/")[0]
    if family in {"text", "image", "audio"}:
        return family
    if family == "video":
        return "audio"
    return _OF_SUFFIX.get(PurePosixPath(name.replace("\\", "/")).suffix.lower().removeprefix("."), "")


def lies(content: bytes, kind: str, name: str, media_type: str) -> bool:
    """Whether the file is something else than it claims to be."""
    claim = claimed(name, media_type)
    plain = "text" if kind in {"html", "mail"} else kind
    return (claim not in {"", plain}) or is_two_things(content, kind)
