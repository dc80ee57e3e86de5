"""IBAN (ISO 13616): country's length, mod 97; spaces as people write them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gateway.inspection.checksums import iban
from gateway.inspection.recognizer import Candidate, Recognizer, Shape
from gateway.inspection.scattered import scattered_letters
from gateway.inspection.spoken import said

# SWIFT IBAN registry, release 99: length by country.
_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BI": 27, "BR": 29,
    "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27, "DK": 18, "DO": 28, "EE": 20, "EG": 29,
    "ES": 24, "FI": 18, "FK": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28,
    "HN": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20,
    "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19,
    "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28, "NL": 18, "NO": 15, "OM": 23, "PK": 24, "PL": 28, "PS": 29,
    "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24, "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24,
    "SM": 27, "SO": 23, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
    "YE": 30,
}  # fmt: skip
_WRITTEN = re.compile(r"(?<![0-9A-Za-z])[A-Za-z]{2}\d{2}(?:[ \-]?[0-9A-Za-z]){11,30}")


def _grouped(written: str) -> bool:
    """Written without gaps, or in groups of four with one kind of gap."""
    groups = re.split(r"[ \-]", written)
    return len(groups) == 1 or (all(len(group) == 4 for group in groups[:-1]) and 1 <= len(groups[-1]) <= 4)


def complete(text: str, at: int) -> Iterable[Candidate]:
    """The IBAN that begins here, if it has its country's length and a valid check."""
    written = _WRITTEN.match(text, at)
    if written is None:
        return ()
    length = _LENGTHS.get(written[0][:2].upper())
    if length is None:
        return ()
    bare, place = "", at
    while place < written.end() and len(bare) < length:
        if text[place] not in " -":
            bare += text[place]
        place += 1
    ends_here = place == len(text) or not (text[place].isalnum() and text[place].isascii())
    if len(bare) != length or not ends_here or not _grouped(text[at:place]) or not iban(bare.upper()):
        return ()
    return ((at, place, 1.0),)


_AHEAD = re.compile(r"(?<![0-9A-Za-z])[A-Za-z][\W_]{0,4}[A-Za-z][\W_]{0,4}[0-9]")
_REACH = 40
"""Characters behind the word that its number begins in."""
_COUNTRY = re.compile(r"(?<![A-Za-z])[A-Z][ .\-]?[A-Z][ ,.:\-]{0,3}\Z")


def _announced(text: str, at: int) -> Iterable[Candidate]:
    """An IBAN behind that word, whatever signs stand between its letters and digits."""
    for begin in _AHEAD.finditer(text, at + 4, at + _REACH):
        length = _LENGTHS.get("".join(filter(str.isalpha, begin[0])).upper())
        end = None if length is None else scattered_letters(text, begin.start(), length)
        if end is not None and iban("".join(sign for sign in text[begin.start() : end] if sign.isalnum()).upper()):
            return ((begin.start(), end, 0.97),)
    return ()


def _said(text: str, at: int) -> Iterable[Candidate]:
    """An IBAN whose digits are said in words."""
    found = said(text, at)
    country = None if found is None else _COUNTRY.search(text, max(at, found[0] - 8), found[0])
    if found is None or country is None:
        return ()
    letters = "".join(filter(str.isalpha, country[0]))
    if _LENGTHS.get(letters) != len(found[2]) + 2 or not iban(letters + found[2]):
        return ()
    return ((country.start(), found[1], 0.97),)


RECOGNIZER = Recognizer(
    "iban",
    "IBAN",
    (
        Shape(r"\b[A-Za-z]{2}[0-9]{2}[ \-]?[0-9A-Za-z]{3,4}[ \-]?[0-9A-Za-z]", complete, expression=_WRITTEN.pattern),
        Shape(r"(?i)iban", _announced, expression=_AHEAD.pattern),
        Shape(r"(?i)iban", _said, expression=_COUNTRY.pattern),
    ),
    guarded=True,
)
