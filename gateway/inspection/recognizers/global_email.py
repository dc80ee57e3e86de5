"""E-mail addresses (RFC 5321 in the forms people use)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gateway.inspection.recognizer import Candidate, Recognizer, Shape

_LOCAL = re.compile(r"[A-Za-z0-9À-ɏ_.+%\-]{1,64}$")
_DOMAIN = re.compile(
    r"@((?:[A-Za-z0-9À-ɏ](?:[A-Za-z0-9À-ɏ\-]{0,61}[A-Za-z0-9À-ɏ])?\.){1,6}[A-Za-z]{2,24})(?![A-Za-z0-9])"
)
_LOGIN = re.compile(r"(?:^|[\s\"'(])git$")


def _complete(text: str, at: int) -> Iterable[Candidate]:
    begin = max(0, at - 64)
    local = _LOCAL.search(text[begin:at])
    if local is None or (domain := _DOMAIN.match(text, at)) is None:
        return ()
    if _LOGIN.search(text[max(0, at - 4) : at]):  # git@host:repository is an address of code
        return ()
    start = begin + local.start()
    while text[start] in ".-+%":
        start += 1
        if start == at:
            return ()
    return ((start, domain.end(), 0.95),)


RECOGNIZER = Recognizer("email", "EMAIL", (Shape("@", _complete, expression=_DOMAIN.pattern),))
