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
from gateway.inspection.hits import Hits
from gateway.inspection.needs import Needs, plain

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

    def scan_bytes(self, content: bytes, points: int) -> list[Hit]:
        """The same of a text in UTF-8 (lone surrogates as they are) and the number of its code points."""
        ...


def build(expressions: Sequence[str] | Needs, cache: Path | None = None) -> Matcher:
    """The fastest matcher this machine has. Raises ValueError naming the expression that does not compile.

    Of expressions that need words only those hits are given that have one before them. `cache`: a folder that only we
    write, where what was compiled is kept for the next start.
    """
    if hyperscan is None:
        _log.warning("hyperscan is not installed: patterns are scanned by `re`, many times slower")
    needs = expressions if isinstance(expressions, Needs) else plain(expressions)
    if hyperscan is None or not needs.anchors:
        return PlainMatcher(needs)
    return HyperscanMatcher(needs, cache)


class HyperscanMatcher:
    """All expressions in few Hyperscan databases, whose scratch space is not shared between threads."""

    name = "hyperscan"

    def __init__(self, expressions: Sequence[str] | Needs, cache: Path | None = None) -> None:
        needs = expressions if isinstance(expressions, Needs) else plain(expressions)
        self._plan = needs.packed()
        self._databases = databases(hyperscan, needs.expressions(), cache)

    def scan(self, text: str) -> list[Hit]:
        return self.scan_bytes(text.encode("utf-8", "surrogatepass"), len(text))

    def scan_bytes(self, content: bytes, points: int) -> list[Hit]:
        hits = Hits()
        for database in self._databases:
            database.scan(content, match_event_handler=hits)
        found: list[Hit] = hits.take(content, points, self._plan)
        return found


class PlainMatcher:
    """The same hits by Python's `re`, one expression after the other: for platforms without Hyperscan, many times slower."""

    name = "re"

    def __init__(self, expressions: Sequence[str] | Needs) -> None:
        needs = expressions if isinstance(expressions, Needs) else plain(expressions)
        expressions, self._plan = needs.expressions(), needs.packed()
        # A look-ahead reports every start, as Hyperscan does, also of matches that overlap.
        self._expressions = [_look_ahead(expression) for expression in expressions]

    def scan(self, text: str) -> list[Hit]:
        return self.scan_bytes(text.encode("utf-8", "surrogatepass"), len(text))

    def scan_bytes(self, content: bytes, points: int) -> list[Hit]:
        hits = Hits()
        for number, each in enumerate(self._expressions):
            for match in each.finditer(content):
                hits(number, match.start())
        found: list[Hit] = hits.take(content, points, self._plan)
        return found


def _look_ahead(expression: str) -> re.Pattern[bytes]:
    bare = expression.removeprefix("(?i)")
    return re.compile(b"(?=" + bare.encode() + b")", re.DOTALL | (re.IGNORECASE if bare != expression else 0))
