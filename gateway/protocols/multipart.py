"""Forms with files (RFC 7578), read strictly: what two readers could understand differently is refused.

The boundary is the one the body itself begins with, and the provider is told that very one. There is no preamble, every
line of a head ends in CRLF, and no field is encoded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.errors import BadRequest

MOST_FIELDS = 256
MOST_HEAD = 4_096  # bytes of one field's head
_FIRST = re.compile(rb"--([A-Za-z0-9'()+_,./:=?-]{1,70})\r\n")
_TOKEN = re.compile(r"[A-Za-z0-9'+_.-]+")
_DISPOSITION = re.compile(
    r"form-data; ?name=\"([A-Za-z0-9_.\[\]-]{1,64})\"(?:; ?filename=\"([^\"\r\n]{0,512})\")?(?:; ?filename\*=[^;\r\n]{0,512})?",
    re.IGNORECASE,
)
_TYPE = re.compile(
    r"[a-zA-Z0-9.+-]{1,64}/[a-zA-Z0-9.+-]{1,64}(?:; ?charset=\"?utf-8\"?|; ?codecs=[a-z0-9.\"]{1,32})?", re.IGNORECASE
)
_HEADS = frozenset({"content-disposition", "content-type", "content-length"})


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form. `start`/`end`: where its value stands in the body. `filename`: None unless it is a file."""

    name: str
    filename: str | None
    start: int
    end: int


def read_form(body: bytes) -> tuple[str, list[Field]]:
    """(boundary, fields in order). Raises BadRequest."""
    first = _FIRST.match(body)
    if first is None:
        raise BadRequest("the body is not a form in multipart/form-data")
    delimiter = b"\r\n--" + first[1]
    fields: list[Field] = []
    at = first.end()
    while True:
        head_end = body.find(b"\r\n\r\n", at, at + MOST_HEAD)
        end = -1 if head_end < 0 else body.find(delimiter, head_end + 2)
        if end < 0:
            raise BadRequest("a field of the form has no end, or too long a head")
        fields.append(_field(body[at:head_end], min(head_end + 4, end), end))
        if len(fields) > MOST_FIELDS:
            raise BadRequest(f"a form has at most {MOST_FIELDS} fields")
        at = end + len(delimiter)
        if body[at : at + 2] == b"--":
            break
        if body[at : at + 2] != b"\r\n":
            raise BadRequest("a boundary of the form is followed by something else")
        at += 2
    if body[at + 2 :] not in {b"", b"\r\n"}:
        raise BadRequest("the form is followed by something else")
    return first[1].decode(), fields


def quoted(boundary: str) -> str:
    """A boundary as it stands in a header field (RFC 2045): in quotes where it is no token."""
    return boundary if _TOKEN.fullmatch(boundary) else f'"{boundary}"'


def _field(head: bytes, start: int, end: int) -> Field:
    try:
        lines = head.decode().split("\r\n")
    except UnicodeDecodeError:
        raise BadRequest("the head of a form's field is not UTF-8") from None
    heads: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        name = name.lower()
        if not colon or name not in _HEADS or name in heads:
            raise BadRequest("the head of a form's field holds something else than its name and type")
        heads[name] = value.strip()
    found = _DISPOSITION.fullmatch(heads.get("content-disposition", ""))
    if found is None:
        raise BadRequest("a field of the form has no plain name")
    kind = heads.get("content-type")
    if kind is not None and _TYPE.fullmatch(kind) is None:
        raise BadRequest("a field of the form has no plain type")
    return Field(found[1], found[2], start, end)
