"""Decisions already made. A clean call pays microseconds for its decision, not the engine's hundreds.

The key is (bundle digest, the facts that the bundle reads): see `policies.reads`. For the built-in bundles these are
the countries, the destination's certifications and retention, audience and purpose, the classification with its counts
of entities and subjects, counters, mechanisms, unread parts, references and provider tools, and the minute; not the
tenant, user, application, provider, model or attempt. Callers cut `now` to the minute (`policies.facts` does so too).
Only documents that passed every check of `policies.facts` fill the cache. One cache per engine's thread.
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

    def decide(self, engine: Engine, document: Mapping[str, Any]) -> Decision:
        """What `engine.decide(document)` says, from memory if it was said before. Raises what the engine raises."""
        try:
            key = (engine.digest, orjson.dumps(engine.read_facts(document), option=orjson.OPT_SORT_KEYS))
        except TypeError:  # not plain JSON: the engine's own checks say what is wrong
            return engine.decide(document)
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
            self.hits += 1
            return kept
        self.misses += 1
        decision = engine.decide(document)
        self._kept[key] = decision
        if len(self._kept) > self.capacity:
            self._kept.popitem(last=False)
        return decision

    def __len__(self) -> int:
        return len(self._kept)

    def clear(self) -> None:
        """Forgets everything. Not needed at a swap: another bundle has another digest."""
        self._kept.clear()
