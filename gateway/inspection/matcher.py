r"""One pass over a text for all anchors at once: where might something sensitive start?

Hyperscan does this in time linear in the text. Expressions are written for it: bytes, no look-around, no
back-references, no large bounded repeats; `\b` is the ASCII word boundary, so a Chinese character beside a digit is
one. They run in byte mode, so a text need not be valid UTF-8 once encoded (lone surrogates are harmless).
"""

from __future__ import annotations

import importlib
import importlib.metadata
import logging
import os
import platform
import re
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

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


def build(expressions: Sequence[str] | Needs, cache: Path | None = None) -> Matcher:
    """The fastest matcher this machine has. Raises ValueError naming the expression that does not compile.

    Of expressions that need words only those hits are given that have one before them. `cache`: a folder that only we
    write, where what was compiled is kept for the next start.
    """
    if hyperscan is None:
        _log.warning("hyperscan is not installed: patterns are scanned by `re`, many times slower")
    if hyperscan is None or not expressions:
        return PlainMatcher(expressions)
    return HyperscanMatcher(expressions, cache)


class HyperscanMatcher:
    """All expressions in one Hyperscan database; its scratch space is not shared between threads."""

    name = "hyperscan"

    def __init__(self, expressions: Sequence[str] | Needs, cache: Path | None = None) -> None:
        needs = expressions if isinstance(expressions, Needs) else plain(expressions)
        expressions, self._plan = needs.expressions(), needs.packed()
        file = cache / f"patterns-{_name(expressions)}.hsdb" if cache is not None else None
        self._database: Any = _kept(file) if file is not None else None
        if self._database is None:
            self._database = _compiled(expressions)
            if file is not None:
                _keep(self._database, file)

    def scan(self, text: str) -> list[Hit]:
        content = text.encode("utf-8", "surrogatepass")
        hits = Hits()
        self._database.scan(content, match_event_handler=hits)
        found: list[Hit] = hits.take(content, len(text), self._plan)
        return found


def _compiled(expressions: Sequence[str]) -> Any:
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    flags = hyperscan.HS_FLAG_SOM_LEFTMOST | hyperscan.HS_FLAG_DOTALL
    try:
        database.compile(
            expressions=[expression.encode() for expression in expressions],
            ids=list(range(len(expressions))),
            flags=[flags] * len(expressions),
        )
    except hyperscan.error as problem:
        raise ValueError(f"{_culprit(expressions, flags)}: {problem}") from problem
    return database


def _name(expressions: Sequence[str]) -> str:
    """Of these expressions, this library and this kind of processor: what Hyperscan compiles depends on all three."""
    system = (importlib.metadata.version("hyperscan"), platform.machine(), _processor())
    return sha256("\0".join((*system, *expressions)).encode()).hexdigest()[:24]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return ""
    return next((line for line in lines if line.startswith("flags")), "")


def _kept(file: Path) -> Any:
    """What was compiled before; None when there is none, or it is damaged or another machine's."""
    try:
        database = hyperscan.loadb(file.read_bytes(), hyperscan.HS_MODE_BLOCK)
        database.scratch = hyperscan.Scratch(database)
    except (OSError, ValueError, hyperscan.error):
        return None
    return database


def _keep(database: Any, file: Path) -> None:
    """Whole or not at all; without it the next start compiles again."""
    temporary = file.with_suffix(f".{os.getpid()}")
    try:
        temporary.write_bytes(hyperscan.dumpb(database))
        temporary.replace(file)
    except OSError as problem:
        _log.warning("what was compiled of the patterns could not be kept: %s", problem.strerror)


class PlainMatcher:
    """The same hits by Python's `re`, one expression after the other: for platforms without Hyperscan, many times slower."""

    name = "re"

    def __init__(self, expressions: Sequence[str] | Needs) -> None:
        needs = expressions if isinstance(expressions, Needs) else plain(expressions)
        expressions, self._plan = needs.expressions(), needs.packed()
        # A look-ahead reports every start, as Hyperscan does, also of matches that overlap.
        self._expressions = [_look_ahead(expression) for expression in expressions]

    def scan(self, text: str) -> list[Hit]:
        content = text.encode("utf-8", "surrogatepass")
        hits = Hits()
        for number, each in enumerate(self._expressions):
            for match in each.finditer(content):
                hits(number, match.start())
        found: list[Hit] = hits.take(content, len(text), self._plan)
        return found


def _look_ahead(expression: str) -> re.Pattern[bytes]:
    bare = expression.removeprefix("(?i)")
    return re.compile(b"(?=" + bare.encode() + b")", re.DOTALL | (re.IGNORECASE if bare != expression else 0))


def _culprit(expressions: Sequence[str], flags: int) -> str:
    """The first expression that does not compile alone; Hyperscan does not always say."""
    for expression in expressions:
        try:
            hyperscan.Database().compile(expressions=[expression.encode()], ids=[0], flags=[flags])
        except hyperscan.error:
            return expression
    return "the set of expressions"
