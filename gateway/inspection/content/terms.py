"""Where the terms of classes stand: the pass over a text looks for plain words, and where it hits the term is looked at.

A term may be written in any case, with up to three blanks of any kind between its words, and its Latin words stand alone. As
such an expression a term costs Hyperscan two milliseconds to compile, as plain words a tenth of that, at each first start. So
the pass looks for the beginnings of terms in a text whose blanks are all the same (and as long as it was), and only what it
hits is held against the expression.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from gateway.inspection import matcher

BLANKS = 3
"""So many may stand between two words."""
_SHORT = 6
"""Letters of two words that are no beginning to look for."""
_PLAIN = bytes.maketrans(b"\t\n\r-", b"    ")
_SENTENCE = r"[^.!?;。！？；]{0,30}?"
"""What may stand between the parts of a term."""
_LATIN = re.compile(r"[A-Za-z0-9]")


class Terms:
    """Finds terms by their numbers. Belongs to one thread, like its matcher. `cache`: see `matcher.build`."""

    def __init__(self, writings: Sequence[str], cache: Path | None = None) -> None:
        self._writings = tuple(writings)
        plain = [(number, words) for number, writing in enumerate(writings) for words in _plain(writing)]
        self._numbers = [number for number, _ in plain]
        self._matcher = matcher.build([f"(?i){_escaped(words)}" for _, words in plain], cache)
        self._expressions: dict[int, re.Pattern[str]] = {}

    def possible(self, text: str) -> list[matcher.Hit]:
        """(number, code point) of all terms and of what looks like one so far, ordered by where they begin."""
        hits = self._matcher.scan_bytes(text.encode("utf-8", "surrogatepass").translate(_PLAIN), len(text))
        return [(self._numbers[number], at) for number, at in hits]

    def certain(self, text: str, hits: Iterable[matcher.Hit]) -> list[matcher.Hit]:
        """Those of `possible` where the term does stand."""
        return [(number, at) for number, at in hits if self._expression(number).match(text, at)]

    def _expression(self, number: int) -> re.Pattern[str]:
        """Compiled when its words are first met: most are never."""
        found = self._expressions.get(number)
        if found is None:
            found = self._expressions[number] = re.compile(expression(self._writings[number]), re.ASCII)
        return found


def expression(writing: str) -> str:
    """A term as an expression: any case, Latin words whole, blanks of any kind.

    `first~second/third` is the first part and, a little later in the same sentence, one of the others.
    """
    first, _, others = writing.partition("~")
    if not others:
        return f"(?i){_whole(writing)}"
    later = "|".join(map(_whole, others.split("/")))
    return f"(?i){_whole(first)}{_SENTENCE}(?:{later})"


def _whole(writing: str) -> str:
    escaped = rf"[ \t\n\x0d-]{{1,{BLANKS}}}".join(map(re.escape, _words(writing)))
    before = r"\b" if _LATIN.match(writing[0]) else ""
    behind = r"\b" if _LATIN.match(writing[-1]) else ""
    return f"{before}{escaped}{behind}"


def _words(writing: str) -> list[str]:
    return [word for word in writing.split(" ") if word]


def _plain(writing: str) -> Iterator[str]:
    """How a term begins: its first two words and one blank between them, or the first and two blanks behind it.

    Where two short words begin it ("in the …"), the third is looked for as well: they stand everywhere.
    """
    beginning = writing.partition("~")[0]
    first, *others = [word.encode().translate(_PLAIN).decode() for word in _words(beginning)]
    if not others:
        yield first
        return
    yield f"{first}  "
    if len(others) == 1 or len(first) + len(others[0]) > _SHORT:
        yield f"{first} {others[0]}"
    else:
        yield f"{first} {others[0]} {others[1]}"
        yield f"{first} {others[0]}  "


def _escaped(words: str) -> str:
    """As an expression; a blank need not be escaped, and Hyperscan sees plain text where nothing is."""
    return re.escape(words).replace("\\ ", " ")
