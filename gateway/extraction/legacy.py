"""Bytes that are no UTF-8: which encoding they are in, by what their characters would be.

Encodings of two bytes a character accept nearly anything, so one that decodes without error says little: Japanese in Shift-JIS
is also a text of rare ideographs in GB 18030, in which no word would be found. What tells them apart is how many characters are
common ones, which each encoding has in ranges of its own. Where two are nearly as likely, both are read; where none is likely,
nobody has read the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from gateway.extraction.gathered import Unreadable

_SAMPLE = 16_384
_LIKELY = 0.6
"""Share of common characters below which a text is in some other encoding."""
_CLOSE = 0.2
"""By how much another may be less likely and is read all the same."""
_MOST = 3
_FEW = 6
"""Fewer characters tell nothing: a mark, a name."""

_Counts = dict[str, int]


def _of(
    pairs: bytes, *, common: bytes, kana: bytes = rb"(?!)", late: bytes = rb"(?!)"
) -> Callable[[bytes], tuple[_Counts, int]]:
    """Counts of what kind the characters of two bytes are, and of all that are not ASCII."""
    expression = re.compile(
        rb"(?P<kana>%s)|(?P<late>%s)|(?P<common>%s)|(?P<other>%s)|(?P<lone>[\x80-\xff])" % (kana, late, common, pairs)
    )

    def counts(sample: bytes) -> tuple[_Counts, int]:
        found = {"kana": 0, "late": 0, "common": 0, "other": 0, "lone": 0}
        for each in expression.finditer(sample):
            found[str(each.lastgroup)] += 1
        return found, sum(found.values())

    return counts


_GB = _of(
    rb"[\x81-\xfe][\x40-\xfe]", common=rb"[\xb0-\xd7][\xa1-\xfe]|[\xa1\xa3][\xa1-\xfe]", kana=rb"[\xa4\xa5][\xa1-\xfe]"
)
_BIG5 = _of(rb"[\x81-\xfe][\x40-\x7e\xa1-\xfe]", common=rb"[\xa1\xa4-\xc6][\x40-\x7e\xa1-\xfe]")
_SJIS = _of(
    rb"[\x81-\x9f\xe0-\xfc][\x40-\x7e\x80-\xfc]",
    common=rb"\x81[\x40-\xac]|\x82[\x4f-\x9a]|[\x88-\x98][\x40-\x7e\x80-\xfc]",
    kana=rb"\x82[\x9f-\xf1]|\x83[\x40-\x96]",
)
_EUC_JP = _of(rb"\x8e[\xa1-\xdf]|[\xa1-\xfe][\xa1-\xfe]", common=rb"[\xa1\xa3][\xa1-\xfe]|[\xb0-\xcf][\xa1-\xfe]", kana=rb"[\xa4\xa5][\xa1-\xfe]")  # fmt: skip
_EUC_KR = _of(rb"[\x81-\xfe][\x41-\xfe]", common=rb"[\xa1\xa3][\xa1-\xfe]|[\xb0-\xc8][\xa1-\xfe]", late=rb"[\xc9-\xfe][\xa1-\xfe]")  # fmt: skip
_CP1251 = _of(rb"(?!)", common=rb"[\xe0-\xff\xb8]", kana=rb"(?!)", late=rb"[\xc0-\xdf\xa8]")
_KOI8 = _of(rb"(?!)", common=rb"[\xc0-\xdf\xa3]", late=rb"[\xe0-\xff\xb3]")


def _chinese(sample: bytes) -> float:
    found, all_of = _GB(sample)
    return found["common"] / all_of


def _traditional(sample: bytes) -> float:
    found, all_of = _BIG5(sample)
    return found["common"] / all_of


def _japanese(counts: Callable[[bytes], tuple[_Counts, int]]) -> Callable[[bytes], float]:
    """Japanese has syllables between its ideographs; without any, Chinese is likelier."""

    def share(sample: bytes) -> float:
        found, all_of = counts(sample)
        worth = (found["common"] + found["kana"]) / all_of
        return worth if found["kana"] * 12 >= all_of else worth * 0.8

    return share


def _korean(sample: bytes) -> float:
    """All its syllables stand in the first half of where Chinese has its own."""
    found, all_of = _EUC_KR(sample)
    return found["common"] / all_of if found["late"] * 12 <= all_of else 0.0


def _cyrillic(counts: Callable[[bytes], tuple[_Counts, int]]) -> Callable[[bytes], float]:
    """Small letters are many, capitals few."""

    def share(sample: bytes) -> float:
        found, all_of = counts(sample)
        return found["common"] / all_of if found["late"] * 3 <= found["common"] else 0.0

    return share


_EAST: tuple[tuple[str, Callable[[bytes], float]], ...] = (
    ("euc_kr", _korean),
    ("euc_jp", _japanese(_EUC_JP)),
    ("cp932", _japanese(_SJIS)),
    ("gb18030", _chinese),
    ("cp950", _traditional),
    ("cp1251", _cyrillic(_CP1251)),
    ("koi8_r", _cyrillic(_KOI8)),
)


def readings_of(content: bytes) -> list[str]:
    """The likely readings, the likeliest first, three at most. Raises Unreadable where none is likely."""
    sample = content[:_SAMPLE]
    if sample.isascii():  # what is not ASCII stands further behind
        first = next(at for at, byte in enumerate(content) if byte > 0x7F)
        sample = content[content.rfind(b"\n", 0, first) + 1 :][:_SAMPLE]
    few = sum(byte > 0x7F for byte in sample) < 2 * _FEW
    least = 0.0 if few else _LIKELY
    readings: list[str] = []
    for worth, encoding in sorted(((share(sample), name) for name, share in _EAST), key=lambda each: -each[0]):
        if worth < least or len(readings) >= _MOST:
            break
        try:
            readings.append(content.decode(encoding))
        except UnicodeDecodeError:
            continue
        if len(readings) == 1:
            least = max(least, worth - (_CLOSE if not few else 0.5))
    if not readings:
        raise Unreadable("in an encoding that is not known")
    return list(dict.fromkeys(readings))


def shifted(content: bytes) -> str | None:
    """ISO-2022 (Japanese, Chinese, Korean): ASCII bytes between signs that say what they mean. None for other texts."""
    if b"\x1b$" not in content:
        return None
    for encoding in ("iso2022_jp_2", "iso2022_jp_ext", "iso2022_kr"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable("in an encoding that is not known")
