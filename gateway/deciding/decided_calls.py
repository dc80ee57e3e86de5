"""Calls decided once a minute per kind: facts and decision of a call depend on few things, none of them its text.

What two calls have in common is their principal, destination, shape, class of content and counters; then their facts are
equal byte for byte, and so are the decision and what a record says of it. One object per configuration: a reload begins
with an empty one.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from gateway.ingress.known_requests import DecidedFor
from gateway.inspection.classifier import classify

if TYPE_CHECKING:
    from audit.canonical import Rendered, Template
    from audit.projection import Row
    from gateway.flow import Classification, Flow
    from gateway.settings import Provider
    from policies.decision import Decision

MOST = 4096
MINUTE_US = 60_000_000
WRITTEN = 64
"""Forms of an intent's `pub` that are kept of one kind of call: one for each combination of what was redacted."""
ENDED = 8
"""Ways in which calls of one kind end that are kept, of 1 KB each: models that a provider names anew are not worth more."""
FORMS = 8_192
"""Of both together that are kept of all kinds, 1 to 3 KB each: within a minute, callers whose calls all differ fill no more."""


class Written(NamedTuple):
    """An intent's `pub` with holes for parents, span and trace, and its row for search, without its parents."""

    template: Template
    row: Row
    row_json: bytes


@dataclass(slots=True)
class Forms:
    """How many forms are kept of all kinds in the current minute."""

    kept: int = 0


@dataclass(slots=True)
class Decided:
    """Facts and decision of calls of one kind. `told`: what a record says of them all, once one has been written.

    `written`: the same as the bytes of an intent's `pub`, by what differs between calls of one kind. `ended`: what an outcome
    adds in its `pub`, by how such a call ended.
    """

    facts: Mapping[str, Any] = field(repr=False)
    decision: Decision
    told: Mapping[str, Any] | None = None
    written: dict[Hashable, Written] = field(default_factory=dict, repr=False)
    ended: dict[Hashable, Rendered] = field(default_factory=dict, repr=False)
    forms: Forms = field(default_factory=Forms, repr=False)

    def keep_written(self, form: Hashable, made: Written) -> None:
        """Keeps an intent's form, while there is room for one among those of all kinds."""
        if self._has_room(self.written, WRITTEN):
            self.written[form] = made

    def keep_ended(self, way: Hashable, made: Rendered) -> None:
        """Keeps an end, while there is room for one among the forms of all kinds."""
        if self._has_room(self.ended, ENDED):
            self.ended[way] = made

    def _has_room(self, kept: dict[Hashable, Any], most: int) -> bool:
        if len(kept) >= most:
            self.forms.kept -= len(kept)
            kept.clear()
        if self.forms.kept >= FORMS:
            return False
        self.forms.kept += 1
        return True


class DecidedCalls:
    """Facts and decisions of calls in the current minute."""

    def __init__(self) -> None:
        self._minute = 0
        self._forms = Forms()
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
        self, flow: Flow, provider: Provider, counted: tuple[Hashable, ...], decide: Callable[[], Decided]
    ) -> Decided:
        """What was decided for a call just like this one, or else `decide()`. `counted`: where its counters stand."""
        request, content, body = flow.request, flow.classification, flow.known
        minute = flow.time_us // MINUTE_US
        if request is None or content is None:
            return decide()
        if minute != self._minute or len(self._known) >= MOST:
            self._minute = minute
            self._known.clear()
            self._forms = Forms()
        key = (
            flow.principal, provider.name, flow.endpoint.protocol, request.shape, flow.uninspected, flow.files, flow.attempt,
            content.shape, counted,
        )  # fmt: skip
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = decide()
            known.forms = self._forms
        if body is not None and not counted and flow.attempt == 1:
            body.decided = DecidedFor(self, minute, flow.who, provider, known)
        return known

    def again(self, flow: Flow, provider: Provider) -> Decided | None:
        """What was decided this minute for this very body, principal and destination, where nothing is counted.

        The body says of a call all that its kind depends on but those: its protocol, shape, class and files.
        """
        last = flow.known.decided if flow.known is not None else None
        if last is None or last.calls is not self or flow.attempt != 1 or last.provider is not provider:
            return None
        return last.decided if last.principal is flow.principal and last.minute == flow.time_us // MINUTE_US else None
