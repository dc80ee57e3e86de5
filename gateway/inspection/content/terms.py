"""Where the terms of classes stand: the pass over a text looks for plain words, and where it hits the term is looked at.

A term may be written in any case, with up to three blanks of any kind between its words, and its Latin words stand alone. As
such an expression a term costs Hyperscan two milliseconds to compile, as plain words a hundredth of that, at each first start.
So the pass looks for the beginnings of terms in a text whose blanks are all the same (and as long as it was), and only what it
hits is held against the expression, unless that was all of the term.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from gateway.inspection import matcher
from gateway.inspection.literals import Literal, Literals

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
        plain = [(number, *begun) for number, writing in enumerate(writings) for begun in _plain(writing)]
        self._numbers = [number if whole else ~number for number, _, whole in plain]  # a whole one needs no second look
        self._literals = Literals([literal for _, literal, _ in plain], cache)
        self._expressions: dict[int, re.Pattern[str]] = {}

    def find(self, text: str) -> list[matcher.Hit]:
        """(number, code point) of all terms, ordered by where they begin."""
        hits = self._literals.scan_bytes(text.encode("utf-8", "surrogatepass").translate(_PLAIN), len(text))
        found = [(self._numbers[number], at) for number, at in hits]
        return [
            (number if number >= 0 else ~number, at)
            for number, at in found
            if number >= 0 or self._expression(~number).match(text, at)
        ]

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
    before = r"\b" if _is_latin(writing[0]) else ""
    behind = r"\b" if _is_latin(writing[-1]) else ""
    return f"{before}{escaped}{behind}"


def _words(writing: str) -> list[str]:
    return [word for word in writing.split(" ") if word]


def _plain(writing: str) -> Iterator[tuple[Literal, bool]]:
    """How a term begins: its first two words and one blank between them, or the first and two blanks behind it; and whether
    that is all of it. Latin words stand alone.

    Where two short words begin it ("in the …"), the third is looked for as well: they stand everywhere.
    """
    beginning, part, _ = writing.partition("~")
    first, *others = [word.encode().translate(_PLAIN).decode() for word in _words(beginning)]
    begins, ends = _is_latin(beginning[0]), _is_latin(beginning[-1])
    exact = not part and "-" not in beginning  # a hyphen of the term is one, and no blank
    if not others:
        yield Literal(first, begins, ends), exact
        return
    yield Literal(f"{first}  ", begins), False
    if len(others) == 1 or len(first) + len(others[0]) > _SHORT:
        all_of_it = len(others) == 1
        yield Literal(f"{first} {others[0]}", begins, ends and all_of_it), all_of_it and exact
    else:
        all_of_it = len(others) == 2
        yield Literal(f"{first} {others[0]} {others[1]}", begins, ends and all_of_it), all_of_it and exact
        yield Literal(f"{first} {others[0]}  ", begins), False


def _is_latin(letter: str) -> bool:
    return _LATIN.match(letter) is not None
