"""Whether a text is in a language that the tagger has learned, by the small words in it.

No guess which language it is: only whether one of the learned ones has as many of its small words in the text as any other has.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

_BLOCK, _MARGIN = 1_500, 250
"""Code points that are judged together, and how many on either side with them."""

# It begins with the set of its first letters (Latin, Greek, Cyrillic) and looks back behind them: `re` passes over all else quickly.
_WORD = re.compile(
    r"[a-z\xaa\xb5\xba\xc0-\xd6\xd8-\xf6\xf8-\u02c1\u0370-\u052f\u1e00-\u1fff](?<![\w\-./].)[^\W\d_]++(?![\w\-/])"
)
_ALIEN = re.compile(
    "[şğıőűřěůłąęśćčšžđțșăåøēīūļķņģėįųħġżŵŷĝŭŝĵơưạảấầẩậắằặẹẻẽếềểễệỉịọỏốồổộớờởợụủứừửữựỳỹỷ]|ää|öö|yy|(?<!c)uu|(?<!k)ii"
)
"""Letters, and pairs of them, that no learned language has."""
_WITH_ALIEN = re.compile("[şŞğĞıİőŐűŰřŘěůłŁąęśŚćčČšŠžŽđĐțȚșȘăåÅøØæēīūļķņģėįųħġżŻəƏ]")
_FEWEST = 3
"""Small words of another language from which on a text is in it, if they are so many times more than those of a learned one."""
_MORE = 1.2
_LATIN_ENDS = "\u0250"
_WORDS, _LETTERS, _MANY = 8, 4, 5
"""So many longer words without a small one of a learned language are of another one, or of no sentence; and so many words with
such a letter."""


class Tongues:
    """Knows the small words. Build once; stateless."""

    def __init__(self) -> None:
        lists = sorted(_lists(), key=lambda each: not each[0])
        self._count = len(lists)
        self._learned = sum(learned for learned, _ in lists)
        self._of: dict[str, tuple[int, ...]] = {}
        for number, (_, words) in enumerate(lists):
            for word in words:
                self._of[word] = (*self._of.get(word, ()), number)

    def is_learned(self, text: str) -> bool:
        """Whether nothing says that `text` is in a language that the tagger does not know."""
        counts = [0] * self._count
        of: dict[str, tuple[int, ...]] = self._of
        unknown: list[str] = []
        for word, times in Counter(_WORD.findall(text)).items():
            numbers = of.get(word)
            if numbers is None:
                unknown += [word] * times
            else:
                for number in numbers:
                    counts[number] += times
        learned = max(counts[: self._learned])
        other = max(counts[self._learned :])
        if unknown:
            other += len(_ALIEN.findall(" ".join(unknown)))
        if not learned:
            alien = len(_WITH_ALIEN.findall(text))
            long = sum(len(word) >= _LETTERS and word < _LATIN_ENDS for word in unknown)
            if long >= _WORDS or alien >= _MANY:
                return False
        return other < _FEWEST or other <= learned * _MORE


class Text:
    """A text whose parts are judged when they are asked for."""

    def __init__(self, text: str, tongues: Tongues) -> None:
        self._text = text
        self._tongues = tongues
        self._blocks: dict[int, bool] = {}

    def is_learned(self, at: int) -> bool:
        """Whether what stands around `at` is in a learned language."""
        block = at // _BLOCK
        known = self._blocks.get(block)
        if known is None:
            begin = max(0, block * _BLOCK - _MARGIN)
            known = self._tongues.is_learned(self._text[begin : (block + 1) * _BLOCK + _MARGIN])
            self._blocks[block] = known
        return known


def small_words() -> frozenset[str]:
    """The small words of all languages."""
    return frozenset(word for _, words in _lists() for word in words)


def _lists() -> list[tuple[bool, list[str]]]:
    lines = Path(__file__).with_name("tongues.txt").read_text("utf-8").splitlines()
    return [(line[0] == "+", line.split()[1:]) for line in lines if line and line[0] != "#"]
