"""Values in every disguise of issue and practice: what is written, where the value stands in it, and what it is.

A disguise turns a value into its writing, or a whole sentence into code. All cases are generated and the same each time.
"""

from __future__ import annotations

import base64
import json
import random
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass

VALUES = {
    "card": ("CREDIT_CARD", "4111111111111111"),
    "card 2": ("CREDIT_CARD", "5555555555554444"),
    "cn mobile": ("PHONE", "13912345678"),
    "cn id": ("CN_ID", "11010519491231002X"),
    "mail": ("EMAIL", "maria.schneider@example.com"),
    "key": ("API_KEY", "ghp_16C7e42F292c6912E7710c838347Ae178B4a"),
    "iban": ("IBAN", "DE89370400440532013000"),
    "ssn": ("US_SSN", "536-22-8145"),
    "bank card": ("BANK_ACCOUNT", "6222021234567890128"),
    "phone": ("PHONE", "+49 151 23456789"),
}
CUES = {
    "cn mobile": "电话 ", "phone": "phone: ", "ssn": "ssn: ", "cn id": "身份证 ", "card": "card: ", "card 2": "pay with ",
    "mail": "write to ", "key": "token ", "iban": "account ", "bank card": "银行卡 ",
}  # fmt: skip
NUMBERS = ("card", "card 2", "cn mobile", "bank card")
DIGITS = "0123456789"


@dataclass(frozen=True, slots=True)
class Case:
    """One text with one value in it. `family`: which kind of disguise."""

    family: str
    name: str
    text: str
    start: int
    end: int
    label: str


Writing = Callable[[str], str]


def _between(sign: str) -> Writing:
    return sign.join


def _mapped(source: str, target: str) -> Writing:
    table = dict(zip(source, target, strict=True))
    return lambda value: "".join(table.get(character, character) for character in value)


def _some(sign: str) -> Writing:
    """A sign at a few random places."""

    def write(value: str) -> str:
        draw = random.Random(value + sign)
        places = set(draw.sample(range(1, len(value)), 3))
        return "".join((sign if at in places else "") + character for at, character in enumerate(value))

    return write


def _wide(value: str) -> str:
    return "".join(chr(ord(each) + 0xFEE0) if "!" <= each <= "~" else each for each in value)


def _words(names: list[str], sign: str = " ") -> Writing:
    return lambda value: sign.join(names[int(digit)] for digit in value if digit.isdecimal())


def _halves(seam: str) -> Writing:
    def write(value: str) -> str:
        middle = value.index("@") + 1 if "@" in value else len(value) // 2
        while not (value[middle - 1].isalnum() or value[middle - 1] == "@") or not value[middle].isalnum():
            middle += 1
        return value[:middle] + seam + value[middle:]

    return write


def _grouped(gap: str) -> Writing:
    return lambda value: gap.join(value[at : at + 4] for at in range(0, 16, 4))


ENGLISH = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
PINYIN = ["ling", "yao", "er", "san", "si", "wu", "liu", "qi", "ba", "jiu"]
TONES = ["líng", "yāo", "èr", "sān", "sì", "wǔ", "liù", "qī", "bā", "jiǔ"]
LATIN, CYRILLIC = "aeopcyxiABEKMHOPCTX", "аеорсухіАВЕКМНОРСТХ"

EVERY: dict[str, dict[str, Writing]] = {
    "invisible": {
        "zero-width space": _between("\u200b"),
        "zero-width joiner": _some("\u200d"),
        "word joiner": _some("\u2060"),
        "soft hyphen": _some("\u00ad"),
        "byte order mark": _some("\ufeff"),
        "variation selector": _some("\ufe0f"),
        "bidi override": lambda value: "\u202d" + value + "\u202c",
        "bidi isolate": _some("\u2066"),
        "tag": _some("\U000e0041"),
    },
    "unicode": {
        "full-width": _wide,
        "full-width, some": lambda value: _wide(value[: len(value) // 2]) + value[len(value) // 2 :],
        "arabic digits": _mapped(DIGITS, "٠١٢٣٤٥٦٧٨٩"),
        "devanagari digits": _mapped(DIGITS, "०१२३४५६७८९"),
        "mathematical digits": _mapped(DIGITS, "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗"),
        "superscripts": _mapped(DIGITS, "⁰¹²³⁴⁵⁶⁷⁸⁹"),
        "mixed digits": lambda value: _mapped("02468", "٠٢٤٦٨")(_mapped("13579", "１３５７９")(value)),
    },
    "entities": {
        "decimal": lambda value: "".join(f"&#{ord(each)};" for each in value),
        "hexadecimal": lambda value: "".join(f"&#x{ord(each):X};" for each in value),
        "some": lambda value: "".join(f"&#{ord(each)};" if at % 3 else each for at, each in enumerate(value)),
        "twice": lambda value: "".join(f"&amp;#{ord(each)};" for each in value),
    },
    "percent": {
        "every byte": lambda value: "".join(f"%{byte:02X}" for byte in value.encode()),
        "twice": lambda value: "".join(f"%25{byte:02x}" for byte in value.encode()),
        "as needed": lambda value: urllib.parse.quote(value, safe=""),
    },
    "escapes": {
        "unicode escapes": lambda value: "".join(f"\\u{ord(each):04x}" for each in value),
        "escaped twice": lambda value: "".join(f"\\\\u{ord(each):04X}" for each in value),
        "byte escapes": lambda value: "".join(f"\\x{byte:02x}" for byte in value.encode()),
    },
    "seams": {
        "line end": _halves("\n"),
        "line end and blanks": _halves("\n    "),
        "windows line end": _halves("\r\n"),
        "joined line": _halves("\\\n"),
        "comment": _halves("\n# "),
        "comment of C": _halves("\n// "),
        "quotation": _halves("\n> "),
        "strings": _halves('" + "'),
        "strings in lines": _halves("'\n    '"),
        "tag": _halves("<br>"),
        "empty tags": _halves("<b></b>"),
        "comment inside": _halves("/* */"),
    },
}
OF_NUMBERS: dict[str, dict[str, Writing]] = {
    "one by one": {
        "blanks": _between(" "), "hyphens": _between("-"), "dots": _between("."), "slashes": _between("/"),
        "lines": _between("\n"), "underscores": _between("_"), "commas": _between(", "), "wide": _between("  "),
        "stars": _between("*"), "thin spaces": _between("\u2009"),
    },
    "words": {
        "english": _words(ENGLISH), "english, commas": _words(ENGLISH, ", "), "english, hyphens": _words(ENGLISH, "-"),
        "upper case": lambda value: _words(ENGLISH)(value).upper(), "pinyin": _words(PINYIN),
        "pinyin, tones": _words(TONES),
    },
    "numerals": {
        "chinese": _mapped(DIGITS, "零一二三四五六七八九"), "chinese, circle": _mapped(DIGITS, "〇一二三四五六七八九"),
        "capital": _mapped(DIGITS, "零壹贰叁肆伍陆柒捌玖"), "traditional": _mapped(DIGITS, "零壹貳參肆伍陸柒捌玖"),
        "mixed": lambda value: value[:4] + _mapped(DIGITS, "零一二三四五六七八九")(value[4:]),
        "chinese, blanks": lambda value: " ".join(_mapped(DIGITS, "零一二三四五六七八九")(value)),
    },
}  # fmt: skip
OF_CARDS: dict[str, dict[str, Writing]] = {
    "groups": {
        name: _grouped(gap)
        for name, gap in {
            "blanks": " ", "hyphens": "-", "lines": "\n", "slashes": "/", "two blanks": "  ", "plus": "+", "bars": " | ",
            "tabs": "\t", "strings": '", "', "emphasis": "** **",
        }.items()
    }
}  # fmt: skip
OF_MAILS: dict[str, dict[str, Writing]] = {
    "said signs": {
        "(at)": lambda value: value.replace("@", " (at) "), "[at] [dot]": lambda value: value.replace("@", " [at] ").replace(".com", " [dot] com"),
        "at dot": lambda value: value.replace("@", " at ").replace(".com", " dot com"),
        "{at}": lambda value: value.replace("@", "{at}"), "blanks": lambda value: value.replace("@", " @ ").replace(".com", " . com"),
        "点": lambda value: value.replace("@", "艾特").replace(".com", "点com"),
    },
    "homoglyphs": {
        "cyrillic": _mapped(LATIN, CYRILLIC), "one letter": lambda value: value.replace("a", "а", 1),
        "greek": lambda value: value.replace("o", "ο"), "dotless": lambda value: value.replace("i", "ı"),
    },
}  # fmt: skip


def _both(first: Writing, second: Writing) -> Writing:
    return lambda value: second(first(value))


COMBINED: dict[str, Writing] = {
    "full-width and invisible": _both(_wide, _some("\u200b")),
    "full-width in percents": _both(_wide, EVERY["percent"]["every byte"]),
    "full-width in entities": _both(_wide, EVERY["entities"]["decimal"]),
    "arabic digits and bidi": _both(EVERY["unicode"]["arabic digits"], EVERY["invisible"]["bidi isolate"]),
    "percents in escapes": _both(EVERY["percent"]["every byte"], EVERY["escapes"]["unicode escapes"]),
    "entities in percents": _both(EVERY["entities"]["decimal"], EVERY["percent"]["every byte"]),
    "invisible over a line": _both(_halves("\n"), _some("\u200d")),
    "full-width over strings": _both(_wide, lambda value: value[:6] + '" + "' + value[6:]),
    "escapes in entities": _both(EVERY["escapes"]["unicode escapes"], EVERY["entities"]["hexadecimal"]),
}
MISTAKEN: dict[str, Writing] = {
    "letter o": lambda value: value.replace("0", "O"),
    "letter l": lambda value: value.replace("1", "l", 6),
    "letters in groups": lambda value: " ".join(value.replace("1", "I", 3)[at : at + 4] for at in range(0, 16, 4)),
}


def _code(text: str, start: int, end: int, bits: int) -> tuple[int, int]:
    """Where in its code (`bits` bits in each sign) a stretch of a text stands."""
    first, behind = len(text[:start].encode()) * 8, len(text[:end].encode()) * 8
    return first // bits, -(-behind // bits)


def _coded(name: str) -> Iterator[Case]:
    label, value = VALUES[name]
    plain = f"{CUES[name]}{value}, thanks"
    start = plain.index(value)
    inner = base64.b64encode(plain.encode()).decode()
    first, behind = _code(plain, start, start + len(value), 6)
    outer = base64.b64encode(inner.encode()).decode()
    twice = _code(inner, first, behind, 6)
    nibbles = _code(plain, start, start + len(value), 4)
    hexed = plain.encode().hex()
    spaced = " ".join(f"{byte:02X}" for byte in plain.encode())
    texts = {
        "base64": (inner, first, behind),
        "base64, no padding": (inner.rstrip("="), first, behind),
        "base64url": (base64.urlsafe_b64encode(plain.encode()).decode(), first, behind),
        "base64 twice": (outer, *twice),
        "hexadecimal": (hexed, *nibbles),
        "hexadecimal, upper": (hexed.upper(), *nibbles),
        "hexadecimal bytes": (spaced, nibbles[0] // 2 * 3, nibbles[1] // 2 * 3 - 1),
    }
    for way, (code, begin, end) in texts.items():
        before = "see "
        yield Case("code", f"{way}: {name}", before + code + " ok", begin + len(before), end + len(before), label)
    alone = base64.b64encode(value.encode()).decode()
    yield Case(
        "code",
        f"base64, alone: {name}",
        f"{CUES[name]}{alone}",
        len(CUES[name]),
        len(CUES[name] + alone.rstrip("=")),
        label,
    )
    nested = json.dumps({"a": json.dumps({"b": value, "c": "x"})})
    yield Case("json", f"nested: {name}", nested, nested.index(value), nested.index(value) + len(value), label)
    comment = f"def f():\n    # TO DO {value}\n    return 1\n".replace("TO DO", "see")
    yield Case("json", f"comment: {name}", comment, comment.index(value), comment.index(value) + len(value), label)


def _written(family: str, ways: dict[str, Writing], names: tuple[str, ...]) -> Iterator[Case]:
    for way, write in ways.items():
        for name in names:
            label, value = VALUES[name]
            writing = write(value)
            if writing == value:
                continue
            text = f"{CUES[name]}{writing} ok"
            start = len(CUES[name])
            end = start + len(writing)
            while text[start] == "\u202d":  # what only surrounds a value is not of it
                start += 1
            while text[end - 1] == "\u202c":
                end -= 1
            yield Case(family, f"{way}: {name}", text, start, end, label)


def cases() -> Iterator[Case]:
    """Every case; no text twice."""
    yield from {case.text: case for case in _all()}.values()


def _all() -> Iterator[Case]:
    for family, ways in EVERY.items():
        yield from _written(family, ways, tuple(VALUES))
    for family, ways in OF_NUMBERS.items():
        yield from _written(family, ways, NUMBERS)
    for family, ways in OF_CARDS.items():
        yield from _written(family, ways, ("card", "card 2"))
    for family, ways in OF_MAILS.items():
        yield from _written(family, ways, ("mail",))
    yield from _written("combined", COMBINED, ("card", "cn mobile", "cn id", "mail", "key", "iban", "phone"))
    yield from _written("mistaken", MISTAKEN, ("card",))
    yield from _written("spelled", {"letters": _between(" ")}, ("mail", "iban", "cn id", "key"))
    for name in VALUES:
        yield from _coded(name)
