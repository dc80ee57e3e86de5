"""The active bundle's engine for /api/decide, in the one thread it belongs to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from policies.bundle import Bundle
from policies.decision import Decision
from policies.engine import Engine


class LivePolicy:
    """A `ControlDeps.policy` that follows the active bundle: made, remade after a swap and used in the calling thread.

    `active` is asked at each decision and answers the bundle in force; it must be cheap. Raises what Engine raises.
    """

    def __init__(self, active: Callable[[], Bundle]) -> None:
        self._active = active
        self._engine: Engine | None = None

    def __call__(self, document: Mapping[str, Any]) -> Decision:
        bundle = self._active()
        if self._engine is None or self._engine.digest != bundle.digest:
            self._engine = Engine(bundle)
        return self._engine.decide(document)
