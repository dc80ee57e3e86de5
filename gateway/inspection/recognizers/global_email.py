"""E-mail addresses (RFC 5321 in the forms people use), also with the signs in words: `maria (at) example dot com`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gateway.inspection.mail import address
from gateway.inspection.mail_python import DOMAIN, DOT_NEAR
from gateway.inspection.recognizer import Candidate, Recognizer, Shape

_LOGIN = re.compile(r"(?:^|[\s\"'(])git$")


_SIGN = re.compile(
    r"(?i)[ \t]{0,2}(?:[\(\[{<][ ]?(?P<sure>at|ät|arroba|arobase|chiocciola|chez|@|a)[ ]?[\)\]}>]|(?P<sure_zh>艾特)|(?P<at>@)|[_\-]at[_\-]|(?<=[ \t])(?P<word>at|ät|arroba|arobase|chiocciola)(?=[ \t]))[ \t]{0,2}"
)
_DOT = r"(?:[ ]?[\(\[{<][ ]?(?:dot|punkt|point|punto|ponto|\.|点)[ ]?[\)\]}>][ ]?|[ ](?:dot|punkt|point|punto|ponto)[ ]|[ ]?点[ ]?|[_\-]dot[_\-])"
_SAID_DOMAIN = re.compile(
    rf"(?i)(?P<first>[a-z0-9](?:[a-z0-9\-]{{0,30}}[a-z0-9])?)(?P<rest>(?:(?:{_DOT}|\.|[ ]\.[ ])[a-z0-9][a-z0-9\-]{{0,30}}){{0,4}}(?:{_DOT}|\.|[ ]\.[ ])(?:[a-z]{{2,4}}|online|email|cloud|museum|travel))(?![A-Za-z0-9@]|\.[A-Za-z0-9])"
)
_SAID_LOCAL = re.compile(rf"(?i)(?<![A-Za-z0-9@])[a-z0-9À-ɏ_.+%\-]{{1,64}}(?:{_DOT}[a-z0-9À-ɏ_.+%\-]{{1,64}}){{0,3}}$")
_NO_DOMAIN = re.compile(
    r"(?i)(?:the|an?|this|that|any|some|each|every|my|your|our|his|her|its|their|which|what|le|la|les|un|une|ce|cette|mon|ton|son|el"
    r"|los|las|una|ese|este|der|die|das|dem|den|ein|eine|einem|einen|il|lo|o|os|as|um|uma)\b"
)
"""What stands before a noun, and in no address: `at the dot on the map`."""
_NAME = re.compile(r"(?i)[a-z][._][a-z]")
_DOT_SAID = re.compile(f"(?i){_DOT}")

_BEFORE, _REST = 96, 320
"""Characters around the sign that hold the longest address in words."""


def _at_sign(text: str, at: int) -> Iterable[Candidate]:
    """The address around an `@`, and the other one that it may be with a dot in words near: nearly none has it."""
    found = address(text, at)
    if found is None:
        return ()
    start, end, may_be_said = found
    said = _said_around(text, at) if may_be_said else ()
    if start < 0:
        return said
    if "git" in text[max(0, at - 4) : at] and _LOGIN.search(text[max(0, at - 4) : at]):
        return said  # git@host:repository is an address of code
    while text[start] in ".-+%":
        start += 1
        if start == at:
            return said
    return ((start, end, 0.95), *said)


def _said_around(text: str, at: int) -> Iterable[Candidate]:
    """The address around an `@` whose dots are words."""
    if DOT_NEAR.search(text, max(0, at - _BEFORE), at + _REST) is None:
        return ()
    return _said(text, at - 1 if text[at - 1 : at] in {" ", "\t"} else at)


def _said(text: str, at: int) -> Iterable[Candidate]:
    """An address whose signs are words. A bare `at` needs a domain whose dots are words, or a name with a dot before it."""
    sign = _SIGN.match(text, at)
    if sign is None or (domain := _SAID_DOMAIN.match(text, sign.end())) is None:
        return ()
    begin = max(0, at - _BEFORE)
    before = text[begin:at]
    local = _SAID_LOCAL.search(before)
    if local is None:
        return ()
    if sign["word"] is not None and _NO_DOMAIN.match(domain["first"]) is not None:
        return ()
    said = _DOT_SAID.search(domain["rest"]) is not None or _DOT_SAID.search(local[0]) is not None
    sure = sign["sure"] is not None or sign["sure_zh"] is not None
    if sign["at"] is not None:
        spaced = sign[0].startswith(" ") and sign[0].endswith(" ")
        if not (said or (spaced and " . " in domain["rest"])):
            return ()  # written as usual, or no address
    elif sign["sure"] in {"a", "A"}:
        if not said:
            return ()  # a point of a list
    elif not (sure or said or _NAME.search(local[0])):
        return ()
    return ((begin + local.start(), domain.end(), 0.92 if sure or said else 0.85),)


RECOGNIZER = Recognizer(
    "email",
    "EMAIL",
    (
        Shape("@", _at_sign, expression=DOMAIN.pattern),
        Shape(
            r"(?i)([ \t][ \t]?)?([\(\[{<] ?(at|ät|arroba|arobase|chiocciola|chez|@|a) ?[\)\]}>]|艾特|[_\-]at[_\-])",
            _said,
            expression=_SAID_DOMAIN.pattern,
        ),
        Shape(
            r"(?i)[ \t](at|ät|arroba|arobase|chiocciola)[ \t][a-z0-9\-]+([ \t](dot|punkt|point|punto|ponto)[ \t]|[ \t]?点|\.[a-z]{2}|[ \t]?[\(\[{<])",
            _said,
            expression=_DOT,
        ),
    ),
)
