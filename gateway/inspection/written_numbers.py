"""Numbers written in another way than in digits side by side: in words, in Chinese numerals, one by one, in odd groups.

Only runs of seven digits and more are read: what is shorter identifies nobody and is ordinary prose.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from gateway.inspection.glance import glance, grouped
from gateway.inspection.glance_flags import APART, DIGITS, GROUPED, MISTAKEN, SAID
from gateway.inspection.normalised import Normalised, replaced, replaced_at
from gateway.inspection.number_words import ENGLISH, FEWEST, PINYIN, expression

_WORDS = {**ENGLISH, **PINYIN}
_TIMES = {"double": 2, "triple": 3}

_CHINESE = dict(
    zip("零一二三四五六七八九〇壹贰叁肆伍陆柒捌玖貳參陸○幺么两兩弌弍弎", "0123456789012345678923601122123", strict=True)
)
NUMERALS, SIGNS = "".join(_CHINESE), " -·、，,"
"""Chinese numerals, and what may stand between two of them."""
_ITEM = (
    r"(?:(?:double|triple)[ \-])?(?:"
    + "|".join(expression(word) for word in sorted(_WORDS, key=lambda word: (-len(word), word)))
    + r"|[0-9])"
)
_LAST = r"(?:[ ,.\-]{0,2}(?P<x>x))?"
"""What may stand for the last digit of a resident's number."""
_BEFORE_X = 17
_SAID = re.compile(
    rf"(?<![0-9A-Za-z])(?:{_ITEM})(?:[ \t]?[ ,.\-/;|_\n][ \t]?(?:{_ITEM})){{{FEWEST - 1},}}{_LAST}(?![0-9A-Za-z])",
    re.IGNORECASE,
)
# as one word, and with the tones as digits: `yaosanjiu`, `yi1 san1 jiu3`
_SYLLABLE = f"(?:{'|'.join(expression(word) for word in sorted(PINYIN, key=lambda word: (-len(word), word)))})"
_TOGETHER = re.compile(
    rf"(?<![0-9A-Za-z])(?:{_SYLLABLE}{{{FEWEST},}}|(?:{_SYLLABLE}[1-5][ ,.\-]{{0,2}}){{{FEWEST - 1},}}{_SYLLABLE}[1-5]){_LAST}(?![0-9A-Za-z])",
    re.IGNORECASE,
)
_TONED = re.compile(rf"()({_SYLLABLE})[1-5]?", re.IGNORECASE)
_PIECE = re.compile(rf"(?:(double|triple)[ \-])?({_ITEM})", re.IGNORECASE)
_HAN = re.compile(
    rf"[0-9{NUMERALS}](?<![0-9A-Za-z.][0-9{NUMERALS}])(?:[ \-·、，,]?[0-9{NUMERALS}]){{{FEWEST - 1},}}[Xx]?(?![0-9A-Za-z])"
)
_HAN_SHOWN = re.compile(rf"[{NUMERALS}](?:[{re.escape(SIGNS)}]?[0-9{NUMERALS}]){{2}}")

# --- digits one by one, groups apart -----------------------------------------------------------------------------
# Each begins with the set of its first characters and looks back behind it: places without one are passed over at a glance.

_APART = re.compile(
    r"[0-9](?<![0-9A-Za-z.,][0-9])(?:(?:(?P<gap>[ \-._·/*|~\n,、，]|  |, |\r\n)[0-9])(?:(?P=gap)[0-9]){6,}(?![0-9A-Za-z])"
    r"|(?:[ \-]{1,2}[0-9]){10,}(?![0-9A-Za-z]))"
)
_GAP = r"(?:\r?\n|[ \t]{2,4}|\t|[ ]?[/_|,+*~][ ]?|[ ]-[ ]|\.)"
_ODD_GAP = r"[^\w\s]{1,3}"
"""Between groups whose number has a check digit anything may stand, as long as it is the same: `**`, a tick, `","`."""
_GROUPED = re.compile(
    rf"[0-9](?<![0-9A-Za-z][0-9])(?:(?<=[2-6])[0-9]{{3}}(?P<g>{_GAP}|{_ODD_GAP})[0-9]{{4}}(?P=g)[0-9]{{4}}(?P=g)[0-9]{{4}}(?!(?P=g)[0-9]{{4}}(?![0-9]))"
    rf"|(?<=3)[47][0-9]{{2}}(?P<h>{_GAP}|{_ODD_GAP})[0-9]{{6}}(?P=h)[0-9]{{5}}"
    rf"|(?<=[1-9])[0-9]{{5}}(?P<i>{_GAP}|[ \-])(?:19|20)[0-9]{{6}}(?P=i)[0-9]{{3}}[0-9Xx]"
    rf"|(?<=1)[3-9][0-9](?P<k>{_GAP})[0-9]{{4}}(?P=k)[0-9]{{4}}(?!(?P=k)[0-9])"
    rf"|(?<!9)(?!(?<=0)00|(?<=6)66)[0-9]{{2}}(?P<j>{_GAP})[0-9]{{2}}(?P=j)[0-9]{{4}}(?!(?P=j)[0-9]))(?![0-9A-Za-z])"
)
_MISTAKEN = re.compile(
    r"[1-9OoIl](?<![0-9A-Za-z_][1-9OoIl])(?:(?<=[OoIl])|(?=[0-9 \-]{0,39}[OoIl]))(?:[ \-]?[0-9OoIl]){12,20}(?![0-9A-Za-z_])"
)
_ALIKE = str.maketrans("OoIl", "0011")
_MOST_MISTAKEN = 6

_GAP_PIECE = re.compile(r"[^0-9Xx]+")


def in_digits(text: Normalised, may: int, numerals: bool) -> tuple[Normalised, int]:
    """The text with its written numbers in digits side by side. `may`, what it may hold, at a glance, is given back for it.

    `numerals`: whether Chinese numerals stand in a row, with digits or without. Linear time.
    """
    before = text
    if may & SAID:
        text = replaced(text, _SAID, lambda match: _said(match, _PIECE))
        text = replaced(text, _TOGETHER, lambda match: _said(match, _TONED))
    if numerals or (text is not before and _HAN_SHOWN.search(text.text) is not None):  # one of them beside words
        text = replaced(text, _HAN, _numerals)
    may = may if text is before else glance(text.text)
    if not may & DIGITS:
        return text, may
    before = text
    if may & APART:
        text = replaced(text, _APART, _joined)
    if may & GROUPED:
        text = replaced_at(text, _groups(text.text), _usual)
    if may & MISTAKEN:
        text = replaced(text, _MISTAKEN, _corrected)
    return text, may if text is before else glance(text.text)


def _groups(text: str) -> Iterator[re.Match[str]]:
    """The numbers in groups."""
    behind = 0
    for at in grouped(text):
        match = _GROUPED.match(text, at) if at >= behind else None
        if match is not None:
            yield match
            behind = match.end()


def _said(match: re.Match[str], pieces: re.Pattern[str]) -> list[tuple[int, int, str]] | None:
    start, whole = match.start(), match[0]
    if match["x"] is not None:
        whole = match.string[start : match.start("x")]
    changes: list[tuple[int, int, str]] = []
    done = 0
    for piece in pieces.finditer(whole):
        times, word = _bare(piece[1] or ""), _bare(piece[2])
        digit = word if word.isdecimal() else _WORDS[word]
        if piece.start() > done:
            changes.append((start + done, start + piece.start(), ""))
        changes.append((start + piece.start(), start + piece.end(), digit * _TIMES.get(times, 1)))
        done = piece.end()
    said = sum(len(text) for _, _, text in changes)
    words = sum(1 for at, end, text in changes if text and end - at > 1)
    if said == _BEFORE_X and match["x"] is not None:
        changes.append((start + done, match.end(), "X"))
    return changes if said >= FEWEST and words * 2 >= FEWEST else None


def _bare(word: str) -> str:
    """In small letters of ASCII, whatever form an expression that folds case took them in: `ſān`, `SİX`."""
    parts = unicodedata.normalize("NFKD", word.lower().replace("ı", "i"))
    return "".join(c for c in parts if not unicodedata.combining(c))


def _numerals(match: re.Match[str]) -> list[tuple[int, int, str]] | None:
    whole, start = match[0], match.start()
    if not any(character in _CHINESE for character in whole):
        return None
    return [
        (start + at, start + at + 1, _CHINESE.get(character, ""))
        for at, character in enumerate(whole)
        if not (character.isascii() and character.isalnum())
    ]


def _joined(match: re.Match[str]) -> list[tuple[int, int, str]]:
    return [(at, at + 1, "") for at in range(*match.span()) if not match.string[at].isdigit()]


def _usual(match: re.Match[str]) -> list[tuple[int, int, str]] | None:
    """The separators of a number's groups, written as its recogniser knows them. The cells of a table's row are none."""
    if "|" in (match["g"] or "") and match.string.endswith(("|", "| "), max(0, match.start() - 2), match.start()):
        return None
    sign = "" if match["i"] else "-" if match["j"] else " "
    start = match.start()
    return [(start + gap.start(), start + gap.end(), sign) for gap in _GAP_PIECE.finditer(match[0])]


def _corrected(match: re.Match[str]) -> list[tuple[int, int, str]] | None:
    """Letters that stand for digits in a number of card length."""
    places = [at for at in range(*match.span()) if match.string[at].isalpha()]
    if len(places) > _MOST_MISTAKEN:
        return None
    return [(at, at + 1, match.string[at].translate(_ALIKE)) for at in places]
