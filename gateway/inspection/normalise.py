"""Undoing what hides a value from a pattern, without losing where it stood.

Removed: zero-width characters, bidirectional controls, soft hyphens, variation selectors, tag characters.
Replaced: full-width and other compatibility forms (NFKC), digits of other scripts, odd spaces, combining sequences.
Joined: eight or more single digits with single separators (`1 3 8 0 0 …`).

Chinese punctuation stays as it is: it is prose, not disguise. A text with nothing of this costs one search.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from dataclasses import dataclass

# First digit of every run of ten decimal digits outside ASCII (Unicode 15.1, category Nd), without the compatibility
# forms, which NFKC turns into ASCII by itself.
_DIGIT_ZEROS = (
    0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6, 0xE50, 0xED0, 0xF20,
    0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0,
    0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0,
)  # fmt: skip

_INVISIBLE = "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff"
_SPACES = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_COMPATIBLE = (
    "\u00aa\u00b2\u00b3\u00b9\u00ba\u2070-\u209c\u2100-\u2101\u2103\u2105-\u2107\u2109-\u2115\u2118-\u211d\u2124-\u2138"
    "\u2145-\u2149\u2150-\u217f\u2460-\u24ea\u2776-\u2793\u3200-\u33ff\uf900-\ufaff\ufb00-\ufb06\ufe50-\ufe6b"
    # full-width: everything but ! ( ) , : ; ? which Chinese prose uses as they are
    "\uff02-\uff07\uff0a\uff0b\uff0d-\uff19\uff1c-\uff1e\uff20-\uff5e\uffe0-\uffe6\uff65-\uff9f"
    "\U0001d400-\U0001d7ff\U0001f100-\U0001f16b\U0001fbf0-\U0001fbf9"
)
_MARKS = "\u0300-\u036f"
_DIGITS = "".join(f"{chr(zero)}-{chr(zero + 9)}" for zero in _DIGIT_ZEROS)
_DASHES = "\u2010-\u2012\u2212"

_SPACED = r"(?<![0-9A-Za-z.,])[0-9](?:(?P<gap>[ \-._·]|  )[0-9])(?:(?P=gap)[0-9]){6,}(?![0-9A-Za-z])"
_ODD = re.compile(f"[{_INVISIBLE}{_SPACES}{_COMPATIBLE}{_DIGITS}{_DASHES}{_MARKS}]")
_ODD_PIECE = re.compile(f".[{_MARKS}]+|[{_INVISIBLE}{_SPACES}{_COMPATIBLE}{_DIGITS}{_DASHES}{_MARKS}]", re.DOTALL)
_REMOVED = re.compile(f"[{_INVISIBLE}]")
_SPACED_DIGITS = re.compile(_SPACED)


@dataclass(frozen=True, slots=True)
class Normalised:
    """A text as patterns should see it. `starts`/`ends`: where each of its characters stood; None when nothing moved."""

    text: str
    starts: array[int] | None = None
    ends: array[int] | None = None

    def original(self, start: int, end: int) -> tuple[int, int]:
        """A non-empty span of the normalised text as a span of the original."""
        if self.starts is None or self.ends is None:
            return start, end
        return self.starts[start], self.ends[end - 1]


def normalise(text: str) -> Normalised:
    """The text as patterns should see it, with the way back. Linear time."""
    odd = None if text.isascii() else _ODD.search(text)
    if odd is None and _SPACED_DIGITS.search(text) is None:
        return Normalised(text)
    first = Normalised(text) if odd is None else _replace_odd(text)
    return _join_digits(first)


def _replace_odd(text: str) -> Normalised:
    pieces: list[str] = []
    starts, ends = array("I"), array("I")
    done = 0
    for match in _ODD_PIECE.finditer(text):
        at, behind = match.span()
        pieces.append(text[done:at])
        starts.extend(range(done, at))
        ends.extend(range(done + 1, at + 1))
        plain = _plain(match[0])
        pieces.append(plain)
        starts.extend([at] * len(plain))
        ends.extend([behind] * len(plain))
        done = behind
    pieces.append(text[done:])
    starts.extend(range(done, len(text)))
    ends.extend(range(done + 1, len(text) + 1))
    return Normalised("".join(pieces), starts, ends)


def _plain(piece: str) -> str:
    if len(piece) == 1:
        if _REMOVED.match(piece):
            return ""
        if piece.isdecimal():
            return str(unicodedata.decimal(piece))
        if "\u2010" <= piece <= "\u2212" and unicodedata.category(piece) in {"Pd", "Sm"}:
            return "-"
        if unicodedata.category(piece) == "Zs":
            return " "
    return _REMOVED.sub("", unicodedata.normalize("NFKC", piece))


def _join_digits(before: Normalised) -> Normalised:
    text = before.text
    if _SPACED_DIGITS.search(text) is None:
        return before
    old_starts = before.starts if before.starts is not None else array("I", range(len(text)))
    old_ends = before.ends if before.ends is not None else array("I", range(1, len(text) + 1))
    pieces: list[str] = []
    starts, ends = array("I"), array("I")
    done = 0
    for match in _SPACED_DIGITS.finditer(text):
        at, behind = match.span()
        keep = [*range(done, at), *(place for place in range(at, behind) if text[place].isdigit())]
        pieces.append("".join([text[place] for place in keep]))
        starts.extend([old_starts[place] for place in keep])
        ends.extend([old_ends[place] for place in keep])
        done = behind
    pieces.append(text[done:])
    starts.extend(old_starts[done:])
    ends.extend(old_ends[done:])
    return Normalised("".join(pieces), starts, ends)
