"""What a recogniser is: a label, the shapes its values have, and a check that tells values from look-alikes.

A *shape* has an anchor for the one-pass matcher and a Python expression that is tried only where the anchor hit. All
expressions are bounded, so each hit costs bounded time. Checks see the match and say how sure they are, 0 for no.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gateway.inspection.expressions import SPACED, compiled
from gateway.inspection.stems import stems

CUE_WINDOW = 40
"""How many characters before (and, where asked, after) a weak value may hold the word that explains it."""

NEAR = r"[^\n0-9]{0,24}$"
"""Ends a cue that must stand before the value in the same line, no digit between. Such a cue holds no digit itself."""
_LOOKS_BACK = 8
"""How many characters before a window an expression looks at, with a word's boundary or a look behind, at most."""
_ODD_CASE = re.compile("[İıſ\u212a]")
"""What `re` takes for an `i`, an `s` or a `k` in any case, and lower() does not make one."""
_STOP = re.compile(r"(?:.*[\n0-9])?", re.DOTALL)
"""Everything up to the last line end or digit: a cue that ends with `NEAR` stands behind it, wholly."""

_BEGINS_WORD = re.compile(r"(^|[|:])\\b([a-z])(?![?*+{])")
"""A word's beginning where an alternative begins. With its letter first, and then the look behind it, it means the same, and
`re` can pass over all places where no alternative's first letter stands."""

_ENDS_WORD = re.compile(r"(?<!\\)([a-z0-9)])\\b")
Check = Callable[[str], float | bool]
"""From the value to a score 0..1, or to yes (the shape's own score) and no."""

Unless = Callable[[str, int, int], object]
"""From a text and two of its places to whether what stands between them speaks against a value behind it."""

Candidate = tuple[int, int, float]
"""(start, end, score) in code points."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One way a value is written: where to look (anchor), how it goes on (complete)."""

    anchor: str
    complete: Callable[[str, int], Iterable[Candidate]]
    ceiling: float = 1.0  # no candidate of a shape that needs a cue scores higher
    expression: str = ""  # the Python expression behind `complete`, "" where code does it
    needs: tuple[
        str, ...
    ] = ()  # words (small letters) one of which begins in the window before, or `complete` finds nothing


@dataclass(frozen=True, slots=True)
class Recognizer:
    """Everything that finds one label in one country's or vendor's form. `guarded`: strong enough to stop an answer."""

    name: str
    label: str
    shapes: tuple[Shape, ...]
    guarded: bool = False


def in_any_case(expression: str) -> Unless:
    """A search for an expression in any case between two places of a text; truthy where it stands, as `re.IGNORECASE` has it.

    Its words may stand beside ideographs too, see `words_beside_ideographs`.
    """
    if expression != expression.lower():
        return re.compile(expression, re.IGNORECASE).search
    folding = compiled(words_beside_ideographs(expression), re.IGNORECASE).search
    plain = _in_small_letters(expression, _LOOKS_BACK)

    def anyhow(text: str, low: int, end: int) -> object:
        begin = max(0, low - _LOOKS_BACK)
        if not text[begin:end].isascii() and _ODD_CASE.search(text, begin, end) is not None:
            return folding(text, low, end)
        return plain(text, low, end)

    return anyhow


def _cue(expression: str) -> Unless:
    """A search for a cue, truthy where it stands in any case."""
    if expression != expression.lower():
        return re.compile(expression, re.IGNORECASE).search
    return _in_small_letters(expression, 1)


def _in_small_letters(expression: str, looks_back: int) -> Unless:
    """A search for an expression in what stands between two places, made small.

    An expression that folds case itself tries every alternative at every character, which costs ten times as much.
    `looks_back`: how many characters before the first place a word's boundary or a look behind sees.
    """
    search = compiled(words_beside_ideographs(expression)).search

    def in_small(text: str, low: int, end: int) -> object:
        begin = max(0, low - looks_back)
        return search(text[begin:end].lower(), low - begin)

    return in_small


def words_beside_ideographs(expression: str) -> str:
    """The same expression, whose words also begin and end beside ideographs, kana and Hangul, as `ssn` does in 我的ssn是."""
    led = _BEGINS_WORD.sub(lambda found: f"{found[1]}{found[2]}(?<!{SPACED}{found[2]})", expression)
    return _ENDS_WORD.sub(lambda found: f"{found[1]}(?!{SPACED})", led)


def shape(
    anchor: str,
    expression: str = "",
    *,
    check: Check | None = None,
    cue: str = "",
    cue_after: str = "",
    unless: str | Unless = "",
    score: float = 0.9,
    lead: int = 0,
) -> Shape:
    """A shape whose value is the group `value` of `expression`, or all of it, matched from where the anchor hit.

    `anchor` alone (no `expression`) is both. `cue` must be found in the window before the value or `cue_after` in the
    window behind it, where given; `unless` must not be found in the 24 characters before. `lead` starts the match that
    many characters before the anchor's hit at most (the expression is then searched, not matched).
    """
    pattern = compiled(expression or anchor)
    group: int | str = "value" if "value" in pattern.groupindex else 0
    before = _cue(cue) if cue else None
    after = re.compile(cue_after, re.IGNORECASE) if cue_after else None
    never = in_any_case(unless) if isinstance(unless, str) and unless else unless or None

    near = cue.endswith(NEAR)
    needs_cue = before is not None or after is not None
    words = stems(cue) if before is not None and after is None and not group and not lead else ()
    # All of this must hold, so the order is free: a check costs less than the search for a cue, and mostly says no.

    def explained(text: str, start: int, end: int) -> bool:
        low = max(0, start - CUE_WINDOW)
        if near:
            low = _STOP.match(text, low, start).end()  # type: ignore[union-attr]  # it matches everywhere
        if before is not None and start - low > 1 and before(text, low, start):
            return True
        if after is not None and after.search(text[end : end + CUE_WINDOW]):
            return True
        return before is None and after is None

    def complete(text: str, at: int) -> Iterable[Candidate]:
        found = pattern.search(text, max(0, at - lead), at + 512) if lead else pattern.match(text, at)
        if found is None:
            return ()
        start, end = found.span(group)
        if start == end:
            return ()
        if not needs_cue and never is not None and never(text, max(0, start - 24), start):
            return ()
        verdict = True if check is None else check(found[group])
        if not verdict or not explained(text, start, end):
            return ()
        if needs_cue and never is not None and never(text, max(0, start - 24), start):
            return ()
        return ((start, end, score if verdict is True else verdict),)

    return Shape(anchor, complete, score if cue or cue_after else 1.0, expression or anchor, words)
