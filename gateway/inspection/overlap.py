"""Which of several findings for the same characters stands.

The surest wins, then the longest; a place gives way to everything. What a loser of the names tier had beyond the winner is
kept as its own finding, so that nothing found is lost: an address with a postcode inside that looked like something else
stays an address.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from operator import attrgetter

from gateway.flow import Span

_KEPT_REST = 3
"""A rest shorter than this (trimmed) says nothing on its own."""

_CONTAINERS = {"PRIVATE_KEY": 3, "CONNECTION_STRING": 2, "JWT": 2, "EMAIL": 1, "API_KEY": 1}
"""Labels whose values hold others inside; they win over what stands in them."""

_PLACE = "LOCATION"
"""A place names nobody, so it gives way: places inside an address would let the address go in pieces."""

_BY_START = attrgetter("start")


def resolve(text: str, spans: Iterable[Span]) -> list[Span]:
    """Disjoint spans in order of their start. Deterministic in the set of spans."""
    chosen: list[Span] = []
    together: list[Span] = []  # each overlaps one of those before it
    behind = 0
    for span in sorted(spans, key=_BY_START):
        if span.start >= behind:
            chosen += _settled(text, together) if len(together) > 1 else together
            together = []
        if span.start < span.end:
            together.append(span)
            behind = max(behind, span.end)
    return chosen + (_settled(text, together) if len(together) > 1 else together)


def _settled(text: str, spans: list[Span]) -> list[Span]:
    """Of spans that overlap those that stand."""
    if len(spans) == 2:
        first, second = spans if _rank(spans[0]) <= _rank(spans[1]) else reversed(spans)
        if second.detector != "names" or (first.start <= second.start and second.end <= first.end):
            return [first]  # nothing is left of the other
    waiting = sorted(set(spans), key=_rank)
    chosen: list[Span] = []  # ordered by start, disjoint
    starts: list[int] = []
    for span in waiting:
        for start, end in _free(chosen, starts, span):
            piece = span if (start, end) == (span.start, span.end) else _rest(text, span, start, end)
            if piece is not None:
                place = bisect_left(starts, piece.start)
                starts.insert(place, piece.start)
                chosen.insert(place, piece)
    return chosen


def _rank(span: Span) -> tuple[object, ...]:
    """The lower, the surer it stands."""
    return (
        -_CONTAINERS.get(span.label, 0),
        span.label == _PLACE,
        -span.score,
        span.start - span.end,
        span.start,
        span.label,
        span.detector,
    )


def _free(chosen: list[Span], starts: list[int], span: Span) -> list[tuple[int, int]]:
    """The stretches of a span that no chosen span covers."""
    place = max(0, bisect_left(starts, span.start) - 1)
    at, free = span.start, []
    while place < len(chosen) and chosen[place].start < span.end:
        other = chosen[place]
        if other.end > at:
            if other.start > at:
                free.append((at, other.start))
            at = other.end
        place += 1
    if at < span.end:
        free.append((at, span.end))
    return free


def _rest(text: str, span: Span, start: int, end: int) -> Span | None:
    if span.detector != "names":
        return None
    while start < end and not text[start].isalnum():
        start += 1
    while end > start and not text[end - 1].isalnum():
        end -= 1
    if end - start < _KEPT_REST:
        return None
    return Span(start, end, span.label, span.score, span.detector)
