"""The decision point of one event loop: one engine, one cache, swapped together between two calls.

An engine is bound to the thread that made it, and a swap is one assignment: a call is decided by the old bundle or by
the new one, never by a mixture.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from policies.bundle import Bundle, load
from policies.cache import DecisionCache
from policies.decision import Decision
from policies.engine import Engine
from policies.facts import canonical

CAPACITY = 2048
"""Decisions, 2 to 3 KB each. Facts hold the minute, so what is older than one is never asked for again."""


class PolicyPoint:
    """Decides documents. Make it, and use it, in one thread."""

    def __init__(self, bundle: Bundle) -> None:
        self.digest = bundle.digest
        self._engine = Engine(bundle)
        self._cache = DecisionCache(CAPACITY)

    @classmethod
    def of(cls, source: str | Path) -> PolicyPoint:
        """From "builtin:strict", a folder or a bundle file. Raises policies.errors.PolicyError."""
        return cls(load(source))

    @staticmethod
    def canonical(document: Mapping[str, Any]) -> Mapping[str, Any]:
        """The form in which facts are decided, recorded and replayed. Raises policies.errors.FactsInvalid."""
        return canonical(document)

    def decide(self, document: Mapping[str, Any]) -> Decision:
        """The decision on canonical facts. Raises policies.errors.PolicyFailed: then the call is refused."""
        return self._cache.decide(self._engine, document)
