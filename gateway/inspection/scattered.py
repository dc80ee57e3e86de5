"""Numbers whose digits are scattered: any signs between any of them, told by the word that announces them and by their check.

`card 44 35 51 97 08 26 10 66`, `(4155)(1205)(1356)(0913)`, `iban ES91.2100.0418`: no grouping that anybody uses, and so
nothing that a pattern may look for by itself. What follows the word is read without the signs, and counts only as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from gateway.inspection.recognizer import Candidate, Shape

_GAP = r"[\W_]{0,8}"
_LEAD = 28
"""Characters between the word and the first digit, at most."""
_MOST = 40
REACH = 64
"""Characters from the beginning of the word within which the number begins: no word is longer than 32."""


def announced(cue: str, accepts: Callable[[str], bool], *, fewest: int, last: str = "", score: float = 0.9) -> Shape:
    """A shape of numbers behind a word. `cue` is the anchor, for both matchers; `accepts` sees the digits alone.

    `fewest`: digits below which nobody is asked. `last`: what may stand for the last digit, as in a character class.
    """
    begin = re.compile(rf"{cue}[^0-9]{{0,{_LEAD}}}+(?=[0-9])")
    run = re.compile(rf"[0-9](?:{_GAP}[0-9]){{{fewest - 2},{_MOST}}}{_GAP}[0-9{last}](?![0-9A-Za-z])")

    def complete(text: str, at: int) -> Iterable[Candidate]:
        lead = begin.match(text, at)
        if lead is None or _in_word(text, lead.end()):
            return ()
        found = run.match(text, lead.end())
        if found is None:
            return ()
        for start, end in _wholes(text, found):
            value = text[start:end]
            digits = _SIGNS.sub("", value)
            if len(digits) < len(value) and accepts(digits):
                return ((start, end, score),)
        return ()

    return Shape(cue, complete)


def _in_word(text: str, at: int) -> bool:
    before = text[at - 1 : at]
    return before.isalnum() and before.isascii()


def _wholes(text: str, run: re.Match[str]) -> Iterator[tuple[int, int]]:
    """The run, and what of it stands before signs that part no digits before: `4435.5197.0826.1066, 09/27`."""
    start, end = run.span()
    yield start, end
    seen: set[str] = set()
    behind = start
    for digits in _DIGITS.finditer(text, start, end):
        gap = text[behind : digits.start()]
        if gap and gap not in seen:
            if seen:
                yield start, behind
            seen.add(gap)
        behind = digits.end()


_DIGITS = re.compile("[0-9]+[Xx]?")
_SIGNS = re.compile("[^0-9A-Za-z]+")


def scattered_letters(text: str, at: int, length: int) -> int | None:
    """Behind the last of `length` letters and digits from a place on, few signs between two of them; None if they do not end there."""
    count = gap = 0
    for place in range(at, min(len(text), at + length * 9)):
        sign = text[place]
        if sign.isalnum():
            if not sign.isascii():
                return None
            count, gap = count + 1, 0
            if count == length:
                follows = text[place + 1 : place + 2]
                return None if follows.isalnum() and follows.isascii() else place + 1
        else:
            gap += 1
            if gap > 8:
                return None
    return None
