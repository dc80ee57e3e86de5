"""An answer under the guard `names`: an event goes on when all that it would let out has been inspected.

Each event is read twice. A *scout* reads it at once and asks for the inspection of every segment that it completes;
the answer proper reads it when the verdicts are there. So the bytes that come out do not depend on how the answer was
cut into chunks, nor on when verdicts come.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Mapping

from gateway.errors import LexgateError
from gateway.protocols.answer import AnswerOptions, MalformedAnswer
from gateway.protocols.sse import Event, read_event
from gateway.redaction.channel import Rules
from gateway.redaction.escaped import Guard
from gateway.redaction.names_guard import NamesGuard, Uninspected
from gateway.redaction.placeholder import Restorable
from gateway.redaction.stream import AnswerStream, Finished, answer_of


class InspectedStream(AnswerStream):
    """Use: after each `feed`, inspect `names.wanted()`, let `names` learn it, send `idle()`; likewise after `end`."""

    def __init__(
        self,
        family: str,
        *,
        streaming: bool,
        names: NamesGuard,
        placeholders: Mapping[str, Restorable] | None = None,
        guard: Guard | None = None,
        allowed: Callable[[str, str], bool] = lambda _label, _value: False,
        label: Callable[[str], str] | None = None,
        hide_usage: bool = False,
        outbound: frozenset[str] = frozenset(),
        json_mode: bool = False,
        flow: str = "",
        framing: str = "sse",
        shifted: bool = False,
        protocol: str = "",
        plain: bool = False,
    ) -> None:
        """As for AnswerStream; `names` belongs to this answer alone."""
        super().__init__(
            family, streaming=streaming, placeholders=placeholders, guard=guard, allowed=allowed, label=label,
            hide_usage=hide_usage, outbound=outbound, json_mode=json_mode, flow=flow, framing=framing, shifted=shifted,
            names=names, protocol=protocol, plain=plain,
        )  # fmt: skip
        self._names = names
        options = AnswerOptions(json_mode=json_mode, array=streaming and framing == "array", plain=plain)
        self._scout = answer_of(family, protocol, Rules(names=names, scout=True), options)
        self._scouting = True
        self._ended = False
        self._queue: deque[tuple[Event, tuple[str, ...]]] = deque()

    def idle(self) -> bytes:
        """What has been inspected since."""
        return self._drained()

    def end(self) -> None:
        """No more bytes come: everything held is to be inspected. A second call does nothing."""
        if self._ended:
            return
        self._ended = True
        with contextlib.suppress(MalformedAnswer):  # the answer proper will say so
            if self._streaming:
                self._end_stream()
            else:
                self._scout.whole(b"".join(self._whole))

    def _end_stream(self) -> None:
        rest = self._reader.rest()
        if rest.strip() and self.report.problem is None:
            event = read_event(rest.rstrip(b"\r\n") + b"\n\n")
            try:
                self._look(event)
            except MalformedAnswer:
                self.report.problem = "truncated"
            else:
                self._queue.append((event, self._names.asked()))
        if self._scout.terminal is None:
            self._scout.flush()

    def finish(self, error: LexgateError | None = None) -> Finished:
        """As for AnswerStream. Raises Uninspected where verdicts are missing: then nothing more may be sent."""
        self.end()
        return super().finish(error)

    def _finish_stream(self, error: LexgateError | None) -> bytes:
        out = self._drained()
        if self._queue:
            raise Uninspected
        return out + super()._finish_stream(error)

    def _event(self, event: Event) -> bytes:
        if self.report.problem == "malformed":
            return b""
        if self._scouting:
            try:
                self._look(event)
            except MalformedAnswer:
                self._scouting = False  # nothing follows
        self._queue.append((event, self._names.asked()))
        return self._drained()

    def _look(self, event: Event) -> None:
        if self._scout.terminal is None:
            self._scout.event(event)

    def _drained(self) -> bytes:
        out: list[bytes] = []
        while self._queue and self.report.problem != "malformed" and self._names.knows(self._queue[0][1]):
            event, _ = self._queue.popleft()
            try:
                out.append(super()._event(event))
            except MalformedAnswer:
                self.report.problem = "malformed"
                self._queue.clear()
        return b"".join(out)
