"""E-mail addresses (RFC 5321 in the forms people use), also with the signs in words: `maria (at) example dot com`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gateway.inspection.recognizer import Candidate, Recognizer, Shape

_BACKWARDS = re.compile(r"[A-Za-z0-9À-ɏ_.+%\-]{1,64}")
"""A local part, read from its end: searched forwards, every word before it would be tried."""
_DOMAIN = re.compile(
    r"@((?:[A-Za-z0-9À-ɏ](?:[A-Za-z0-9À-ɏ\-]{0,61}[A-Za-z0-9À-ɏ])?\.){1,6}[A-Za-z]{2,24})(?![A-Za-z0-9])"
)
_LOGIN = re.compile(r"(?:^|[\s\"'(])git$")


def _complete(text: str, at: int) -> Iterable[Candidate]:
    end = at - 1 if text[at - 1 : at] == "\n" else at  # a line may be broken before the sign
    local = _BACKWARDS.match(text[max(0, at - 64) : end][::-1])
    if local is None or (domain := _DOMAIN.match(text, at)) is None:
        return ()
    if "git" in text[max(0, at - 4) : at] and _LOGIN.search(text[max(0, at - 4) : at]):
        return ()  # git@host:repository is an address of code
    start = end - local.end()
    while text[start] in ".-+%":
        start += 1
        if start == at:
            return ()
    return ((start, domain.end(), 0.95),)


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

_BRACKETS = tuple(f"{bracket}{blank}." for bracket in "([{<" for blank in ("", " "))
_ASCII_DOTS = ("dot", "punkt", "point", "punto", "ponto", *_BRACKETS)
_DOTS = ("dot", "pun", "ponto", "nt", "点", *_BRACKETS)
"""One of these is in every text with a dot in words. `nt`: in any case, the letter before it has forms outside ASCII."""


_REST = 320
"""Characters behind the sign that hold the longest domain in words."""
_BESIDE = 16
"""Characters beside an address of the usual form in which a dot in words would join more to it."""


def _may_be_said(text: str) -> bool:
    """Whether an address with the usual sign may be another than the usual: nearly none is, and looking costs much."""
    small = text.lower()
    return " . " in small or any(map(small.__contains__, _ASCII_DOTS if small.isascii() else _DOTS))


def _usual(text: str, at: int) -> tuple[int, int] | None:
    """Where the address of the usual form around an `@` begins and ends, None where there is none."""
    local, domain = _BACKWARDS.match(text[max(0, at - 64) : at][::-1]), _DOMAIN.match(text, at)
    if local is None or domain is None or "dot" in domain[0].lower() or "dot" in local[0].lower()[::-1]:
        return None
    return at - local.end(), domain.end()


def _said(text: str, at: int) -> Iterable[Candidate]:
    """An address whose signs are words. A bare `at` needs a domain whose dots are words, or a name with a dot before it."""
    begin = max(0, at - 96)
    if text[at] == "@" and (usual := _usual(text, at)) is not None:
        start, end = usual  # no dot in words stands in it
        if not (_may_be_said(text[max(0, start - _BESIDE) : start]) or _may_be_said(text[end : end + _BESIDE])):
            return ()
    elif text[at : at + 3].lstrip(" \t").startswith("@") and not _may_be_said(text[begin : at + _REST]):
        return ()
    sign = _SIGN.match(text, at)
    if sign is None or (domain := _SAID_DOMAIN.match(text, sign.end())) is None:
        return ()
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
        Shape("@", _complete, expression=_DOMAIN.pattern),
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
        Shape(r"(?i)[ \t]?@[ \t]?[a-z0-9\-]{1,60}[ \t]?(\.|[ \(\[{<]|点)", _said, expression=_DOT),
    ),
)
