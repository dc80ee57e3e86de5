"""Numbers said in words, in the languages that normalisation does not know, in tens, or with words for the signs between.

`vier eins fünf …`, `quatre-quatre-trois …`, `forty-six twenty-two …`, `two one nine dash zero nine dash …`. What is said is
read as digits, and counts only behind a word that announces it and if it is, as a whole, a number of that kind.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from functools import cache

from gateway.inspection.glance import said_near
from gateway.inspection.glance_python import FORMS, LETTERS
from gateway.inspection.recognizer import Candidate, Shape

_UNITS = {
    "en": "zero one two three four five six seven eight nine",
    "de": "null eins zwei drei vier fünf sechs sieben acht neun",
    "fr": "zéro un deux trois quatre cinq six sept huit neuf",
    "es": "cero uno dos tres cuatro cinco seis siete ocho nueve",
    "it": "zero uno due tre quattro cinque sei sette otto nove",
    "pt": "zero um dois três quatro cinco seis sete oito nove",
}
_TEENS = {
    "en": "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen",
    "de": "zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn",
    "fr": "dix onze douze treize quatorze quinze seize dix-sept dix-huit dix-neuf",
    "es": "diez once doce trece catorce quince dieciséis diecisiete dieciocho diecinueve",
}
_TENS = {
    "en": "twenty thirty forty fifty sixty seventy eighty ninety",
    "de": "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
    "fr": "vingt trente quarante cinquante soixante",
    "es": "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa",
}
_OTHERS = {
    "oh": "0",
    "nought": "0",
    "niner": "9",
    "zwo": "2",
    "ein": "1",
    "une": "1",
    "zero": "0",
    "fuenf": "5",
    "dreissig": "30",
}


def _numbers() -> dict[str, str]:
    """What each word, or words, says in digits."""
    said = dict(_OTHERS)
    for words in _UNITS.values():
        said |= {word: str(number) for number, word in enumerate(words.split())}
    for words in _TEENS.values():
        said |= {word: str(number) for number, word in enumerate(words.split(), 10)}
    for tongue, words in _TENS.items():
        units = _UNITS[tongue].split()
        for ten, word in enumerate(words.split(), 2):
            said[word] = str(ten * 10)
            for unit in range(1, 10):
                said |= {form: str(ten * 10 + unit) for form in _together(tongue, word, units[unit], unit)}
    teens = _TEENS["fr"].split()
    said |= {f"soixante-{word}": str(number) for number, word in enumerate(teens, 70)}
    said |= {f"quatre-vingt-{word}": str(number) for number, word in enumerate(_UNITS["fr"].split()[1:] + teens, 81)}
    return said | {"quatre-vingts": "80", "quatre-vingt": "80", "soixante-et-onze": "71"}


def _together(tongue: str, ten: str, unit: str, number: int) -> Iterable[str]:
    if tongue == "de":
        return (f"{'ein' if number == 1 else unit}und{ten}",)
    if tongue == "es":
        return (f"veinti{unit}",) if ten == "veinte" else (f"{ten} y {unit}",)
    if tongue == "fr" and number == 1:
        return (f"{ten} et un", f"{ten}-et-un")
    return (f"{ten}-{unit}",)


_SAID = _numbers()
_BARE = str.maketrans("äáàâéèêíìîóòôöúùûü", "aaaaeeeiiioooouuuu")


def _plain(word: str) -> str:
    return re.sub(r"[\s\-]+", "-", word.lower()).translate(_BARE)


_BY_WORD: Mapping[str, str] = {_plain(word): digits for word, digits in _SAID.items()}


_ACCENTED = {"é": "[eéÉ]", "ê": "[eêÊ]", "ü": "[uüÜ]", "ö": "[oöÖ]", "ß": "(?:ß|ss)", "-": "[ \\-]", " ": "[ \\-]"}


def _any_of(words: Iterable[str]) -> str:
    """One of some words, the longest that stands there: an expression that goes by their letters, not word by word."""
    rests: dict[str, set[str]] = {}
    for word in words:
        rests.setdefault(word[:1], set()).add(word[1:])
    ends = rests.pop("", None) is not None
    forms = [_ACCENTED.get(letter, letter) + _any_of(rest) for letter, rest in sorted(rests.items())]
    if not forms:
        return ""
    form = forms[0] if len(forms) == 1 and not ends else f"(?:{'|'.join(forms)})"
    return f"{form}?" if ends else form


_WORD = f"(?:{_any_of(_SAID)}(?!t[ey])|[0-9])"  # `eighty ninety` is no 89
_SIGNS = r"[\s,.;:_/|\-–—]{0,5}"
_BETWEEN = rf"{_SIGNS}(?:(?:dash|hyphen|minus|strich|bindestrich|tiret|gui[oó]n|space|slash|then){_SIGNS})?"
_TIMES = {"double": 2, "triple": 3}
_SEVERAL = rf"(?:(?P<times>{'|'.join(_TIMES)})\s)?"
_ITEM = re.compile(rf"{_SEVERAL}(?P<word>{_WORD})", re.IGNORECASE)
_MORE = f"(?:{'|'.join(_TIMES)})\\s"
_RUN = re.compile(rf"(?:(?:{_MORE})?{_WORD}{_BETWEEN}){{4,39}}(?:{_MORE})?{_WORD}(?![0-9A-Za-zÀ-ɏ])", re.IGNORECASE)
_FIRST = re.compile(rf"(?<![0-9A-Za-zÀ-ɏ])(?=(?:{_MORE})?{_WORD})", re.IGNORECASE)
_LEAD = 40
"""Characters from the beginning of the word that announces a number to the number, at most."""
_LETTER = re.compile("[A-Za-zÀ-ɏ]")


@cache
def letters() -> bytes:
    """The form of each letter, and behind them a bit for all four letters with which a number in words may begin: see `said_near`."""
    forms = bytearray(map(_form, range(LETTERS)))
    firsts = bytearray((FORMS**4 + 7) // 8)
    for word in _SAID:
        begun = [forms[ord(letter)] for letter in re.split(r"[ \-]", word)[0][:4]]
        for rest in itertools.product(range(FORMS), repeat=4 - len(begun)):  # another word may follow without a blank
            first, second, third, fourth = (*begun, *rest)
            place = ((first * FORMS + second) * FORMS + third) * FORMS + fourth
            firsts[place // 8] |= 1 << place % 8
    return bytes(forms + firsts)


def _form(point: int) -> int:
    """1 to 26 for a letter whatever its marks, one more for others, 0 for what is no letter of a number in words."""
    if _LETTER.match(chr(point)) is None:
        return 0
    plain = "i" if chr(point) == "ı" else unicodedata.normalize("NFKD", chr(point))[0].lower()
    return ord(plain) - ord("a") + 1 if "a" <= plain <= "z" else FORMS - 1


def said(text: str, at: int) -> tuple[int, int, str] | None:
    """The number that is said behind the word that begins here: where it begins and ends, and in digits."""
    end = at + _LEAD
    while (first := _FIRST.search(text, at, end)) is not None:
        run = _RUN.match(text, first.start())
        if run is not None and any(map(str.isalpha, run[0])):  # else nothing of it is said: others look at digits
            digits = (
                _digits(item["word"]) * _TIMES.get((item["times"] or "").lower(), 1) for item in _ITEM.finditer(run[0])
            )
            return (*run.span(), "".join(digits))
        at = first.start() + 1
    return None


def _digits(word: str) -> str:
    return word if word.isdecimal() else _BY_WORD.get(_plain(word), "")


def spoken(cue: str, accepts: Callable[[str], bool], *, score: float = 0.9) -> Shape:
    """A shape of numbers in words behind a word. `cue` is the anchor; `accepts` sees the digits."""

    def complete(text: str, at: int) -> Iterable[Candidate]:
        if not said_near(text, at, letters()):  # most numbers are written in digits, and this is soon seen
            return ()
        found = said(text, at)
        return ((found[0], found[1], score),) if found is not None and accepts(found[2]) else ()

    return Shape(cue, complete)
