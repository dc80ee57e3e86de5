"""Words that a cue cannot be found without, read from its expression."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import Any

_parser: Any = importlib.import_module("re._parser")  # the standard library's own: nothing public reads expressions
_constants: Any = importlib.import_module("re._constants")

_MOST = 24
"""More ways to write a word than so many are not told apart."""

Words = frozenset[str]


def stems(cue: str) -> tuple[str, ...]:
    """Words, in small letters, one of which stands in every text, in small letters, that a cue is found in.

    None where there is no such set, or where one of them says too little: less than two letters, or a Chinese character.
    """
    found = _needed(_parser.parse(cue))
    if found is None or any(len(word) < 2 and word < "一" for word in found):
        return ()
    words = {word.lower() for word in found}
    return tuple(sorted(word for word in words if not any(other in word for other in words - {word})))


def _needed(sequence: Iterable[tuple[Any, Any]]) -> Words | None:
    """A set of words of which a text that the sequence matches holds one; the one that says most."""
    best: Words | None = None
    run: Words = frozenset({""})
    for element in sequence:
        exact = _exact([element])
        longer = None if exact is None else frozenset(before + after for before in run for after in exact)
        if longer is not None and len(longer) <= _MOST:
            run = longer
            continue
        best, run = _better(best, run), exact or frozenset({""})
        best = _better(best, _within(element))
    return _better(best, run)


def _within(element: tuple[Any, Any]) -> Words | None:
    """The same for one element that may be written in many ways."""
    kind, value = element
    if kind is _constants.SUBPATTERN:
        return _needed(value[3])
    if kind in _REPEATS and value[0] > 0:
        return _needed(value[2])
    if kind is _constants.BRANCH:
        parts = [_needed(part) for part in value[1]]
        return None if None in parts else frozenset().union(*(part for part in parts if part is not None))
    return None


def _better(left: Words | None, right: Words | None) -> Words | None:
    """The set whose shortest word is longer; None says nothing, and so does a set with an empty word."""
    return max(
        (each for each in (left, right) if each and "" not in each), key=lambda each: min(map(len, each)), default=None
    )


def _exact(sequence: Iterable[tuple[Any, Any]]) -> Words | None:
    """All texts that a sequence matches, None if they are many. What stands around them is not looked at."""
    found: Words = frozenset({""})
    for kind, value in sequence:
        texts = _texts(kind, value)
        if texts is None:
            return None
        found = frozenset(before + after for before in found for after in texts)
        if len(found) > _MOST:
            return None
    return found


def _texts(kind: Any, value: Any) -> Words | None:
    if kind is _constants.LITERAL:
        return frozenset({chr(value)})
    if kind in {_constants.AT, _constants.ASSERT, _constants.ASSERT_NOT}:
        return frozenset({""})
    if kind is _constants.IN:
        return _letters(value)
    if kind is _constants.SUBPATTERN:
        return _exact(value[3])
    if kind is _constants.BRANCH:
        parts = [_exact(part) for part in value[1]]
        together = frozenset().union(*(part for part in parts if part is not None))
        return None if None in parts or len(together) > _MOST else together
    if kind in _REPEATS and value[:2] == (0, 1):
        once = _exact(value[2])
        return None if once is None else once | {""}
    return None


def _letters(parts: Iterable[tuple[Any, Any]]) -> Words | None:
    found: set[str] = set()
    for kind, value in parts:
        if kind is not _constants.LITERAL:
            return None
        found.add(chr(value))
    return frozenset(found)


_REPEATS = frozenset({_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT})
