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
_TABLE = {**_CYRILLIC, **_GREEK, **_LATIN}
_ALIKE = "".join(map(chr, _TABLE))
_ANY = re.compile(f"[{_ALIKE}]")
_WORD = re.compile(rf"[0-9A-Za-z@._\-+%/:{_ALIKE}]+")
_ASCII = re.compile(r"[0-9A-Za-z@]")


def unmasked(text: Normalised) -> Normalised:
    """Words of mixed script in Latin letters. Linear time."""
    return text if _ANY.search(text.text) is None else replaced(text, _WORD, _latin)


def _latin(match: re.Match[str]) -> list[tuple[int, int, str]] | None:
    word, start = match[0], match.start()
    found = list(_ANY.finditer(word))
    if not found or _ASCII.search(word) is None:
        return None
    return [(start + each.start(), start + each.end(), word[each.start()].translate(_TABLE)) for each in found]
