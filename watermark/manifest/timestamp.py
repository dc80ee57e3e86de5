"""RFC 3161 time-stamps for the manifests that we write ourselves: one query, one token, in the little DER they need.

What a token says is read, and held against an authority, by `rfc3161-client` (extra `media`).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from cryptography import x509

from watermark.manifest.relay import ask

_SHA256 = bytes.fromhex("300d06096086480165030402010500")  # AlgorithmIdentifier {2.16.840.1.101.3.4.2.1, NULL}
_GRANTED = bytes.fromhex("3003020100")  # PKIStatusInfo {granted}
_SEQUENCE, _INTEGER, _OCTETS, _TRUE = 0x30, 0x02, 0x04, b"\x01\x01\xff"
_CERTIFICATES = 0xA0  # [0] of SignedData


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


@dataclass(frozen=True, slots=True)
class StampedTime:
    """When a message existed, by a token over it. `trusted`: an authority that we trust has signed that."""

    time: datetime
    trusted: bool


def stamped_time(token: bytes, message: bytes, anchors: bytes = b"") -> StampedTime | None:
    """What a TimeStampToken (DER) says of a message; None for one over something else, or that cannot be read.

    `anchors`: certificates of authorities that are trusted, PEM.
    """
    try:
        from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response
    except ImportError:
        return None
    try:
        response = decode_timestamp_response(_tlv(_SEQUENCE, _GRANTED + _in_order(token)))
        info = response.tst_info
        if info.message_imprint.message != sha256(message).digest():
            return None
        roots = x509.load_pem_x509_certificates(anchors) if anchors.strip() else []
        time = info.gen_time
    except (IndexError, ValueError):
        return None
    time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    if not roots:
        return StampedTime(time, trusted=False)
    try:
        VerifierBuilder(roots=roots).build().verify_message(response, message)
    except (VerificationError, ValueError):
        return StampedTime(time, trusted=False)
    return StampedTime(time, trusted=True)


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


def _in_order(token: bytes) -> bytes:
    """The token with its certificates in the order that DER asks of a set (X.690, 11.6): OpenSSL's authorities keep their own,
    and the reader takes no other. Nothing that is signed changes (RFC 5652, 5.1).
    """
    outer = _parts(token, *_content(token, 0))  # ContentInfo: its type, and [0] with SignedData
    signed = _content(token, _content(token, outer[1][0])[0])
    for start, end in _parts(token, *signed):
        if token[start] == _CERTIFICATES:
            body = _content(token, start)
            certificates = sorted(token[first:last] for first, last in _parts(token, *body))
            return token[: body[0]] + b"".join(certificates) + token[end:]
    return token


def _parts(data: bytes, at: int, end: int) -> list[tuple[int, int]]:
    """Where the TLVs between two places begin and end."""
    found = []
    while at < end:
        after = _content(data, at)[1]
        found.append((at, after))
        at = after
    return found


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
