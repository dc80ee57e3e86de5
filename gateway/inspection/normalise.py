r"""Undoing what hides a value from a pattern, without losing where it stood.

Removed: zero-width characters, bidirectional controls, soft hyphens, variation selectors, tag characters.
Replaced: full-width and other compatibility forms (NFKC), digits of other scripts, odd spaces, combining sequences.
Joined: eight or more single digits with single separators (`1 3 8 0 0 …`).

Decoded: JSON's escapes in texts that are no JSON by themselves (`Data: {"m": "\u006d…"}`), percent-encoding, the HTML
entities that hide letters, digits and signs. Written as usual: card and identity numbers whose groups stand apart by
lines, slashes or wide gaps.

Chinese punctuation stays as it is: it is prose, not disguise. A text with nothing of this costs one search.
"""

from __future__ import annotations

import html
import re
import unicodedata
from array import array
from collections.abc import Callable
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

_CODED = re.compile(
    r"(?P<path>(?<![A-Za-z0-9])[A-Za-z]:\\(?!u[0-9A-Fa-f]{4})[^\s\"'<>|:*?]{1,250})"
    r"|(?<!\\)\\++(?:u(?P<pair>[dD][89abAB][0-9A-Fa-f]{2}\\++u[dD][c-fC-F][0-9A-Fa-f]{2})|u(?P<unit>[0-9A-Fa-f]{4})|(?P<short>[nrt/\"]))"
    r"|(?P<percent>(?:%[0-9A-Fa-f]{2})+)"
    r"|&(?:\#(?P<decimal>[0-9]{1,7})|\#[xX](?P<hex>[0-9A-Fa-f]{1,6})|(?P<named>amp|commat|period|nbsp|lowbar|hyphen|dash"
    r"|plus|colon|sol|num|lpar|rpar|quot|apos|NewLine|Tab|shy|zwj|zwnj|ensp|emsp|thinsp|ZeroWidthSpace));"
    r"|(?<=[0-9])(?P<plus>\+)(?=[0-9])"
    # a word's end for readers, none for expressions: `card_4111 1111 …`
    r"|(?<=[A-Za-z])(?P<under>_)(?=[0-9](?:[ \-.]?[0-9]){11,18}(?![0-9A-Za-z]))"
)
_GAP = r"(?:\r?\n|[ \t]{2,4}|\t|[ ]?[/_|,+][ ]?|[ ]-[ ])"
_GROUPED = re.compile(
    rf"(?<![0-9A-Za-z])(?:[2-6][0-9]{{3}}(?P<g>{_GAP})[0-9]{{4}}(?P=g)[0-9]{{4}}(?P=g)[0-9]{{4}}(?!(?P=g)[0-9]{{4}}(?![0-9]))"
    rf"|3[47][0-9]{{2}}(?P<h>{_GAP})[0-9]{{6}}(?P=h)[0-9]{{5}}"
    rf"|[1-9][0-9]{{5}}(?P<i>{_GAP}|[ \-])(?:19|20)[0-9]{{6}}(?P=i)[0-9]{{3}}[0-9Xx]"
    rf"|(?!000|666|9)[0-9]{{3}}(?P<j>{_GAP})[0-9]{{2}}(?P=j)[0-9]{{4}}(?!(?P=j)[0-9]))(?![0-9A-Za-z])"
)
_TEN_DIGITS = "0123456789"
_FEWEST_DIGITS = 8
"""Digits of the shortest number that is read in another writing."""
_GAP_PIECE = re.compile(r"[^0-9Xx]+")


Change = Callable[[re.Match[str]], "str | list[tuple[int, int, str]] | None"]
"""From a match to what stands for it: a text, changes inside it as (start, end, text), or None for no change."""


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
    result = Normalised(text)
    # Written out, not looped over: it runs on every text.
    coded = "\\" in text or "%" in text or "&" in text or "+" in text or "_" in text
    if coded and _CODED.search(text) is not None:
        result = _replaced(result, _CODED, _decoded)
    if not result.text.isascii() and _ODD.search(result.text) is not None:
        result = _replaced(result, _ODD_PIECE, lambda match: _plain(match[0]))
    if sum(map(result.text.count, _TEN_DIGITS)) < _FEWEST_DIGITS:
        return result  # counting is a tenth of looking for numbers that cannot be there
    if _SPACED_DIGITS.search(result.text) is not None:
        result = _replaced(result, _SPACED_DIGITS, _joined)
    return _regrouped(result)


def _joined(match: re.Match[str]) -> list[tuple[int, int, str]]:
    return [(at, at + 1, "") for at in range(*match.span()) if not match.string[at].isdigit()]


def _regrouped(before: Normalised) -> Normalised:
    return before if _GROUPED.search(before.text) is None else _replaced(before, _GROUPED, _usual)


def _usual(match: re.Match[str]) -> list[tuple[int, int, str]]:
    """The separators of a number's groups, written as its recogniser knows them."""
    sign = "" if match["i"] else "-" if match["j"] else " "
    start = match.start()
    return [(start + gap.start(), start + gap.end(), sign) for gap in _GAP_PIECE.finditer(match[0])]


def _decoded(match: re.Match[str]) -> str | None:
    """What a coded piece stands for; None where it stands for itself."""
    kind = match.lastgroup or ""
    code = match[kind]
    if kind == "path":
        return None
    if kind == "pair":
        high, low = int(code[:4], 16), int(code[-4:], 16)
        return chr(0x10000 + ((high - 0xD800) << 10) + low - 0xDC00)
    if kind in {"unit", "hex", "decimal"}:
        point = int(code, 10 if kind == "decimal" else 16)
        return chr(point) if 0 < point <= 0x10FFFF and not 0xD800 <= point <= 0xDFFF else None
    if kind == "percent":
        try:
            return bytes.fromhex(code.replace("%", "")).decode()
        except UnicodeDecodeError:
            return None
    if kind == "named":
        return html.unescape(f"&{code};")
    return {"n": "\n", "r": "\r", "t": "\t", "+": " ", "_": " "}.get(code, code)


def _replaced(before: Normalised, expression: re.Pattern[str], change: Change) -> Normalised:
    """A text with some pieces changed, the way back kept through what was changed before."""
    text, old_starts, old_ends = before.text, before.starts, before.ends
    pieces: list[str] = []
    starts, ends = array("I"), array("I")
    done = 0

    def keep(until: int) -> None:
        pieces.append(text[done:until])
        starts.extend(range(done, until) if old_starts is None else old_starts[done:until])
        ends.extend(range(done + 1, until + 1) if old_ends is None else old_ends[done:until])

    for match in expression.finditer(text):
        new = change(match)
        if new is None:
            continue
        for at, behind, plain in [(*match.span(), new)] if isinstance(new, str) else new:
            keep(at)
            pieces.append(plain)
            starts.extend([at if old_starts is None else old_starts[at]] * len(plain))
            ends.extend([behind if old_ends is None else old_ends[behind - 1]] * len(plain))
            done = behind
    keep(len(text))
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
