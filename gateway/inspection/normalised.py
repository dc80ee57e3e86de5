"""A text as patterns should see it, and the way back from each of its characters to where it stood."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

Change = Callable[[re.Match[str]], "str | list[tuple[int, int, str]] | None"]
"""From a match to what stands for it: a text, changes inside it as (start, end, text), or None for no change."""


@dataclass(frozen=True, slots=True)
class Normalised:
    """A text as patterns should see it. `starts`/`ends`: where each of its characters stood; None when nothing moved."""

    text: str
    starts: array[int] | None = None
    ends: array[int] | None = None

    def original(self, start: int, end: int) -> tuple[int, int]:
        """A non-empty span of the normalised text as a span of the original."""
        if self.starts is None or self.ends is None:
            return start, end
        first, behind = self.starts[start], self.ends[end - 1]
        # where it is read from right to left, its last character stood first
        return (first, behind) if first < behind else (self.starts[end - 1], self.ends[start])


_MOST = 65_536


@cache
def _counted() -> array[int]:
    """0, 1, 2, …: slices of it are copied, which costs a fiftieth of counting."""
    return array("I", range(_MOST + 1))


def counting(begin: int, behind: int) -> array[int]:
    """The numbers from `begin` to before `behind`."""
    return _counted()[begin:behind] if behind <= _MOST else array("I", range(begin, behind))


def turned(before: Normalised, expression: re.Pattern[str]) -> Normalised:
    """A text in which the first group of each match stands from right to left."""
    spots = list(range(len(before.text)))
    for match in expression.finditer(before.text):
        start, end = match.span(1)
        spots[start:end] = range(end - 1, start - 1, -1)
    starts = array("I", spots if before.starts is None else [before.starts[at] for at in spots])
    ends = array("I", [at + 1 for at in spots] if before.ends is None else [before.ends[at] for at in spots])
    return Normalised("".join(before.text[at] for at in spots), starts, ends)


def replaced(before: Normalised, expression: re.Pattern[str], change: Change) -> Normalised:
    """A text with some pieces changed, the way back kept through what was changed before; `before` itself if none was."""
    return replaced_at(before, expression.finditer(before.text), change)


def replaced_at(before: Normalised, matches: Iterable[re.Match[str]], change: Change) -> Normalised:
    """The same with the matches given, disjoint and in order."""
    text, old_starts, old_ends = before.text, before.starts, before.ends
    pieces: list[str] = []
    starts, ends = array("I"), array("I")
    done = 0

    def keep(until: int) -> None:
        pieces.append(text[done:until])
        starts.extend(counting(done, until) if old_starts is None else old_starts[done:until])
        ends.extend(counting(done + 1, until + 1) if old_ends is None else old_ends[done:until])

    for match in matches:
        new = change(match)
        if new is None:
            continue
        for at, behind, plain in [(*match.span(), new)] if isinstance(new, str) else new:
            keep(at)
            pieces.append(plain)
            starts.extend([at if old_starts is None else old_starts[at]] * len(plain))
            ends.extend([behind if old_ends is None else old_ends[behind - 1]] * len(plain))
            done = behind
    if not pieces:
        return before
    keep(len(text))
    return Normalised("".join(pieces), starts, ends)
