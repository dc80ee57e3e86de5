"""Word stores that names, addresses and hard negatives are drawn from; `lexicon_sources.py` fills them.

Own lists (surnames, characters of given names, streets, brands, eponyms) stand in `lexicons/*.txt`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent


def words(name: str) -> list[str]:
    """The entries of one own list: separated by white space, or one a line where a line starts with `|`."""
    text = (HERE / "lexicons" / f"{name}.txt").read_text("utf-8")
    if text.startswith("|"):
        return [line[1:] for line in text.splitlines() if line.startswith("|")]
    return text.split()


@dataclass(slots=True)
class Lexicons:
    """Everything that is drawn from. The same for the same seed."""

    surnames: list[list[str]] = field(default_factory=list)  # common, rarer, of two characters
    given: list[str] = field(default_factory=list)
    rare_given: list[str] = field(default_factory=list)
    zh_names: list[str] = field(default_factory=list)  # whole names from jieba
    zh_foreign: list[str] = field(default_factory=list)  # transliterated names
    zh_places: list[str] = field(default_factory=list)
    zh_orgs: list[str] = field(default_factory=list)
    zh_words: list[str] = field(default_factory=list)  # ordinary words, the frequent ones first
    zh_traps: list[str] = field(default_factory=list)  # ordinary words that begin like a name
    zh_idioms: list[str] = field(default_factory=list)
    first: list[str] = field(default_factory=list)
    last: list[str] = field(default_factory=list)
    streets: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    companies: list[str] = field(default_factory=list)
    towns: list[str] = field(default_factory=list)
    en_words: list[str] = field(default_factory=list)
    prose: list[str] = field(default_factory=list)  # lines without persons, Chinese and English
    german_nouns: list[str] = field(default_factory=list)
    historic: list[str] = field(default_factory=list)  # rulers and other persons of note, in Latin letters
    things: list[str] = field(default_factory=list)  # plants, animals, dishes, tools, chemicals: named, but nobody
    zh_things: list[str] = field(default_factory=list)
    persons: list[str] = field(default_factory=list)  # whole names of people of record
    traditional: dict[str, str] = field(default_factory=dict)  # a character's other form
