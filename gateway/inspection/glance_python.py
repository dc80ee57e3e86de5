"""What `native/glance.c` does, in Python: its oracle in the tests, and in its place where it was not built."""

from __future__ import annotations

import re

from gateway.inspection.glance_flags import (
    APART,
    CODE,
    DIGITS,
    ENTITY,
    ESCAPE,
    FOURS,
    GROUPED,
    HEX,
    MISTAKEN,
    PAIRED,
    PERCENT,
    PLUS,
    QUOTED,
    SAID,
    SPELLED,
    UNDER,
)
from gateway.inspection.number_words import ENGLISH, PINYIN, in_a_row

_FEW_DIGITS = 7
_STRETCH = b"a" * 14
_BETWEEN = b" ,.-/;|_\n\r\t0123456789"


def _letters(letters: str) -> bytes:
    """A table for bytes.translate: the letters that make numbers in words (vowels with tones too) become `a`, the rest blank."""
    made = (letters + letters.upper()).encode()
    return bytes(97 if byte in made or 0x80 <= byte < 0xE0 else 32 for byte in range(256))


_TONGUES = (
    (_letters("zerohntwfuivsxg"), b"a" * 21, in_a_row(ENGLISH)),
    (_letters("lingyaoersuwqbjd"), b"a" * 18, in_a_row(PINYIN)),
)
"""For each language: the letters of its numbers, as many of them as seven words have, and seven of its words."""
_FORMS = bytes(
    49 if 48 <= byte <= 57 else 111 if byte in b"OoIl" else 120 if chr(byte).isalnum() or byte >= 0x80 else 32
    for byte in range(256)
)
_VISIBLE = bytes(32 if byte in b" \t\r\n" else 97 for byte in range(256))
_CONTINUATION = bytes(range(0x80, 0xC0))
_MADE = bytes(97 if byte < 128 and (chr(byte).isalnum() or byte in b"+/_-") else 32 for byte in range(256))
_HEXED = bytes(97 if byte in b"0123456789abcdefABCDEF" else 32 for byte in range(256))
_PAIRS = (
    b"aa aa aa aa aa aa aa", b"aa  aa  aa  aa", b" aa a aa a aa", b" aa  a aa  a aa",
    b"aa aa aa aa  aa", b"aa  aa aa aa aa", b"aa aa  aa aa",
)  # fmt: skip
"""Of pairs of digits, seven are a text; a blank more may stand between two of a dump's groups of four to six."""
_FOUR_FOURS = b"aaaa aaaa aaaa aaaa"
_SIGNS = (
    (ESCAPE, re.compile(r"\\")),
    (PERCENT, re.compile(r"%[u0-9A-Fa-f]")),
    (ENTITY, re.compile(r"&[#A-Za-z]")),
    (PLUS, re.compile(r"[0-9]\+[0-9]")),
    (UNDER, re.compile(r"[A-Za-z]_[0-9]")),
    (QUOTED, re.compile(r"=[0-9A-Fa-f]{2}=[0-9A-Fa-f]")),
)
_APART = (b"1 1 1 1", b"1  1  1  1")
_ALIKE = re.compile(r"[0-9OoIl](?:[ \-]?[0-9OoIl]){12,}")
_GAP = r"(?:(?![ \-][0-9])[\x00-/:-@\[-`{-\x7f]{1,4})"
_ANY_GAP = r"[\x00-/:-@\[-`{-\x7f]{1,4}"
_GROUPED = re.compile(
    rf"(?<![0-9])(?:[0-9]{{6}}{_ANY_GAP}[0-9]{{8}}{_ANY_GAP}[0-9]{{3}}|[0-9]{{3}}{_GAP}[0-9]{{2}}(?:[0-9]{{2}})?{_GAP}[0-9]{{4}}"
    rf"|[0-9]{{4}}{_GAP}[0-9]{{6}}{_GAP}[0-9]{{5}}|(?:[0-9]{{4}}{_GAP}){{3}}[0-9]{{4}})"
)
_SEAM = re.compile(r"[\n<\"'`]|[/*](?=\*)")
_ODD_ADDRESS = re.compile(r"(?<![^\W_])(?<!\A)@")
_LONGEST_SEAM = 600
_DIGITS = re.compile("[0-9]+")
_BLANKS = " \t\r\\-="
_LEFT_MAIL = re.compile(r"@[0-9A-Za-z\-]{0,24}\.?\Z")
"""An address that is not complete: its domain has no dot yet, or ends with it."""
_WITHIN = 160
"""Characters among which a first word of a number stands."""
_BEHIND = 16
"""Characters behind digits in which a number that began with them goes on in words."""
_WRITTEN = re.compile("[0-9]{2,}")
_WORD = re.compile("[A-Za-zÀ-ɏ]{2,}")
LETTERS, FORMS = 0x250, 28
"""Characters that have a form in the table of letters, and how many forms there are."""


def glance(text: str) -> int:
    """The flags of a text; each is wrong only in saying yes."""
    flags = sum(flag for flag, form in _SIGNS if form.search(text) is not None)
    content = text.encode("utf-8", "surrogatepass")
    if any(_said(content, *tongue) for tongue in _TONGUES):
        flags |= SAID
    if b" a a a a a a a" in b" " + content.translate(_VISIBLE, _CONTINUATION):
        flags |= SPELLED
    forms = content.translate(_FORMS)
    digits = forms.count(b"1")
    flags |= DIGITS if digits >= _FEW_DIGITS else 0
    flags |= APART if any(run in forms for run in _APART) else 0
    flags |= GROUPED if _GROUPED.search(text) is not None else 0
    flags |= MISTAKEN if any(_is_mixed(match[0]) for match in _ALIKE.finditer(text)) else 0
    plain = text.encode("ascii", "replace")  # one byte for each character
    flags |= CODE if _STRETCH in plain.translate(_MADE) else 0
    shape = plain.translate(_HEXED)
    flags |= HEX if _STRETCH in shape else 0
    if digits > _FEW_DIGITS and any(pair in b" " + shape for pair in _PAIRS):
        flags |= PAIRED
    if digits > _FEW_DIGITS and _FOUR_FOURS in shape:
        flags |= FOURS
    return flags


def _is_mixed(alike: str) -> bool:
    return any(letter in alike for letter in "OoIl") and any(map(str.isdigit, alike))


def _said(content: bytes, letters: bytes, fewest: bytes, run: re.Pattern[str]) -> bool:
    """Whether a number in words stands there. Nearly every text is told apart by a stretch of letters it lacks."""
    shape = content.translate(letters, _BETWEEN)
    at, bare = shape.find(fewest), b""
    while at >= 0:
        end = shape.find(b" ", at)
        end = len(shape) if end < 0 else end
        bare = bare or content.translate(None, _BETWEEN)
        if run.search(bare[at:end].decode(errors="ignore")) is not None:
            return True
        at = shape.find(fewest, end)
    return False


def signs(text: str) -> list[int]:
    """Where a sign stands over which a value may go on: a line's end, a tag's, a comment's or a string's beginning."""
    return [match.start() for match in _SEAM.finditer(text) if _may_go_on(text, match.start())]


def _may_go_on(text: str, at: int) -> bool:
    anyhow = _ODD_ADDRESS.search(text, at + 1, at + 1 + _LONGEST_SEAM) is not None
    floor = max(0, at - 8)
    while at > floor and text[at - 1] in _BLANKS:
        at -= 1
    left = text[max(0, at - 28) : at]
    if not left or not (left[-1].isalnum() or left[-1] in "@._"):
        return False
    return anyhow or _LEFT_MAIL.search(left) is not None or any(map(str.isdigit, left[-4:]))


def said_near(text: str, at: int, letters: bytes) -> bool:
    """Whether a word behind a place begins as number words do; see `spoken.letters`, which makes the table."""
    written = _WRITTEN.search(text, at, at + _WITHIN)
    end = at + _WITHIN if written is None else written.end() + _BEHIND
    for word in _WORD.findall(text, at, end):
        first, second, third, fourth = (letters[ord(letter)] for letter in f"{word}\0\0"[:4])
        place = ((first * FORMS + second) * FORMS + third) * FORMS + fourth
        if place >= FORMS**4 or letters[LETTERS + place // 8] >> place % 8 & 1:
            return True  # a table with other forms is none of ours: better to look
    return False


def grouped(text: str) -> list[int]:
    """Where numbers in groups may begin: in C, far fewer places."""
    return [match.start() for match in _DIGITS.finditer(text)]


NUMERAL, FIGURE, SIGN = 32, 64, 128
"""Of a character: whether it is a numeral, a digit, or a sign between two of them."""
IN_A_ROW = NUMERAL
_ROW = 3


def beyond(text: str, kinds: bytes) -> int:
    """All kinds of the characters of a text. `kinds`: of each up to U+FFFF as bits, and last those of all beyond.

    `IN_A_ROW`: a numeral, and two numerals or digits behind it, one sign between two at most.
    """
    seen = row = most = 0
    sign = False
    for character in text:
        kind = kinds[min(ord(character), len(kinds) - 1)]
        seen |= kind
        if kind & NUMERAL or (row and kind & FIGURE):
            row, sign = row + 1, False
            most = max(row, most)
        elif row:
            row, sign = (row, True) if kind & SIGN and not sign else (0, True)
    return seen & ~(NUMERAL | FIGURE | SIGN) | (IN_A_ROW if most >= _ROW else 0)
