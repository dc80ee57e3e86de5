r"""Values that are broken in two by what readers overlook: a line's end, a comment's sign, a tag, the joint of two strings.

What stands around such seams, without them, is a reading of its own. Only sure findings that cross a seam count in it:
elsewhere the text itself says more, and columns of numbers are no values.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from gateway.flow import Span
from gateway.inspection.glance import signs
from gateway.inspection.normalised import Normalised, counting

SURE = 0.9
AROUND = 80
"""Characters on either side of a seam that are read."""

_STRONG = frozenset(
    {
        "API_KEY", "BANK_ACCOUNT", "CN_ID", "CONNECTION_STRING", "CREDIT_CARD", "CRYPTO", "EMAIL", "IBAN", "JWT",
        "NATIONAL_ID", "PRIVATE_KEY", "US_SSN",
    }
)  # fmt: skip
_PHONE_CUE = re.compile(
    r"(?i)(?:phone|\btel\b|mobile|cell|call|dial|whatsapp|电话|手机|致电|联系|telefon|tél|teléfono)[^\n]{0,24}$"
)

# Each begins with its sign: a text without it costs nothing, one with it little.
_DIGIT_AHEAD = r"(?=[ \-.]?[0-9A-Za-z]{0,3}[0-9]|@)"
_LETTER_AHEAD = r"(?=[A-Za-z0-9@]|\.[A-Za-z])"
_BREAK = r"\n[ \t]{0,40}(?:(?:\#{1,6}|/{2,3}|--?|\+|\*|>{1,3}|;{1,2}|%|\||(?i:rem)\b)[ \t]{0,4})?"
_REMARK = r"(?:/\*[^*\n]{0,40}\*/[ \t]{0,4})?"
_JOINT = (
    rf"[\"'`][ \t]{{0,4}}(?=[+.&,;|/#\-\\\r\n\"'`]){_REMARK}(?:[+.&,;]|\|\|)?[ \t]{{0,4}}{_REMARK}(?:(?:\#|//|--)[^\n]{{0,60}}(?=\n))?"
    r"(?:\\?\r?\n[ \t]{0,40})?(?:[+.&]|\|\|)?[ \t]{0,4}[\"'`]"
)
_TAGS = r"<(?:(?:/?[A-Za-z][^<>\n]{0,80}|!--[^>\n]{0,80}--)>[ \t]{0,2})(?:<(?:/?[A-Za-z][^<>\n]{0,80}|!--[^>\n]{0,80}--)>[ \t]{0,2}){0,5}"
_COMMENT = r"/\*[^*\n]{0,80}\*/[ \t]{0,2}"
_EMPHASIS = r"\*\*[ ]?\*\*"
_FORMS = {"\n": _BREAK, "<": _TAGS, "/": _COMMENT, "*": _EMPHASIS, '"': _JOINT, "'": _JOINT, "`": _JOINT}
_NUMBERS = {sign: re.compile(form + _DIGIT_AHEAD) for sign, form in _FORMS.items()}
_MAILS = {sign: re.compile(form + _LETTER_AHEAD) for sign, form in _FORMS.items()}
_QUOTES = "\"'`"
_DIGIT_BEFORE = re.compile(r"[0-9][0-9A-Za-z]{0,3}\Z")
_GROUP_BEFORE = re.compile(r"[0-9A-Za-z][ \-.][0-9A-Za-z]{1,6}\Z")
_GROUP_BEHIND = re.compile(r"[0-9A-Za-z]{1,8}[ \-.][0-9]")
_BEFORE = " \t\r\\-="
_LEFT_MAIL = re.compile(r"@[0-9A-Za-z\-]{0,24}\.?\Z")
"""An address that is not complete: its domain has no dot yet, or ends with it."""


def seams(text: str) -> list[tuple[int, int]]:
    """Where a value may be broken: what has to go, in order, disjoint."""
    places = signs(text)
    if not places:
        return []
    mail = "@" in text
    forms = _MAILS if mail else _NUMBERS
    found: dict[int, int] = {}
    behind: dict[re.Pattern[str], int] = {}  # what one joint took is no beginning of another
    for at in places:
        sign = text[at]
        form = forms[sign]
        match = form.match(text, at) if at >= behind.get(form, 0) else None
        if match is None:
            continue
        if sign in _QUOTES and not mail and _DIGIT_BEFORE.search(text, max(0, at - 4), at) is None:
            continue
        behind[form] = match.end()
        start, end = _seam(text, at, match.end())
        if start < end:
            found[start] = max(end, found.get(start, 0))
    return list(_disjoint(found)) if found else []


def _seam(text: str, start: int, end: int) -> tuple[int, int]:
    """The seam with the blanks before it, (0, 0) if no value goes on across: digits on both sides, or a mail address."""
    floor = max(0, start - 8)
    while start > floor and text[start - 1] in _BEFORE:
        start -= 1
    left, right = text[max(0, start - 28) : start], text[end : end + 4]
    last = left[-1:]
    if not last or not (last.isalnum() or last in "@._"):
        return 0, 0
    if right[:1] == "@" or _LEFT_MAIL.search(left) is not None:
        return start, end
    if any(map(str.isdigit, left[-4:])) and any(map(str.isdigit, right)):
        return start, end
    return 0, 0


def _disjoint(found: dict[int, int]) -> Iterator[tuple[int, int]]:
    behind = 0
    for start, end in sorted(found.items()):
        if start >= behind:
            yield start, end
            behind = end


def joined(text: Normalised) -> Iterator[tuple[Normalised, array[int]]]:
    """What stands around the seams of a text, without them and with a blank in their place; and where in the original they are."""
    removed = seams(text.text)
    if not removed:
        return
    yield _without(text, removed, "")
    if any(_is_grouped(text.text, start, end) for start, end in removed):
        yield _without(text, removed, " ")


def _is_grouped(text: str, start: int, end: int) -> bool:
    """Whether a number in groups goes on across: then the seam stands for the sign between two groups."""
    return (
        _GROUP_BEFORE.search(text, max(0, start - 8), start) is not None or _GROUP_BEHIND.match(text, end) is not None
    )


def _without(text: Normalised, removed: Sequence[tuple[int, int]], by: str) -> tuple[Normalised, array[int]]:
    pieces: list[str] = []
    starts, ends, places = array("I"), array("I"), array("I")
    at = 0

    def keep(begin: int, behind: int) -> None:
        pieces.append(text.text[begin:behind])
        starts.extend(counting(begin, behind) if text.starts is None else text.starts[begin:behind])
        ends.extend(counting(begin + 1, behind + 1) if text.ends is None else text.ends[begin:behind])

    def add(sign: str, begin: int, behind: int) -> None:
        for character in sign:
            pieces.append(character)
            starts.append(begin if text.starts is None else text.starts[begin])
            ends.append(behind if text.ends is None else text.ends[behind - 1])

    for index, (start, end) in enumerate(removed):
        begin = max(at, start - AROUND)
        if begin > at and pieces:
            add("\n", begin - 1, begin)
        keep(begin, start)
        places.append(text.original(start, end)[0])
        add(by, start, end)
        following = removed[index + 1][0] if index + 1 < len(removed) else len(text.text)
        at = min(following, end + AROUND)
        keep(end, at)
    return Normalised("".join(pieces), starts, ends), places


def crossing(text: Normalised, places: array[int], spans: Sequence[Span]) -> list[Span]:
    """The findings in a text without seams that count: strong ones that reach over one (`places`, in the original)."""
    kept = []
    for span in spans:
        if span.score < SURE:
            continue
        start, end = text.original(span.start, span.end)
        if bisect_right(places, start) == bisect_left(places, end):
            continue
        if span.label in _STRONG or (
            span.label == "PHONE" and _PHONE_CUE.search(text.text, max(0, span.start - 48), span.start) is not None
        ):
            kept.append(span)
    return kept
