"""What happens to texts on their way: edits, excerpts, company. Scripted here; real ones stand in `real.py`."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from benchmarks.fingerprints.texts import Language, Text


@dataclass(frozen=True, slots=True)
class Chance:
    """A source of random choices, and the texts that foreign words and company come from."""

    random: random.Random
    others: Mapping[Language, Sequence[str]]


Transform = Callable[[Text, Chance], str]


def _pieces(text: Text) -> list[str]:
    """Words; of Chinese text pairs of characters, which is what most of its words are."""
    if text.language == "en":
        return text.text.split(" ")
    return [text.text[at : at + 2] for at in range(0, len(text.text), 2)]


def _joined(text: Text, pieces: Sequence[str]) -> str:
    return (" " if text.language == "en" else "").join(pieces)


def substituted(share: float) -> Transform:
    """Words replaced by others of the same language, each with the same chance."""

    def transform(text: Text, chance: Chance) -> str:
        foreign = _pieces(Text(text.language, chance.random.choice(chance.others[text.language]), ""))
        pieces = [chance.random.choice(foreign) if chance.random.random() < share else piece for piece in _pieces(text)]
        return _joined(text, pieces)

    return transform


def edited(share: float) -> Transform:
    """Words left out, doubled or replaced."""

    def transform(text: Text, chance: Chance) -> str:
        pieces: list[str] = []
        for piece in _pieces(text):
            what = chance.random.choice(("out", "twice", "other")) if chance.random.random() < share else "as it is"
            pieces += {"out": [], "twice": [piece, piece], "other": [piece[::-1]], "as it is": [piece]}[what]
        return _joined(text, pieces)

    return transform


def excerpt(share: float) -> Transform:
    """A part of the text, from anywhere in it."""

    def transform(text: Text, chance: Chance) -> str:
        pieces = _pieces(text)
        kept = max(1, round(len(pieces) * share))
        first = chance.random.randrange(len(pieces) - kept + 1)
        return _joined(text, pieces[first : first + kept])

    return transform


def inside(text: Text, chance: Chance) -> str:
    """Between two texts of others, each as long."""
    before, after = chance.random.choices(chance.others[text.language], k=2)
    return f"{before}\n\n{text.text}\n\n{after}"


def restyled(text: Text, chance: Chance) -> str:
    """Capitals, full width, no punctuation, broken lines."""
    wide = "".join(chr(ord(c) + 0xFEE0) if "a" <= c <= "z" and chance.random.random() < 0.5 else c for c in text.text)
    plain = "".join(" " if unicodedata.category(c)[0] == "P" and text.language == "en" else c for c in wide)
    return "\n".join(plain[at : at + 40] for at in range(0, len(plain), 40)) if text.language == "zh" else plain.upper()


SCRIPTED: Mapping[str, Transform] = MappingProxyType(
    {
        "5 % of words substituted": substituted(0.05),
        "10 % of words substituted": substituted(0.10),
        "20 % of words substituted": substituted(0.20),
        "10 % left out, doubled, changed": edited(0.10),
        "50 % excerpt": excerpt(0.50),
        "25 % excerpt": excerpt(0.25),
        "50 % excerpt, 10 % substituted": lambda text, chance: substituted(0.10)(
            Text(text.language, excerpt(0.5)(text, chance), text.source), chance
        ),
        "inside a text three times as long": inside,
        "case, width, punctuation": restyled,
    }
)
