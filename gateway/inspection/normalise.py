r"""Undoing what hides a value from a pattern, without losing where it stood.

Removed: zero-width characters, bidirectional controls, soft hyphens, variation selectors, tag characters.
Replaced: full-width and other compatibility forms (NFKC), digits of other scripts, odd spaces, combining sequences,
letters of other scripts that look Latin (`look_alikes`).

Decoded: JSON's escapes in texts that are no JSON by themselves (`Data: {"m": "\u006d…"}`), `\x6d` and its kin in other
languages, percent-encoding, quoted-printable, HTML entities but those of tags; also one in another. Numbers in words, one by one or in odd
groups are written as usual (`written_numbers`), words spelled letter by letter are joined.

Chinese punctuation stays as it is: it is prose, not disguise. A text with nothing of this costs a few searches.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from html.entities import html5

from gateway.inspection.glance import beyond, glance
from gateway.inspection.glance_flags import DISGUISED, ENTITY, ESCAPE, PERCENT, PLUS, QUOTED, SPELLED, UNDER
from gateway.inspection.glance_python import FIGURE, IN_A_ROW, NUMERAL, SIGN
from gateway.inspection.look_alikes import ALIKE, unmasked, with_full_stops
from gateway.inspection.normalised import Normalised, replaced
from gateway.inspection.written_numbers import NUMERALS, SIGNS, in_digits

__all__ = ["Normalised", "normalise", "undisguised"]

# First digit of every run of ten decimal digits outside ASCII (Unicode 15.1, category Nd), without the compatibility
# forms, which NFKC turns into ASCII by itself.
_DIGIT_ZEROS = (
    0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6, 0xE50, 0xED0, 0xF20,
    0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0,
    0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0,
)  # fmt: skip

# Unicode's default ignorable code points, the marks of annotations, objects and keycaps, and Braille's blank.
_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20d0-\u20f0\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffc\U000e0000-\U000e0fff"
)
_INVISIBLE_TOO = "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
"""Among what is compatible already: each range outside the plane of most scripts costs every text."""
_BREAKS = "\u0085\u2028\u2029"
_SPACES = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_COMPATIBLE = (
    "\u00aa\u00b2\u00b3\u00b9\u00ba\u2070-\u209c\u2100-\u2101\u2103\u2105-\u2107\u2109-\u2115\u2118-\u211d\u2124-\u2138"
    "\u2145-\u2149\u2150-\u217f\u2460-\u24ff\u2776-\u2793\u3200-\u33ff\uf900-\ufaff\ufb00-\ufb06\ufe50-\ufe6b"
    # full-width: everything but ! ( ) , : ; ? which Chinese prose uses as they are
    "\uff02-\uff07\uff0a\uff0b\uff0d-\uff19\uff1c-\uff1e\uff20-\uff5e\uffe0-\uffe6\uff65-\uff9f"
    # one range for mathematical letters and for the digits of scripts outside the plane of most others: ten cost every text
    "\U00010000-\U0001efff\U0001f100-\U0001f16b\U0001fbf0-\U0001fbf9"
)
_MARKS = "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\ufe20-\ufe2f"
_DIGITS = "".join(f"{chr(zero)}-{chr(zero + 9)}" for zero in _DIGIT_ZEROS)
_DASHES = "\u2010-\u2012\u2212"

_ODD = re.compile(f"[{_INVISIBLE}{_SPACES}{_BREAKS}{_COMPATIBLE}{_DIGITS}{_DASHES}{_MARKS}]")
_MARK = re.compile(f"[{_MARKS}]")
_ODD_PIECE = re.compile(
    f".[{_MARKS}]+|[{_INVISIBLE}{_SPACES}{_BREAKS}{_COMPATIBLE}{_DIGITS}{_DASHES}{_MARKS}]", re.DOTALL
)
_REMOVED = re.compile(f"[{_INVISIBLE}{_INVISIBLE_TOO}]")

_IS_ODD, _IS_ALIKE = 1, 2


@cache
def _kinds() -> bytes:
    """What each character may be: a text without any of a kind need not be searched for it."""
    kinds = bytearray(0x10000) + bytearray([_IS_ODD])
    odd = f"{_INVISIBLE}{_SPACES}{_BREAKS}{_COMPATIBLE}{_DIGITS}{_DASHES}{_MARKS}"
    for first, last in _RANGE.findall(odd):
        for point in range(ord(first), min(ord(last or first), 0xFFFF) + 1):
            kinds[point] |= _IS_ODD
    for characters, kind in ((ALIKE, _IS_ALIKE), (NUMERALS, NUMERAL), ("0123456789", FIGURE), (SIGNS, SIGN)):
        for character in characters:
            kinds[ord(character)] |= kind
    return bytes(kinds)


_RANGE = re.compile("(.)(?:-(.))?", re.DOTALL)

# Each begins with the sign that its text is searched for first, so that code and prose cost little.
_ESCAPE = (
    r"\\(?<!\\\\)\\*+(?:u(?P<pair>[dD][89abAB][0-9A-Fa-f]{2}\\++u[dD][c-fC-F][0-9A-Fa-f]{2})|u(?P<unit>[0-9A-Fa-f]{4})"
    r"|U(?P<long>00[0-9A-Fa-f]{6})|N\{(?P<name>[A-Z][A-Z0-9 \-]{2,60})\}"
    r"|(?P<octal>[0-3][0-7]{2}(?:\\++[0-3][0-7]{2})*)|(?P<css>[0-9A-Fa-f]{2,6}[ ]?(?:\\++[0-9A-Fa-f]{2,6}[ ]?){3,})"
    r"|u\{(?P<point>[0-9A-Fa-f]{1,6})\}|(?P<byte>x[0-9A-Fa-f]{2}(?:\\++x[0-9A-Fa-f]{2})*)|(?P<short>[nrt/\"]))"
)
_ESCAPES = re.compile(_ESCAPE)
_ESCAPES_AND_PATHS = re.compile(
    rf"(?P<path>(?<![A-Za-z0-9])[A-Za-z]:\\(?![ux][0-9A-Fa-f]{{2}})[^\s\"'<>|:*?]{{1,250}})|{_ESCAPE}"
)
_PERCENT = re.compile(r"%(?:u(?P<unit>[0-9A-Fa-f]{4})|(?P<percent>[0-9A-Fa-f]{2}(?:%[0-9A-Fa-f]{2})*))")
_ENTITY = re.compile(
    r"&(?:\#0{0,12}(?P<decimal>[0-9]{1,7})(?![0-9]);?|\#[xX]0{0,12}(?P<hex>[0-9A-Fa-f]{1,6});?|(?P<named>[A-Za-z][0-9A-Za-z]{1,31};))"
)
_QUOTED = re.compile(r"=(?P<quoted>[0-9A-F]{2}(?:=(?:\r?\n=)?[0-9A-F]{2})+|40(?=[A-Za-z]))")
_QUOTED_TEXT = re.compile(r"=(?:(?P<quoted>[0-9A-F]{2}(?:=[0-9A-F]{2})*)|(?P<soft>\r?\n))")
"""The same in a text that says that it is quoted-printable."""
_QUOTED_SIGNS = ("quoted-p", "Quoted-P", "QUOTED-P", "=?")
_SAYS_QUOTED = re.compile(r"quoted-printable|=\?[A-Za-z0-9_\-]{1,40}\?q\?", re.IGNORECASE)
_PLUS = re.compile(r"\+(?<=[0-9]\+)(?=[0-9])")
# a word's end for readers, none for expressions: `card_4111 1111 …`
_UNDER = re.compile(r"_(?<=[A-Za-z]_)(?=[0-9](?:[ \-.]?[0-9]){11,18}(?![0-9A-Za-z]))")
_CODES = re.compile("[0-9A-Fa-f]{2,}")
_OF_STRUCTURE = frozenset({"lt;", "gt;", "LT;", "GT;"})
"""Entities that stay: what they stand for begins and ends tags, and here is told not to."""
_MOST_LAYERS = 3

_LETTERS = re.compile(r"(?<!\S)[^\s](?: [^\s]){7,}(?!\S)")


def normalise(text: str) -> Normalised:
    """The text as patterns should see it, with the way back. Linear time."""
    return undisguised(Normalised(text))[0]


def undisguised(result: Normalised) -> tuple[Normalised, int]:
    """The same for a text that was read out of another one; and what the result may hold, at a glance."""
    if "=" in result.text and _says_quoted(result.text):
        result = replaced(result, _QUOTED_TEXT, _escaped)
    may = glance(result.text)
    for _ in range(_MOST_LAYERS):
        if not may & DISGUISED:
            break
        before = result
        result = _uncoded(result, may)
        if result is before:
            break
        may = glance(result.text)
    numerals = False
    if not result.text.isascii():
        before = result
        kinds = beyond(result.text, _kinds())
        if kinds & _IS_ODD and _ODD.search(result.text) is not None:
            pieces = _ODD if _MARK.search(result.text) is None else _ODD_PIECE
            result = replaced(result, pieces, lambda match: _plain(match[0]))
            kinds |= beyond(result.text, _kinds())
        if kinds & _IS_ALIKE:
            result = unmasked(result)
            kinds |= beyond(result.text, _kinds())
        result = with_full_stops(result)
        numerals = bool(kinds & IN_A_ROW)
        may = may if result is before else glance(result.text)
    if may & SPELLED:
        before = result
        result = replaced(result, _LETTERS, _joined)
        may = may if result is before else glance(result.text)
    return in_digits(result, may, numerals)


def _says_quoted(text: str) -> bool:
    """Whether a text is a mail, or a part of one, whose characters are quoted (RFC 2045, section 6.7; RFC 2047)."""
    if not any(sign in text for sign in _QUOTED_SIGNS):
        return False
    return _SAYS_QUOTED.search(text) is not None


def _uncoded(result: Normalised, may: int) -> Normalised:
    # Written out, not looped over: it runs on many texts.
    if may & ESCAPE:
        before = result
        result = replaced(result, _ESCAPES_AND_PATHS if ":\\" in result.text else _ESCAPES, _escaped)
        may = may if result is before else may | glance(result.text)  # what it uncovers may go on right here
    if may & PERCENT:
        before = result
        result = replaced(result, _PERCENT, _escaped)
        may = may if result is before else may | glance(result.text)
    if may & ENTITY:
        before = result
        result = replaced(result, _ENTITY, _escaped)
        may = may if result is before else may | glance(result.text)
    if may & QUOTED:
        before = result
        result = replaced(result, _QUOTED, _escaped)
        may = may if result is before else may | glance(result.text)
    if may & PLUS:
        result = replaced(result, _PLUS, lambda _: " ")
    if may & UNDER:
        result = replaced(result, _UNDER, lambda _: " ")
    return result


def _joined(match: re.Match[str]) -> list[tuple[int, int, str]] | None:
    """A word letter by letter. Digits alone are left to whoever reads numbers, a letter that only stands before them too."""
    if match[0][2:].replace(" ", "").isdigit():
        return None
    return [(at, at + 1, "") for at in range(match.start() + 1, match.end(), 2)]


def _escaped(match: re.Match[str]) -> str | None:
    """What a coded piece stands for; None where it stands for itself."""
    kind = match.lastgroup or ""
    code = match[kind]
    if kind == "path":
        return None
    if kind == "pair":
        high, low = int(code[:4], 16), int(code[-4:], 16)
        return chr(0x10000 + ((high - 0xD800) << 10) + low - 0xDC00)
    if kind == "soft":
        return ""
    if kind == "octal":
        return _text(bytes(int(each, 8) for each in _CODES.findall(code)))
    if kind == "css":
        return "".join(chr(point) if 31 < (point := int(each, 16)) < 0xD800 else " " for each in _CODES.findall(code))
    if kind == "name":
        try:
            return unicodedata.lookup(code)
        except KeyError:
            return None
    if kind in {"unit", "hex", "decimal", "point", "long"}:
        point = int(code, 10 if kind == "decimal" else 16)
        return chr(point) if 0 < point <= 0x10FFFF and not 0xD800 <= point <= 0xDFFF else None
    if kind in {"percent", "byte", "quoted"}:
        return _text(bytes.fromhex("".join(_CODES.findall(code))))
    if kind == "named":
        return None if code in _OF_STRUCTURE else html5.get(code)
    return {"n": "\n", "r": "\r", "t": "\t"}.get(code, code)


def _text(content: bytes) -> str | None:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def _plain(piece: str) -> str:
    if len(piece) == 1:
        if _REMOVED.match(piece):
            return ""
        if piece.isdecimal():
            return str(unicodedata.decimal(piece))
        if "\u2010" <= piece <= "\u2212" and unicodedata.category(piece) in {"Pd", "Sm"}:
            return "-"
        if piece in _BREAKS:
            return "\n"
        kind = unicodedata.category(piece)
        if kind == "Zs":
            return " "
        if kind == "No" and (number := unicodedata.numeric(piece)).is_integer():
            return str(int(number))  # in circles and brackets, with a point: some of them have no other form
    plain = _REMOVED.sub("", unicodedata.normalize("NFKC", piece))
    if len(piece) == 1 or len(plain) == 1 or _MARK.search(plain) is None:
        return plain
    bare = _MARK.sub("", plain)  # what has no form with its mark is struck out or underlined
    return _plain(bare) if len(bare) == 1 else bare
