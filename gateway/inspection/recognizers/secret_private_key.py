"""Private keys in PEM, OpenSSH, PGP and PuTTY form, whole; cut-off ones to the end of their Base64."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gateway.inspection.recognizer import Candidate, Recognizer, Shape, shape

_BEGIN = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,4}PRIVATE KEY(?: BLOCK)?-----")
_END = re.compile(r"-----END (?:[A-Z0-9]{1,12} ){0,4}PRIVATE KEY(?: BLOCK)?-----")
_BODY = re.compile(r"(?:[A-Za-z0-9+/=\\:,. \t\r\n\-\"]|[A-Z][a-z]+-[A-Z])*")
_ENOUGH = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{24}")
_HEADERS = 1_200
"""Characters within which a key's Base64 begins, behind its header lines."""

_LONGEST = 24_000
"""Characters of the longest key followed: RSA 16384 in PEM has about 13,000."""


def _complete(text: str, at: int) -> Iterable[Candidate]:
    begin = _BEGIN.match(text, at)
    if begin is None:
        return ()
    # A header in prose, or one around a word, is talk about keys.
    end = _END.search(text, begin.end(), begin.end() + _LONGEST)
    following = _BEGIN.search(text, begin.end(), begin.end() + _LONGEST)
    if _ENOUGH.search(text, begin.end(), begin.end() + _HEADERS) is None:
        return ()
    if end is not None and (following is None or following.start() > end.start()):
        return ((at, end.end(), 1.0),)
    limit = following.start() if following is not None else begin.end() + _LONGEST
    body = _BODY.match(text, begin.end(), limit)
    stop = body.end() if body is not None else begin.end()
    return ((at, max(begin.end(), at + len(text[at:stop].rstrip())), 0.95),)


RECOGNIZER = Recognizer(
    "private_key",
    "PRIVATE_KEY",
    (
        Shape(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY", _complete, expression=_BEGIN.pattern),
        # A plus may have been read as the space that it stands for in URLs.
        shape(  # DER in Base64 without its lines: PKCS#8 and PKCS#1 (RFC 5958, RFC 8017), RSA; and of P-256
            r"(MII[A-Za-z0-9+/]{3}IBA(DANBgkqhkiG9w0BAQEF|AK)|MIGHAgEAMBMGByqGSM49)",
            r"(?<![A-Za-z0-9+/])(?:MII[A-Za-z0-9+/]{3}IBA(?:DANBgkqhkiG9w0BAQEF|AK[BC])|MIGHAgEAMBMGByqGSM49)(?:[A-Za-z0-9+/]{76}(?:\\n|\r?\n)|[A-Za-z0-9+/]{64}(?:\\n|\r?\n)|[A-Za-z0-9+/]| (?=[A-Za-z0-9+/ ]{0,16}[0-9+/])){80,14000}={0,2}",
            score=0.98,
        ),
        shape(
            r"Private-Lines: [0-9]",
            r"Private-Lines: \d{1,3}\r?\n(?P<value>(?:[A-Za-z0-9+/=]{24,72}\r?\n?){1,120})",
            score=0.97,
        ),
    ),
    guarded=True,
)
