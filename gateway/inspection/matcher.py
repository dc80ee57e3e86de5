r"""One pass over a text for all anchors at once: where might something sensitive start?

Hyperscan does this in time linear in the text. Expressions are written for it: bytes, no look-around, no
back-references, no large bounded repeats; `\b` is the ASCII word boundary, so a Chinese character beside a digit is
one. They run in byte mode, so a text need not be valid UTF-8 once encoded (lone surrogates are harmless).
"""

from __future__ import annotations

import importlib
import logging
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from gateway.inspection.databases import databases

hyperscan: Any
try:
    hyperscan = importlib.import_module("hyperscan")
except ImportError:  # no wheel for this platform: the slower matcher below gives the same hits
    hyperscan = None

Hit = tuple[int, int]
"""(number of the expression, code point at which its match starts)"""


_log = logging.getLogger(__name__)


class Matcher(Protocol):
    """Finds every start of every expression. Belongs to one thread."""

    name: str

    def scan(self, text: str) -> list[Hit]:
        """All distinct hits, ordered by start."""
        ...


def build(expressions: Sequence[str], cache: Path | None = None) -> Matcher:
    """The fastest matcher this machine has. Raises ValueError naming the expression that does not compile.

    `cache`: a folder that only we write, where what was compiled is kept for the next start.
    """
    if hyperscan is None:
        _log.warning("hyperscan is not installed: patterns are scanned by `re`, many times slower")
    if hyperscan is None or not expressions:
        return PlainMatcher(expressions)
    return HyperscanMatcher(expressions, cache)


class HyperscanMatcher:
    """All expressions in few Hyperscan databases, whose scratch space is not shared between threads."""

    name = "hyperscan"

    def __init__(self, expressions: Sequence[str], cache: Path | None = None) -> None:
        self._databases = databases(hyperscan, expressions, cache)

    def scan(self, text: str) -> list[Hit]:
        content = text.encode("utf-8", "surrogatepass")
        found: list[Hit] = []

        def collect(number: int, start: int, end: int, flags: int, context: object) -> None:
            del end, flags, context
            found.append((start, number))

        for database in self._databases:
            database.scan(content, match_event_handler=collect)
        if not found:
            return found
        hits = sorted(set(found)) if len(found) > 1 else found
        if len(content) == len(text):
            return [(number, start) for start, number in hits]
        return _in_code_points(content, hits)


class PlainMatcher:
    """The same hits by Python's `re`, one expression after the other: for platforms without Hyperscan, many times slower."""

    name = "re"

    def __init__(self, expressions: Sequence[str]) -> None:
        # A look-ahead reports every start, as Hyperscan does, also of matches that overlap.
        self._expressions = [_look_ahead(expression) for expression in expressions]

    def scan(self, text: str) -> list[Hit]:
        content = text.encode("utf-8", "surrogatepass")
        hits = sorted(
            {
                (match.start(), number)
                for number, each in enumerate(self._expressions)
                for match in each.finditer(content)
            }
        )
        return _in_code_points(content, hits)


def _look_ahead(expression: str) -> re.Pattern[bytes]:
    bare = expression.removeprefix("(?i)")
    return re.compile(b"(?=" + bare.encode() + b")", re.DOTALL | (re.IGNORECASE if bare != expression else 0))


def _in_code_points(content: bytes, hits: Sequence[tuple[int, int]]) -> list[Hit]:
    """Byte offsets to code points in one walk over the text."""
    converted: list[Hit] = []
    byte = point = 0
    for start, number in hits:
        if start > byte:
            point += len(content[byte:start].decode("utf-8", "surrogatepass"))
            byte = start
        converted.append((number, point))
    return converted
