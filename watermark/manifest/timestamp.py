"""RFC 3161 time-stamps for the manifests that we write ourselves: one query, one token, in the little DER they need."""

from __future__ import annotations

import os
from hashlib import sha256

from watermark.manifest.relay import ask

_SHA256 = bytes.fromhex("300d06096086480165030402010500")  # AlgorithmIdentifier {2.16.840.1.101.3.4.2.1, NULL}
_SEQUENCE, _INTEGER, _OCTETS, _TRUE = 0x30, 0x02, 0x04, b"\x01\x01\xff"


def token_for(authority: str, message: bytes) -> bytes | None:
    """The TimeStampToken (DER) over a message, or None when the authority gives none."""
    digest = sha256(message).digest()
    reply = ask(authority, query(digest, os.urandom(8)))
    if reply is None:
        return None
    try:
        return _token(reply, digest)
    except (IndexError, ValueError):
        return None


def query(digest: bytes, nonce: bytes) -> bytes:
    """TimeStampReq (§2.4.1), version 1, asking for the authority's certificate."""
    imprint = _tlv(_SEQUENCE, _SHA256 + _tlv(_OCTETS, digest))
    number = _tlv(_INTEGER, b"\x01" + nonce)  # positive and minimal whatever the nonce begins with
    return _tlv(_SEQUENCE, _tlv(_INTEGER, b"\x01") + imprint + number + _TRUE)


def _token(reply: bytes, digest: bytes) -> bytes | None:
    """From a TimeStampResp (§2.4.2) that grants one for this digest."""
    start, end = _content(reply, 0)
    status_start, status_end = _content(reply, start)
    number_start, number_end = _content(reply, status_start)
    granted = int.from_bytes(reply[number_start:number_end], "big") in {0, 1}
    token = reply[status_end:end]
    return token if granted and digest in token else None


def _content(data: bytes, at: int) -> tuple[int, int]:
    """Where the contents of a TLV begin and end."""
    length, start = data[at + 1], at + 2
    if length & 0x80:
        width = length & 0x7F
        length, start = int.from_bytes(data[start : start + width], "big"), start + width
    if start + length > len(data):
        raise ValueError("a length reaches beyond the reply")
    return start, start + length


def _tlv(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    width = (length.bit_length() + 7) // 8
    return bytes([tag, 0x80 | width]) + length.to_bytes(width, "big") + content
