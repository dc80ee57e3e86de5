"""Which words a weak anchor needs before it: where none of them stands, nobody has to look for its value.

The words are expressions of the same pass that finds the anchors. They may stand too often, never too seldom: the cue
itself is searched where one stands.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Needs:
    """Anchors, and of those that need one of some words the words."""

    anchors: tuple[str, ...]
    words: tuple[tuple[str, ...], ...]
    within: int
    """A word begins at most so many code points before the anchor."""

    def expressions(self) -> list[str]:
        """The anchors, then each word once."""
        return [*self.anchors, *(f"(?i){''.join(map(_in_any_case, word))}" for word in self._each())]

    def packed(self) -> bytes:
        """Numbers of four bytes: of anchors, words, groups of words and memberships, and `within`; each anchor's group or -1;
        where each word's memberships begin, and their end; the groups that the words are in. Empty where nobody needs any.
        """
        groups = list(dict.fromkeys(each for each in self.words if each))
        if not groups:
            return b""
        each = self._each()
        members = [[number for number, group in enumerate(groups) if word in group] for word in each]
        bounds = [0]
        for numbers in members:
            bounds.append(bounds[-1] + len(numbers))
        head = [len(self.anchors), len(each), len(groups), bounds[-1], self.within]
        needs = [groups.index(words) if words else -1 for words in self.words]
        return array("i", [*head, *needs, *bounds, *(group for numbers in members for group in numbers)]).tobytes()

    def _each(self) -> list[str]:
        return sorted({word for words in self.words for word in words})


def plain(anchors: Sequence[str]) -> Needs:
    """Anchors that need nothing."""
    return Needs(tuple(anchors), ((),) * len(anchors), 0)


def _in_any_case(letter: str) -> str:
    """A letter as an expression over bytes takes it: it folds the case of ASCII only."""
    if letter.isascii():
        return "(i|İ)" if letter == "i" else re.escape(letter)  # that one's small letter is an i, and a dot of its own
    forms = {letter, *_larger(letter)}
    return re.escape(letter) if len(forms) == 1 else f"({'|'.join(sorted(forms))})"


def _larger(letter: str) -> Iterator[str]:
    if len(letter.upper()) == 1:
        yield letter.upper()
    if letter == "ß":
        yield "ẞ"
