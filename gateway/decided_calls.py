"""Calls decided once a minute per kind: facts and decision of a call depend on few things, none of them its text.

What two calls have in common is their principal, destination, shape, class of content and counters; then their facts are
equal byte for byte, and so is the decision. One object per configuration: a reload begins with an empty one.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Any

from gateway.inspection.classifier import classify

if TYPE_CHECKING:
    from gateway.flow import Classification, Flow
    from gateway.settings import Provider
    from policies.decision import Decision

Decided = tuple[Mapping[str, Any], "Decision"]

MOST = 4096


class DecidedCalls:
    """Facts and decisions of calls in the current minute."""

    def __init__(self) -> None:
        self._minute = 0
        self._known: dict[Hashable, Decided] = {}
        self._classified: dict[tuple[tuple[str, ...], tuple[str, ...]], Classification] = {}

    def classification(self, why: tuple[str, ...], uninspected: tuple[str, ...]) -> Classification:
        """The class of a call without findings; `uninspected` names the kinds of parts nobody could read, `why` the reasons."""
        known = self._classified.get((why, uninspected))
        if known is None:
            if len(self._classified) >= MOST:
                self._classified.clear()
            known = self._classified[why, uninspected] = classify((), uninspected, why=why)
        return known

    def decided(
        self,
        flow: Flow,
        provider: Provider,
        counters: Mapping[str, int],
        new: Mapping[str, int],
        decide: Callable[[], Decided],
    ) -> Decided:
        """What was decided for a call just like this one, or else `decide()`."""
        request, content = flow.request, flow.classification
        minute = flow.time_us // 60_000_000
        if request is None or content is None:
            return decide()
        if minute != self._minute or len(self._known) >= MOST:
            self._minute = minute
            self._known.clear()
        key = (
            flow.principal, provider.name, request.protocol, request.model, request.stream, request.json_mode,
            len(request.caller_tools), request.provider_tools, request.references, flow.uninspected, flow.files, flow.attempt,
            tuple(content.unredactable.items()),
            content.grade, content.categories, tuple(content.entities.items()), content.important, content.minors,
            tuple((name, len(some)) for name, some in content.subjects.items()), tuple(counters.items()), tuple(new.items()),
        )  # fmt: skip
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = decide()
        return known
