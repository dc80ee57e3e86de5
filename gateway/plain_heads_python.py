"""Heads of HTTP/1.1 messages in Python: the oracle of `native/heads.c`, and what runs where that was not built."""

from __future__ import annotations

import re

LARGEST, MOST = 16_384, 64
"""Bytes, and fields, of an answer's head."""
_REQUEST = re.compile(rb"POST (/[!-~]*) HTTP/1\.1\r\n")
_ANSWER = re.compile(rb"HTTP/1\.1 ([2-5][0-9][0-9]) [\t -~\x80-\xff]*\r\n")
_FIELD = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}):[ \t]*([\t -~\x80-\xff]*[!-~\x80-\xff])\r\n")
_LENGTH = re.compile(rb"[0-9]{1,9}")
_UNUSUAL = frozenset({b"transfer-encoding", b"upgrade", b"expect", b"proxy-connection"})
_NO_BODY = frozenset({204, 304})


def request(data: bytes, most: int, largest: int) -> tuple[bytes, dict[bytes, bytes], bytes] | None:
    """Target, fields and body of a request that is plain and whole; None of every other."""
    line = _REQUEST.match(data) if type(data) is bytes else None
    found = _fields(data, line.end(), most) if line is not None else None
    if line is None or found is None or found[1] > largest:
        return None
    return line[1], found[0], data[found[1] :]


def answer(data: bytes) -> tuple[int, dict[str, str], bytes] | None:
    """Status, fields and body of an answer that is plain and whole; None of every other."""
    line = _ANSWER.match(data) if type(data) is bytes else None
    found = _fields(data, line.end(), MOST) if line is not None and int(line[1]) not in _NO_BODY else None
    if line is None or found is None or found[1] > LARGEST or b"content-encoding" in found[0]:
        return None
    fields = {name.decode("latin-1"): value.decode("latin-1") for name, value in found[0].items()}
    return int(line[1]), fields, data[found[1] :]


def _fields(data: bytes, at: int, most: int) -> tuple[dict[bytes, bytes], int] | None:
    """The fields, and where the body begins; None of a head that is not plain, or of another length than its body."""
    fields: dict[bytes, bytes] = {}
    while data[at : at + 2] != b"\r\n":
        field = _FIELD.match(data, at)
        if field is None or len(fields) >= most:
            return None
        name, value = field[1].lower(), field[2]
        if name in fields or name in _UNUSUAL or (name == b"connection" and value != b"keep-alive"):
            return None
        fields[name] = value
        at = field.end()
    at += 2
    length = fields.get(b"content-length", b"")
    if not _LENGTH.fullmatch(length) or not 0 < int(length) == len(data) - at:
        return None
    return fields, at
