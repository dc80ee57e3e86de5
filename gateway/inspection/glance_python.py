"""What `native/glance.c` does, in Python: its oracle in the tests, and in its place where it was not built."""

from __future__ import annotations

import re

from gateway.inspection.glance_flags import (
    APART,
    CODE,
    DIGITS,
    ENTITY,
    ESCAPE,
    GROUPED,
    HEX,
    MISTAKEN,
    PAIRED,
    PERCENT,
    PLUS,
    SAID,
    SPELLED,
    UNDER,
)

_FEW_DIGITS = 7
_STRETCH = b"a" * 14
_BETWEEN = b" ,.-/;|_\n\r\t0123456789"


def _letters(letters: str) -> bytes:
    """A table for bytes.translate: the letters that make numbers in words (vowels with tones too) become `a`, the rest blank."""
    made = (letters + letters.upper()).encode()
    return bytes(97 if byte in made or 0x80 <= byte < 0xE0 else 32 for byte in range(256))


_TONGUES = ((_letters("zerohntwfuivsxg"), b"a" * 21), (_letters("lingyaoersuwqbjd"), b"a" * 18))
"""For each language: the letters of its numbers, and as many of them as seven words have."""
_FORMS = bytes(
    49 if 48 <= byte <= 57 else 111 if byte in b"OoIl" else 120 if chr(byte).isalnum() or byte >= 0x80 else 32
    for byte in range(256)
)
_VISIBLE = bytes(32 if byte in b" \t\r\n" else 97 for byte in range(256))
_CONTINUATION = bytes(range(0x80, 0xC0))
_MADE = bytes(97 if byte < 128 and (chr(byte).isalnum() or byte in b"+/_-") else 32 for byte in range(256))
_HEXED = bytes(97 if byte in b"0123456789abcdefABCDEF" else 32 for byte in range(256))
_PAIRS = (b"aa aa aa aa", b"aa  aa  aa  aa", b" aa a aa a aa", b" aa  a aa  a aa")
_SIGNS = (
    (ESCAPE, re.compile(r"\\")),
    (PERCENT, re.compile(r"%[u0-9A-Fa-f]")),
    (ENTITY, re.compile(r"&[#A-Za-z]")),
    (PLUS, re.compile(r"[0-9]\+[0-9]")),
    (UNDER, re.compile(r"[A-Za-z]_[0-9]")),
)
_RUNS = (
    (APART, (b"1 1 1 1", b"1  1  1  1")),
    (GROUPED, (b"11 1", b"11  1", b"11   1", b"11    1")),
    (MISTAKEN, (b"1o", b"o1", b"o 1", b"1 o")),
)
_SEAM = re.compile(r"[\n<\"'`]|[/*](?=\*)")
_ODD_ADDRESS = re.compile(r"(?<![^\W_])(?<!\A)@")
_BLANKS = " \t\r\\-="


def glance(text: str) -> int:
    """The flags of a text; each is wrong only in saying yes."""
    flags = sum(flag for flag, form in _SIGNS if form.search(text) is not None)
    content = text.encode("utf-8", "surrogatepass")
    if any(stretch in content.translate(letters, _BETWEEN) for letters, stretch in _TONGUES):
        flags |= SAID
    if b" a a a a a a a" in b" " + content.translate(_VISIBLE, _CONTINUATION):
        flags |= SPELLED
    forms = content.translate(_FORMS)
    digits = forms.count(b"1")
    flags |= DIGITS if digits >= _FEW_DIGITS else 0
    flags |= sum(flag for flag, runs in _RUNS if any(run in forms for run in runs))
    plain = text.encode("ascii", "replace")  # one byte for each character
    flags |= CODE if _STRETCH in plain.translate(_MADE) else 0
    shape = plain.translate(_HEXED)
    flags |= HEX if _STRETCH in shape else 0
    if digits > _FEW_DIGITS and any(pair in b" " + shape for pair in _PAIRS):
        flags |= PAIRED
    return flags


def signs(text: str) -> list[int]:
    """Where a sign stands over which a value may go on: a line's end, a tag's, a comment's or a string's beginning."""
    anyhow = _ODD_ADDRESS.search(text) is not None
    return [match.start() for match in _SEAM.finditer(text) if _may_go_on(text, match.start(), anyhow)]


def _may_go_on(text: str, at: int, anyhow: bool) -> bool:
    floor = max(0, at - 8)
    while at > floor and text[at - 1] in _BLANKS:
        at -= 1
    left = text[max(0, at - 28) : at]
    if not left or not (left[-1].isalnum() or left[-1] in "@._"):
        return False
    return anyhow or "@" in left or any(map(str.isdigit, left[-4:]))
