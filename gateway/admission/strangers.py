"""Refusals of strangers and of callers over their limit, aggregated by source and minute.

Nobody buys a durable write with a bad key: one `refusals` leaf a minute tells how often which source was refused why.
Sources are keyed hashes, so that the log holds no addresses.
"""

from __future__ import annotations

import hashlib
from collections import Counter

from audit.record import LeafDraft, LeafKind

MOST_SOURCES = 4096
"""Different (source, reason) pairs kept apart in one minute; beyond it they are counted together as "others"."""


class Refusals:
    """Counts of one worker since its last report."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._counts: Counter[tuple[str, str]] = Counter()

    def count(self, source: str, reason: str) -> None:
        """One refusal of a source (an address or a principal's key id) for a reason (an error code)."""
        hashed = hashlib.blake2b(source.encode(), key=self._key, digest_size=12).hexdigest()
        if len(self._counts) >= MOST_SOURCES and (hashed, reason) not in self._counts:
            hashed = "others"
        self._counts[(hashed, reason)] += 1

    def take(self, now_us: int) -> LeafDraft | None:
        """The leaf of what was counted since the last call; None when nothing was."""
        if not self._counts:
            return None
        rows = [
            {"source": source, "reason": reason, "count": count}
            for (source, reason), count in sorted(self._counts.items())
        ]
        self._counts.clear()
        return LeafDraft(
            kind=LeafKind.REFUSALS, flow="", time_us=now_us, tenant="", user="", groups={"pub": {"refusals": rows}}
        )
