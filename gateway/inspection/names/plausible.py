"""What the model takes for a person now and then, and how it is written says that it is none.

The model reads Chinese and five European languages. In others, and in lists of species, it finds runs of ordinary words;
a handle or a heading with a figure in it looks like a name to it. The bounds are those at which the development data lost
no more than a name or two.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.flow import Span

_DIGIT = re.compile(r"\d")
_HIRAGANA = re.compile(r"[\u3041-\u309f]")
_ARABIC = re.compile(r"[\u0600-\u06ff]")
_SMALL_WORD = re.compile(r"[^\W\d_A-Z\u3400-\u9fff]+(?: [^\W\d_A-Z\u3400-\u9fff]+)?")
_BINOMIAL = re.compile(r"[A-Z][a-zë]{2,} [a-zë]{4,}")
"""A species: the genus with a capital, the second word without."""

_WITH_A_DIGIT, _IN_HIRAGANA, _IN_ARABIC, _OF_MIXED_WORDS, _OF_SMALL_WORDS = 0.75, 0.9, 0.62, 0.58, 0.85
"""Scores from which a name counts all the same."""
_ABBREVIATED = 0.6
_WORDS = 5
_SPECIES = 3
"""From so many in one text on they are a list of species: names of people are written so by accident."""

_PARTICLES = frozenset(
    [
        "von",
        "van",
        "vom",
        "zu",
        "zur",
        "zum",
        "der",
        "den",
        "dem",
        "de",
        "del",
        "della",
        "dei",
        "di",
        "da",
        "das",
        "do",
        "dos",
        "du",
        "des",
        "la",
        "le",
        "las",
        "los",
        "el",
        "al",
        "ul",
        "bin",
        "ibn",
        "bint",
        "ben",
        "abu",
        "y",
        "e",
        "i",
        "und",
        "et",
        "and",
        "of",
        "the",
        "ter",
        "ten",
        "te",
        "af",
        "av",
        "san",
        "st",
    ]
)


_BEFORE_NOUNS = frozenset(
    [
        "il",
        "lo",
        "un",
        "uno",
        "una",
        "suo",
        "sua",
        "tuo",
        "tua",
        "mio",
        "mia",
        "nostro",
        "nostra",
        "vostro",
        "vostra",
        "une",
        "son",
        "sa",
        "ses",
        "mon",
        "ma",
        "mes",
        "leur",
        "notre",
        "votre",
        "mein",
        "meine",
        "sein",
        "seine",
        "ihr",
        "ihre",
        "unser",
        "unsere",
        "ein",
        "eine",
        "einen",
        "einem",
        "einer",
        "su",
        "sus",
        "mi",
        "mis",
        "tus",
        "nuestro",
        "nuestra",
        "a",
        "an",
        "my",
        "your",
        "his",
        "her",
        "its",
        "our",
        "their",
        "this",
        "that",
    ]
)
"""Words of the model's languages that stand before a noun: without a capital behind them no name begins with one."""


def is_plausible(name: str, score: float) -> bool:
    """Whether a person may be written so. `score` is the share of such findings that are right, 0 to 1."""
    if score >= _IN_HIRAGANA:
        return True
    if score < _WITH_A_DIGIT and _DIGIT.search(name):
        return False
    if score < _IN_ARABIC and _ARABIC.search(name):
        return False
    words = name.split()
    if len(words) < 2:
        return not _HIRAGANA.search(name)
    small = sum(len(word) > 1 and word[0].islower() and word not in _PARTICLES for word in words)
    if not small:
        return True
    capitals = any(word[0].isupper() for word in words)
    if not capitals and words[0] in _BEFORE_NOUNS | _PARTICLES and score < _OF_SMALL_WORDS:
        return False
    if small >= (2 if capitals else 3) and score < _OF_SMALL_WORDS:
        return False
    return not capitals or score >= _OF_MIXED_WORDS


def is_abbreviation(text: str, start: int, end: int, score: float) -> bool:
    """Whether a doubtful name of one word is one that a full stop and a number follow: `Koeff. 116`."""
    return (
        score < _ABBREVIATED
        and text[end : end + 1] == "."
        and text[end + 1 : end + 3].strip()[:1].isdigit()
        and (" " not in text[start:end])
    )


def without_lists(text: str, spans: Sequence[Span]) -> list[Span]:
    """The spans without the persons that are a list of species in Latin, or of words in small letters in a text that has
    capitals. `text` is what they stand in.
    """
    names = [span for span in spans if span.label == "PERSON"]
    if len(names) < _SPECIES:
        return list(spans)
    dropped = {span for span in names if _BINOMIAL.fullmatch(text, span.start, span.end)}
    if len(dropped) < _SPECIES:
        dropped = set()
    small = {span for span in names if _SMALL_WORD.fullmatch(text, span.start, span.end)}
    if len(small) >= _WORDS and not text.islower():
        dropped |= small
    return [span for span in spans if span not in dropped] if dropped else list(spans)
