"""Records as one operator sees them: those of other tenants do not exist."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.control.deps import RecordStore

MOST_PAGES = 20
"""Pages of the store that are read for one page of an operator who sees several tenants."""


@dataclass(frozen=True, slots=True)
class SeenPage:
    """The visible records of a search. May be short or empty with a `next`: there may be more behind it."""

    records: list[Mapping[str, Any]]
    next: str | None


class ScopedRecords:
    """The store, limited to some tenants (None: all). Blocking, like the store."""

    def __init__(self, store: RecordStore, tenants: frozenset[str] | None) -> None:
        self._store = store
        self._tenants = tenants

    def find(self, q: str, after: str | None, limit: int) -> SeenPage:
        """One page of the query's visible records.

        With one tenant the store's own index does the work. With several its pages are read and filtered: the query
        language has no OR, and its cursors are not ours to merge.
        """
        if self._tenants is not None and len(self._tenants) == 1:
            (tenant,) = self._tenants
            q = f"tenant:{tenant} {q}".rstrip()
        seen: list[Mapping[str, Any]] = []
        for _ in range(MOST_PAGES):
            page = self._store.find(q, after, limit - len(seen))
            seen.extend(record for record in page.records if self._visible(record))
            after = page.next
            if after is None or len(seen) >= limit:
                break
        return SeenPage(seen, after)

    def get(self, flow: str) -> Mapping[str, Any] | None:
        """The record, or None. Read first and judged then: a forbidden record costs what a permitted one costs."""
        record = self._store.get(flow)
        return record if record is not None and self._visible(record) else None

    def proof(self, flow: str) -> Mapping[str, Any] | None:
        """The proof, or None; in the same way."""
        document = self._store.proof(flow)
        return document if self.get(flow) is not None else None

    def trace(self, flow: str) -> Mapping[str, Any] | None:
        """The chain, or None; in the same way. A chain is of one tenant."""
        document = self._store.trace(flow)
        return document if self.get(flow) is not None else None

    def _visible(self, record: Mapping[str, Any]) -> bool:
        if self._tenants is None:
            return True
        tenant = (record.get("subj") or {}).get("tenant")
        if tenant is not None:
            return tenant in self._tenants
        # Its user was erased and the group with it; the search columns still know whose record it was.
        return any(self._store.find(f"flow:{record['flow']} tenant:{one}", None, 1).records for one in self._tenants)
