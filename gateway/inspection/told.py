"""Numbers behind a word that announces them, in a writing that no pattern looks for: scattered, or said in words.

Both have the same word for an anchor, and nearly every number behind it is written as usual: that is soon seen, and then
neither looks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from gateway.inspection.recognizer import Candidate, Shape
from gateway.inspection.scattered import REACH, announced
from gateway.inspection.spoken import spoken

_DIGITS = re.compile("[0-9]+")


def told(
    cue: str,
    accepts: Callable[[str], bool],
    *,
    fewest: int,
    usual: str,
    said: Callable[[str], bool] | None = None,
    last: str = "",
    score: float = 0.9,
    said_score: float = 0.9,
) -> Shape:
    """A shape of numbers behind a word, `cue`, that is the anchor.

    `accepts`, `said`: see the digits of a scattered number, and of one in words (the same, if not given). `usual`: an expression
    of what begins a number that is written as usual, or is none of ours. `fewest`, `last`: as in `announced`.
    """
    scattered = announced(cue, accepts, fewest=fewest, last=last, score=score).complete
    in_words = spoken(cue, said or accepts, score=said_score).complete
    written = re.compile(usual)

    def complete(text: str, at: int) -> Iterable[Candidate]:
        digits = _DIGITS.search(text, at, at + REACH)
        if digits is None or len(digits[0]) >= fewest or written.match(text, digits.start()) is not None:
            return in_words(text, at)
        return tuple(scattered(text, at)) or in_words(text, at)

    return Shape(cue, complete)
