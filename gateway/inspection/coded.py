r"""Texts inside texts: what stands in Base64, Base64url or hexadecimal digits is read as the text that it is.

Also in Base32, in the numbers of ASCII (`52 53 51`) and in bits, and in UTF-16 below any of them.

A piece of code counts only if it decodes to a text, printable UTF-8. Keys, digests and images do not, words and
identifiers hardly ever do. Each such text becomes a reading of its own, with a little of what stands before it, for
the words that explain a number (`ssn: MDc4LTA1LTExMjA=`). Its characters lead back to the code that stands for them.
"""

from __future__ import annotations

import binascii
import itertools
import re
from array import array
from collections.abc import Iterator, Sequence

from gateway.inspection.codes import base64_runs, hex_runs, shifts
from gateway.inspection.glance_flags import CODE, CODED, DIGITS, FOURS, HEX, IN_FIVES, IN_UTF16, PAIRED
from gateway.inspection.normalised import Normalised

BEFORE = 40
"""Characters before a piece of code that are read with it."""

_ROWS = re.compile(r"[A-Za-z0-9+/_\-]{48,}+(?:\r?\n[ \t]{0,8}[A-Za-z0-9+/_\-]{4,}+)+")
_BYTE = "[0-9A-Fa-f]{2}"


def _more(gap: str) -> str:
    """At least six bytes more behind one, with the same between each two; in the middle of a dump's line a blank more."""
    return rf"(?P<{gap}>[ :,\-]0?x?|, ?(?:0x)?){_BYTE}(?:(?P={gap}) ?{_BYTE}){{5,}}(?![0-9A-Fa-f])"


# Each begins with the set of its first characters and looks back behind it, so that `re` passes over all others quickly.
_PAIRS = re.compile(
    rf"[0-9A-Fa-f](?<![0-9A-Za-z][0-9A-Fa-f])(?:[0-9A-Fa-f]{_more('gap')}|(?<=0)x(?P<led>{_BYTE}){_more('gap_of_led')})"
)
_FOURS = re.compile(
    r"[0-9A-Fa-f](?<![0-9A-Za-z][0-9A-Fa-f])[0-9A-Fa-f]{3}(?P<gap>[ :,\-])[0-9A-Fa-f]{4}(?:(?P=gap) ?[0-9A-Fa-f]{4}){2,}(?![0-9A-Fa-f])"
)
_NUMBERS = re.compile(
    r"[0-9](?<![0-9.][0-9])[0-9]{1,2}(?P<gap>, ?|[ ;\-])[0-9]{2,3}(?:(?P=gap)[0-9]{2,3}){5,}(?![0-9.])"
)
_BITS = re.compile(r"[01](?<![0-9][01])[01]{7}(?:[ ,_\-]?[01]{8}){6,}(?![0-9])")
_IN_BITS = "0011"
"""The upper half of a digit's byte."""
_FIVE = {letter: number for number, letter in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")}
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd\ue000-\uf8ff]")
_ENOUGH = 24
"""Bytes of text from which on what follows them may be anything."""
_FEWEST = 7
_NUMBER = re.compile("[0-9]+")
_ROW = 48
"""Characters from which on a row of code may go on in the next line."""


def texts_in_code(text: Normalised, may: int) -> Iterator[tuple[Normalised, int]]:
    """Each text that stands in code, with how many of its first characters stood before the code. Linear time.

    `may`: what the text may hold, at a glance.
    """
    if may & DIGITS and _IN_BITS in text.text:
        for match in _BITS.finditer(text.text):
            spots = [at for at in range(*match.span()) if text.text[at] in "01"]
            yield from _read(text, match.start(), spots, 1, _of_bits("".join(text.text[at] for at in spots)))
    if not may & CODED:
        return
    behind = 0
    for start, end, shifted in base64_runs(text.text) if may & CODE else ():
        if start >= behind:
            rows = _ROWS.match(text.text, start) if end - start >= _ROW else None
            behind = end if rows is None else rows.end()
            yield from _base64(text, start, behind, shifted if behind == end else None)
    for begin, first, end in hex_runs(text.text) if may & HEX else ():
        yield from _read(text, begin, range(first, end), 4, bytes.fromhex(text.text[first:end]))
    if may & PAIRED:
        for match in _PAIRS.finditer(text.text):
            yield from _pairs(text, match)
            numbers = _NUMBERS.match(text.text, match.start())
            if numbers is not None:
                yield from _numbers(text, numbers)
    if may & FOURS:
        for match in _FOURS.finditer(text.text):
            spots = [at for at in range(*match.span()) if text.text[at].isalnum()]
            yield from _read(text, match.start(), spots, 4, bytes.fromhex("".join(text.text[at] for at in spots)))


def _of_bits(bits: str) -> bytes:
    """Their whole bytes."""
    size = len(bits) // 8
    return int(bits[: size * 8] or "0", 2).to_bytes(size, "big")


def _numbers(text: Normalised, match: re.Match[str]) -> Iterator[tuple[Normalised, int]]:
    """Each number is a character of ASCII, or the whole of it is no text."""
    places = [each.span() for each in _NUMBER.finditer(match.string, *match.span())]
    codes = [int(match.string[start:end]) for start, end in places]
    if max(codes) >= 127 or min(codes) < 9:
        return
    starts, ends = zip(*places, strict=True)
    yield from _placed(text, match.start(), starts, ends, "".join(map(chr, codes)))


def _base64(text: Normalised, start: int, end: int, may: int | None) -> Iterator[tuple[Normalised, int]]:
    """`may`: as `shifts` has it, None where that is still to be seen."""
    spots: Sequence[int] = range(start, end)
    code = text.text[start:end]
    if "\n" in code:
        spots = array("I", [at for at in range(start, end) if not text.text[at].isspace()])
        code = "".join(code.split())
    may = shifts(code) if may is None else may
    if may & IN_FIVES:
        bits = "".join(f"{_FIVE[sign]:05b}" for sign in code)
        yield from _read(text, start, spots, 5, _of_bits(bits))
    if may & IN_UTF16:
        whole = code.replace("-", "+").replace("_", "/")
        yield from _read(text, start, spots, 6, binascii.a2b_base64(whole[: len(whole) // 4 * 4]))
    for shift in range(4) if may else ():
        if not may >> shift & 1:
            continue
        piece = code[shift:].replace("-", "+").replace("_", "/")
        content = binascii.a2b_base64(piece[: len(piece) - (len(piece) % 4 == 1)] + "==")
        yield from _read(text, start, spots[shift:], 6, content)


def _pairs(text: Normalised, match: re.Match[str]) -> Iterator[tuple[Normalised, int]]:
    gap = len(match["gap"] or match["gap_of_led"])
    at, end = max(match.start(), match.start("led")), match.end()
    spots: list[int] = []
    while at < end:
        spots += (at, at + 1)
        at += 2 + gap
        at += match.string[at : at + 1] == " "  # in the middle of a dump's line
    yield from _read(text, match.start(), spots, 4, bytes.fromhex("".join(match.string[spot] for spot in spots)))


def _read(
    text: Normalised, begin: int, spots: Sequence[int], bits: int, content: bytes
) -> Iterator[tuple[Normalised, int]]:
    """The reading of `content`, whose code has `bits` bits in each of `spots`, if it is a text."""
    plain, wide = _plain(content), False
    if plain is None:
        plain, wide = _wide(content), True
    if plain is None:
        return
    size = 2 if wide else 1
    bounds: Sequence[int] = range(0, size * len(plain) + 1, size)
    if not wide and not plain.isascii():
        bounds = list(itertools.accumulate((len(character.encode()) for character in plain), initial=0))
    starts = [spots[byte * 8 // bits] for byte in bounds[:-1]]
    ends = [spots[(byte * 8 - 1) // bits] + 1 for byte in bounds[1:]]
    yield from _placed(text, begin, starts, ends, plain)


def _placed(
    text: Normalised, begin: int, starts: Sequence[int], ends: Sequence[int], plain: str
) -> Iterator[tuple[Normalised, int]]:
    """The reading of `plain`, whose characters stand at these places of a text, with a little of what stands before `begin`."""
    before = max(0, begin - BEFORE)
    first, behind = array("I", range(before, begin)), array("I", range(before + 1, begin + 1))
    first.extend(array("I", starts))
    behind.extend(array("I", ends))
    if text.starts is not None and text.ends is not None:
        first = array("I", [text.starts[at] for at in first])
        behind = array("I", [text.ends[at - 1] for at in behind])
    yield Normalised(text.text[before:begin] + plain, first, behind), begin - before


def _plain(content: bytes) -> str | None:
    """The text that `content` is or begins with; None for other content."""
    try:
        text = content.decode()
    except UnicodeDecodeError as problem:
        text = content[: problem.start].decode()
    odd = _UNPRINTABLE.search(text)
    if odd is not None:
        text = text[: odd.start()]
    size = len(text.encode()) if not text.isascii() else len(text)
    enough = size >= _FEWEST and (size >= _ENOUGH or size >= len(content) - 2)
    return text if enough else None


def _wide(content: bytes) -> str | None:
    """The text that `content` is in UTF-16, as Windows writes it (`powershell -EncodedCommand`); None for other content.

    A quarter of its characters are Latin at least, and none has four bytes: others may as well be anything.
    """
    if len(content) < 2 * _FEWEST:
        return None
    zeros = (content[0:64:2].count(0), content[1:64:2].count(0))
    if max(zeros) * 8 < min(len(content), 64) or min(zeros):
        return None
    content = content[: len(content) // 2 * 2]
    text = content.decode("utf-16-le" if zeros[1] else "utf-16-be", "replace")
    if len(text) * 2 != len(content):
        return None  # characters of four bytes: nobody would know where they stand
    odd = _UNPRINTABLE.search(text, 1)  # the first one may say in which order bytes stand
    text = text if odd is None else text[: odd.start()]
    return text if len(text) >= _FEWEST else None
