r"""Texts inside texts: what stands in Base64, Base64url or hexadecimal digits is read as the text that it is.

A piece of code counts only if it decodes to a text, printable UTF-8, or Latin letters in UTF-16. Keys, digests and images do not, words and
identifiers hardly ever do. Each such text becomes a reading of its own, with a little of what stands before it, for
the words that explain a number (`ssn: MDc4LTA1LTExMjA=`). Its characters lead back to the code that stands for them.
"""

from __future__ import annotations

import binascii
import re
from array import array
from collections.abc import Iterator, Sequence

from gateway.inspection.glance import shifts
from gateway.inspection.glance_flags import CODE, CODED, HEX, PAIRED
from gateway.inspection.normalised import Normalised

BEFORE = 40
"""Characters before a piece of code that are read with it."""

_MADE = bytes(97 if byte < 128 and (chr(byte).isalnum() or byte in b"+/_-") else 32 for byte in range(256))
_HEX_SIGNS = bytes(97 if byte in b"0123456789abcdefABCDEF" else 32 for byte in range(256))
_STRETCH = b"a" * 14
"""The shortest code looked at: ten bytes in Base64, seven in hexadecimal digits."""

_ROWS = re.compile(r"[A-Za-z0-9+/_\-]{48,}+(?:\r?\n[ \t]{0,8}[A-Za-z0-9+/_\-]{4,}+)+")
_PAIRS = re.compile(
    r"(?<![0-9A-Za-z])(?:0x)?(?P<code>[0-9A-Fa-f]{2}(?P<gap>[ :,\-]0?x?|, ?(?:0x)?)[0-9A-Fa-f]{2}(?:(?P=gap)[0-9A-Fa-f]{2}){5,})(?![0-9A-Fa-f])"
)
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd\ue000-\uf8ff]")
_ENOUGH = 24
"""Bytes of text from which on what follows them may be anything."""
_FEWEST = 7
_WIDE_SHARE = 6
_ROW = 48
"""Characters from which on a row of code may go on in the next line."""


def texts_in_code(text: Normalised, may: int) -> Iterator[tuple[Normalised, int]]:
    """Each text that stands in code, with how many of its first characters stood before the code. Linear time.

    `may`: what the text may hold, at a glance.
    """
    if not may & CODED:
        return
    content = text.text.encode("ascii", "replace")  # one byte for each character
    behind = 0
    for start, end in _stretches(content.translate(_MADE)) if may & CODE else ():
        if start >= behind:
            rows = _ROWS.match(text.text, start) if end - start >= _ROW else None
            behind = end if rows is None else rows.end()
            yield from _base64(text, start, behind)
    for start, end in _stretches(content.translate(_HEX_SIGNS)) if may & HEX else ():
        if (start == 0 or not content[start - 1 : start].isalnum()) and not content[end : end + 1].isalnum():
            first = start + (end - start) % 2
            yield from _read(text, start, range(first, end), 4, bytes.fromhex(text.text[first:end]))
    if may & PAIRED:
        for match in _PAIRS.finditer(text.text):
            yield from _pairs(text, match)


def _stretches(shape: bytes) -> Iterator[tuple[int, int]]:
    """The runs of signs that are long enough."""
    start = shape.find(_STRETCH)
    while start >= 0:
        end = shape.find(b" ", start)
        if end < 0:
            end = len(shape)
        yield start, end
        start = shape.find(_STRETCH, end)


def _base64(text: Normalised, start: int, end: int) -> Iterator[tuple[Normalised, int]]:
    spots: Sequence[int] = range(start, end)
    code = text.text[start:end]
    if "\n" in code:
        spots = array("I", [at for at in range(start, end) if not text.text[at].isspace()])
        code = "".join(code.split())
    may = shifts(code)
    if code.count("A") * _WIDE_SHARE > len(code):
        may |= 1  # UTF-16 has a zero in every second byte, and so many an A
    for shift in range(4) if may else ():
        if not may >> shift & 1:
            continue
        piece = code[shift:].replace("-", "+").replace("_", "/")
        content = binascii.a2b_base64(piece[: len(piece) - (len(piece) % 4 == 1)] + "==")
        yield from _read(text, start, spots[shift:], 6, content)


def _pairs(text: Normalised, match: re.Match[str]) -> Iterator[tuple[Normalised, int]]:
    gap, start = len(match["gap"]), match.start("code")
    code = match["code"].replace(match["gap"], "")
    spots = [start + at // 2 * (2 + gap) + at % 2 for at in range(len(code))]
    yield from _read(text, match.start(), spots, 4, bytes.fromhex(code))


def _read(
    text: Normalised, begin: int, spots: Sequence[int], bits: int, content: bytes
) -> Iterator[tuple[Normalised, int]]:
    """The reading of `content`, whose code has `bits` bits in each of `spots`, if it is a text."""
    plain, unit = _plain(content), 0
    if plain is None:
        plain, unit = _wide(content), 2
    if plain is None:
        return
    before = max(0, begin - BEFORE)
    first, behind = array("I", range(before, begin)), array("I", range(before + 1, begin + 1))
    byte = 0
    for character in plain:
        size = unit or (1 if character < "\x80" else len(character.encode()))
        first.append(spots[byte * 8 // bits])
        byte += size
        behind.append(spots[(byte * 8 - 1) // bits] + 1)
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

    Latin letters only, of two bytes each: those beyond pass as well between them.
    """
    if len(content) < 2 * _FEWEST:
        return None
    zeros = (content[0:64:2].count(0), content[1:64:2].count(0))
    if max(zeros) * 4 < min(len(content), 64) or min(zeros):
        return None
    content = content[: len(content) // 2 * 2]
    text = content.decode("utf-16-le" if zeros[1] else "utf-16-be", "replace")
    if len(text) * 2 != len(content):
        return None  # characters of four bytes: nobody would know where they stand
    odd = _UNPRINTABLE.search(text, 1)
    text = text if odd is None else text[: odd.start()]
    return text if len(text) >= _FEWEST else None
