"""Shapes of numbers that stand behind the word that names them: the word is the anchor, so that they cost little."""

from __future__ import annotations

from gateway.inspection.recognizer import Check, Shape, shape, words_beside_ideographs

_BEHIND = r"(?![0-9A-Za-z]|[.\-/][0-9])"


def named(words: str, value: str, *, check: Check | None = None, score: float = 0.85, gap: int = 16) -> Shape:
    """A value behind one of some words, with at most `gap` characters between them, none a digit or a line's end.

    `words`: an expression, in any case, that Hyperscan and `re` both read. `value` begins and ends no longer word.
    """
    return shape(
        f"(?i)({words})",
        rf"(?i:{words_beside_ideographs(words)})[^\n0-9]{{0,{gap}}}?(?<![0-9A-Za-z])(?P<value>{value}){_BEHIND}",
        check=check,
        score=score,
    )
