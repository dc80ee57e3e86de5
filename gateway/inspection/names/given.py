"""Given names of many countries, in the cases that languages put them into: Mehmetom, Marcina, Diega are found as well."""

from __future__ import annotations

import unicodedata
from pathlib import Path

_SHORTEST = 5
"""Letters of a word from which on its ending may be one of a case."""

_LETTERS = str.maketrans("ıłŁđĐøØ", "ilLdDoO")


class GivenNames:
    """Knows the names of `given.txt`. Build once; stateless."""

    def __init__(self) -> None:
        lines = Path(__file__).with_name("given.txt").read_text("utf-8").splitlines()
        self._names = frozenset(line for line in lines if line and line[0] != "#")

    def has(self, word: str) -> bool:
        """Whether somebody is called so, as it stands or in capitals."""
        if word in self._names:
            return True
        if not word.isascii():
            return _plain(word) in self._names or (word.isupper() and word.title() in self._names)
        return word.isupper() and word.title() in self._names

    def has_inflected(self, word: str) -> bool:
        """The same, also with an ending."""
        names = self._names
        if self.has(word):
            return True
        forms = (word[:-1], word[:-2], word[:-1] + "a", word[:-1] + "o")
        return len(word) >= _SHORTEST and not names.isdisjoint(forms)


def _plain(word: str) -> str:
    """The word without marks on its letters: many write Ayşe and Ayse."""
    parted = unicodedata.normalize("NFD", word.translate(_LETTERS))
    return "".join(letter for letter in parted if not unicodedata.combining(letter))
