"""A text as patterns should see it, and the way back from each of its characters to where it stood."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable
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
        return self.starts[start], self.ends[end - 1]


_MOST = 65_536


@cache
def _counted() -> array[int]:
    """0, 1, 2, …: slices of it are copied, which costs a fiftieth of counting."""
    return array("I", range(_MOST + 1))


def counting(begin: int, behind: int) -> array[int]:
    """The numbers from `begin` to before `behind`."""
    return _counted()[begin:behind] if behind <= _MOST else array("I", range(begin, behind))


def replaced(before: Normalised, expression: re.Pattern[str], change: Change) -> Normalised:
    """A text with some pieces changed, the way back kept through what was changed before; `before` itself if none was."""
    text, old_starts, old_ends = before.text, before.starts, before.ends
    pieces: list[str] = []
    starts, ends = array("I"), array("I")
    done = 0

    def keep(until: int) -> None:
        pieces.append(text[done:until])
        starts.extend(counting(done, until) if old_starts is None else old_starts[done:until])
        ends.extend(counting(done + 1, until + 1) if old_ends is None else old_ends[done:until])

    for match in expression.finditer(text):
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
