"""What normalisation does to single characters: where a text holds none that act on their neighbours, a table says it all.

Unicode normalisation (UAX 15) of a text is that of its characters one by one, unless one of them is a combining mark or
composes with what stands before it. So texts without such characters, nearly all, are folded (NFKC, then case) and known
to be in form C by one look at each character. The others take the ordinary way through `unicodedata`.
"""

from __future__ import annotations

import unicodedata
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

PLANE = 0x10000
LONGEST = 8
"""Characters that one becomes, at most; of a longer one the table knows nothing."""
SEVERAL = 1 << 31
"""Set where a character becomes several: then their place in `several`, times 256, and their number."""
_NOT_PLAIN = frozenset((0x0D, 0xAD, *range(0x200B, 0x2010), *range(0x2060, 0x2065), *range(0xFE00, 0xFE10), 0xFEFF))
"""A carriage return, and what `watermark.exact` leaves out as invisible."""
_UNCHANGED = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xE000, 0xF8FF))
"""Han, Hangul syllables and private characters: they fold to themselves and are in form C."""
_JAMO = frozenset((*range(0x1161, 0x1176), *range(0x11A8, 0x11C3)))
"""Hangul vowels and final consonants: they compose, by rule instead of by data (Unicode, section 3.12)."""


@dataclass(frozen=True, slots=True)
class Characters:
    """Of each character of the first plane: `folds`, what it becomes (0: not known by itself), `plain`, whether it is in
    form C and neither invisible nor a carriage return (1) or not (0).
    """

    folds: bytes  # native 32-bit numbers
    several: bytes  # native 16-bit code points
    plain: bytes


@cache
def characters() -> Characters:
    """The table of this interpreter's Unicode data; made once (some 20 ms)."""
    composing = frozenset(_composing()) | _JAMO
    folds, several, plain = array("I", bytes(4 * PLANE)), array("H"), bytearray(PLANE)
    for first, last in _UNCHANGED:
        folds[first : last + 1] = array("I", range(first, last + 1))
        plain[first : last + 1] = b"\1" * (last + 1 - first)
    for code in range(PLANE):
        if plain[code] or 0xD800 <= code < 0xE000:
            continue
        character = compatible = chr(code)
        if _acts(character, composing):
            continue
        if unicodedata.is_normalized("NFKC", character):
            plain[code] = code not in _NOT_PLAIN
        else:
            compatible = unicodedata.normalize("NFKC", character)
            if any(_acts(each, composing) for each in compatible):
                continue
            plain[code] = code not in _NOT_PLAIN and unicodedata.is_normalized("NFC", character)
        folded = [ord(each) for each in compatible.casefold()]
        if len(folded) == 1 and folded[0] < PLANE:
            folds[code] = folded[0]
        elif len(folded) <= LONGEST and max(folded) < PLANE:
            folds[code] = SEVERAL | len(several) << 8 | len(folded)
            several.extend(folded)
    return Characters(folds.tobytes(), several.tobytes(), bytes(plain))


def _acts(character: str, composing: frozenset[int]) -> bool:
    """Whether what it becomes depends on its neighbours, or theirs on it."""
    return unicodedata.combining(character) != 0 or ord(character) in composing


def _composing() -> Iterator[int]:
    """Characters that are the second of a pair that composes, in any plane."""
    for code in range(0x11FFF):
        pair = unicodedata.decomposition(chr(code))
        if " " in pair and pair[0] != "<":
            yield int(pair.split()[1], 16)
