"""Spans of many expressions in one linear pass: Hyperscan alone decides, so no expression can run away on any text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.errors import ConfigurationError
from gateway.inspection import matcher

MOST_EVENTS = 262_144
"""Ends of matches that are looked at in one text; a set of expressions that has more is refused by its cost test."""


class TooManyMatches(Exception):
    """An expression matches so often that nothing can be said of the text."""


class SpansMatcher:
    """Leftmost-longest spans of each expression. Belongs to one thread."""

    def __init__(self, expressions: Sequence[str]) -> None:
        hyperscan = matcher.hyperscan
        if hyperscan is None:
            raise ConfigurationError("own recognisers and dictionaries need hyperscan, which is not installed")
        self._database: Any = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        flags = (
            hyperscan.HS_FLAG_SOM_LEFTMOST | hyperscan.HS_FLAG_CASELESS | hyperscan.HS_FLAG_DOTALL
            | hyperscan.HS_FLAG_MULTILINE | hyperscan.HS_FLAG_UTF8
        )  # fmt: skip
        try:
            self._database.compile(
                expressions=[expression.encode() for expression in expressions],
                ids=list(range(len(expressions))),
                flags=[flags] * len(expressions),
            )
        except hyperscan.error as problem:
            raise ValueError(str(problem)) from problem

    def find(self, text: str) -> list[tuple[int, int, int]]:
        """(number of the expression, start, end) in code points. Raises TooManyMatches."""
        content = text.encode("utf-8", "replace")
        longest: dict[tuple[int, int], int] = {}
        count = 0

        def collect(number: int, start: int, end: int, flags: int, context: object) -> bool | None:
            nonlocal count
            del flags, context
            count += 1
            longest[number, start] = end  # ends are reported in order
            return True if count > MOST_EVENTS else None

        try:
            self._database.scan(content, match_event_handler=collect)
        except matcher.hyperscan.error:
            if count <= MOST_EVENTS:
                raise
        if count > MOST_EVENTS:
            raise TooManyMatches
        return _in_code_points(content, _leftmost(longest), len(content) == len(text))


def _leftmost(longest: dict[tuple[int, int], int]) -> list[tuple[int, int, int]]:
    """Of overlapping matches of one expression the one that begins first."""
    kept: list[tuple[int, int, int]] = []
    behind: dict[int, int] = {}
    for (number, start), end in sorted(longest.items(), key=lambda item: item[0][1]):
        if start >= behind.get(number, 0):
            kept.append((number, start, end))
            behind[number] = end
    return kept


def _in_code_points(content: bytes, spans: list[tuple[int, int, int]], plain: bool) -> list[tuple[int, int, int]]:
    if plain or not spans:
        return spans
    wanted = sorted({at for _, start, end in spans for at in (start, end)})
    points: dict[int, int] = {}
    byte = point = 0
    for at in wanted:
        point += len(content[byte:at].decode("utf-8", "replace"))
        byte, points[at] = at, point
    return [(number, points[start], points[end]) for number, start, end in spans]
