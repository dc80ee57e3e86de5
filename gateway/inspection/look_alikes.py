"""Letters of other scripts that look like Latin ones (Unicode TR39, the part that readers cannot tell apart).

They are read as Latin only inside a word or address that holds ASCII letters or digits too: Russian and Greek stay as they are.
"""

from __future__ import annotations

import re

from gateway.inspection.normalised import Normalised, replaced

_CYRILLIC = str.maketrans(
    "аеорсухіјѕһԁԛԝѵкАВЕКМНОРСТУХІЈЅԌԚԜҮӏ",
    "aeopcyxijshdqwvkABEKMHOPCTYXIJSGQWYl",
)
_GREEK = str.maketrans("ορναικυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "opvaikuxABEZHIKMNOPTYX")
_LATIN = str.maketrans("ıɑɡʏѡᴀᴇɪᴏꜱᴛᴜ‚․‧∙⁄∕", "iagywaeiostu,..://"[:18])
_SMALL_CAPITALS = str.maketrans("ʙᴄᴅꜰɢʜᴊᴋʟᴍɴᴘʀᴠᴡᴢ", "bcdfghjklmnprvwz")
_ARMENIAN = str.maketrans("օոսհցզՕՏԼ", "onuhgqOSL")
_CHEROKEE = str.maketrans("ᎪᏴᏟᎠᎬᎻᎫᏦᏞᎷᏢᎡᏚᎢᏙᎳᏃ", "ABCDEHJKLMPRSTVWZ")
_LISU = str.maketrans("ꓮꓐꓚꓓꓰꓝꓖꓧꓲꓙꓗꓡꓟꓠꓳꓑꓣꓢꓔꓴꓦꓪꓫꓬꓜ", "ABCDEFGHIJKLMNOPRSTUVWXYZ")
_TIMES = str.maketrans("×✕╳", "xxx")
_TABLE = {**_CYRILLIC, **_GREEK, **_LATIN, **_SMALL_CAPITALS, **_ARMENIAN, **_CHEROKEE, **_LISU, **_TIMES}
_FIGURES = str.maketrans("ЗзбЧОоІіΟο߀௦", "336400110000")
"""Letters that are read as digits among many digits."""
_MANY = re.compile("(?:[^0-9]*[0-9]){8}")
_AMONG_DIGITS = {**_TABLE, **_FIGURES}
ALIKE = "".join(map(chr, _AMONG_DIGITS))
"""Every letter that looks like another."""
_WORD = re.compile(rf"[0-9A-Za-z@._\-+%/:{ALIKE}]+")
_ASCII = re.compile(r"[0-9A-Za-z@]")
_FULL_STOP = re.compile(r"(?<=[0-9A-Za-z])[。｡](?=[A-Za-z][0-9A-Za-z\-]{1,30}(?![0-9A-Za-z@]))")
_ADDRESS = re.compile(r"@[0-9A-Za-z\-.。｡]{1,60}\Z")


def unmasked(text: Normalised) -> Normalised:
    """Words of mixed script in Latin letters, of a text that has one of `ALIKE`. Linear time."""
    return replaced(text, _WORD, _latin)


def with_full_stops(text: Normalised) -> Normalised:
    """With the dots of addresses' domains that are Chinese full stops. Linear time."""
    if "。" in text.text and "@" in text.text:
        text = replaced(text, _FULL_STOP, _dot)
    return text


def _latin(match: re.Match[str]) -> list[tuple[int, int, str]] | None:
    word, start = match[0], match.start()
    if word.isascii() or _ASCII.search(word) is None:
        return None
    table = _TABLE if _MANY.match(word) is None else _AMONG_DIGITS
    return [
        (start + at, start + at + 1, chr(table[ord(sign)])) for at, sign in enumerate(word) if ord(sign) in table
    ] or None


def _dot(match: re.Match[str]) -> str | None:
    """A Chinese full stop in the domain of an address: `li@163。com`."""
    return "." if _ADDRESS.search(match.string, max(0, match.start() - 64), match.start()) is not None else None
