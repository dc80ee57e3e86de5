"""Decisions already made. A clean call pays microseconds for its decision, not the engine's hundreds.

The key is (bundle digest, the facts that the bundle reads): see `policies.reads`. All facts are canonical first, so
`now` is cut to the minute and counters stand only in calls that carry data subjects. One cache per engine's thread.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import orjson

from policies.decision import Decision
from policies.engine import Engine


class DecisionCache:
    """Least recently used decisions, at most `capacity` of them. Failures are not kept: they are tried again."""

    def __init__(self, capacity: int = 4096) -> None:
        self.capacity = capacity
        self.hits = 0
        self.misses = 0
        self._kept: OrderedDict[tuple[str, bytes], Decision] = OrderedDict()

    def decide(self, engine: Engine, facts: Mapping[str, Any]) -> Decision:
        """The engine's decision on canonical facts (`policies.facts.canonical`). Raises what the engine raises."""
        key = (engine.digest, orjson.dumps(engine.read_facts(facts), option=orjson.OPT_SORT_KEYS))
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
            self.hits += 1
            return kept
        self.misses += 1
        decision = engine.decide_facts(facts)
        self._kept[key] = decision
        if len(self._kept) > self.capacity:
            self._kept.popitem(last=False)
        return decision

    def __len__(self) -> int:
        return len(self._kept)

    def clear(self) -> None:
        """Forgets everything. Not needed at a swap: another bundle has another digest."""
        self._kept.clear()
