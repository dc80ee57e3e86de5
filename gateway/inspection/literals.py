"""One pass over a text for words as they are, in any case of ASCII: thousands of them, compiled at each first start.

As expressions they would take Hyperscan seven times as long to compile; it finds them as fast. What it does not say of a
literal is where it starts and whether it stands as a word: its length says the one, and what stands beside it the other.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.inspection.databases import literal_database
from gateway.inspection.hits import Hits
from gateway.inspection.hits_python import BEGINS_WORD, ENDS_WORD
from gateway.inspection.matcher import Hit, hyperscan


@dataclass(frozen=True, slots=True)
class Literal:
    """A word, or several; in UTF-8 no longer than 65,535 bytes. `begins`, `ends`: it counts only where a word does so there."""

    text: str
    begins: bool = False
    ends: bool = False

    def packed(self) -> int:
        return len(self.text.encode()) | BEGINS_WORD * self.begins | ENDS_WORD * self.ends


class Literals:
    """Finds every start of every literal. Belongs to one thread. `cache`: see `matcher.build`."""

    def __init__(self, literals: Sequence[Literal], cache: Path | None = None) -> None:
        self._packed = array("I", [each.packed() for each in literals]).tobytes()
        words = [each.text.encode() for each in literals]
        self._database = None if hyperscan is None or not words else literal_database(hyperscan, words, cache)
        self._plain = [
            re.compile(b"(?=(" + re.escape(word) + b"))", re.IGNORECASE) for word in words if hyperscan is None
        ]

    def scan_bytes(self, content: bytes, points: int) -> list[Hit]:
        """(number, code point) of all hits, ordered by start, of a text in UTF-8 and the number of its code points."""
        hits = Hits(self._packed)
        if self._database is not None:
            self._database.scan(content, match_event_handler=hits)
        for number, each in enumerate(self._plain):
            for match in each.finditer(content):
                hits(number, *match.span(1))
        found: list[Hit] = hits.take(content, points, b"")
        return found
