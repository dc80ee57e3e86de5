"""The usual way of a stream's piece: read, inspected and sent on in one callback, without a turn of the event loop between.

Only while nobody has to wait: not for the caller, for inspectors, for marks, nor for work that is done beside the loop.
What has to wait is left to `gateway/delivery.py`, which takes one piece its own way and comes back.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from gateway.flow import Flow
from gateway.heavy_work import ANSWER_WEIGHT, LARGE
from gateway.protocols.pipe import Pipe
from gateway.recording.answer_digests import Digests
from gateway.redaction.stream import AnswerStream
from gateway.upstream.port import UpstreamAnswer

FEW_BYTES = 16_384
"""Bytes that wait to be digested: one look at many costs less than many looks."""
HEAVY = LARGE // ANSWER_WEIGHT
"""Bytes of an answer that are worked on beside the event loop."""


class Relay:
    """One stream on its usual way."""

    __slots__ = ("_answer", "_caller", "_delivered", "_digests", "_pipe", "_received", "_report", "_size", "left")

    def __init__(self, flow: Flow, answer: AnswerStream, digests: Digests) -> None:
        self._caller = flow.caller
        self._answer = answer
        self._report = answer.report
        self._digests = digests
        self._received: list[bytes] = []
        self._delivered: list[bytes] = []
        self._size = 0
        self._pipe: Pipe | None = None
        self.left: bytes | None = None  # the piece that has to wait

    @property
    def flows(self) -> bool:
        """Whether the next piece can go this way."""
        return self._caller.flows and not self._answer.stopped

    def pipe(self) -> Pipe | None:
        """What takes plain pieces without asking; `take` gets what it leaves."""
        if self._pipe is None:
            self._pipe = self._caller.pipe()
        return self._pipe

    def take(self, chunk: bytes) -> bool:
        """A piece from the provider. False: the next has to wait, and so has `left`, or the answer has been stopped."""
        answer, pipe, size, flows = self._answer, self._pipe, len(chunk), True
        if pipe is not None:
            self._from_pipe(pipe)
        out = answer.plain(chunk) if size < HEAVY else None
        if out is None:
            if size + answer.held >= HEAVY:
                self.left = chunk
                return False
            out = answer.feed(chunk)
        self._received.append(chunk)
        if out:
            self._delivered.append(out)
            flows = self._caller.pass_on(out)
        self._size += size
        if self._size > FEW_BYTES:
            self.digest()
        report = self._report
        flows = flows and report.stopped is None and report.problem is None
        if pipe is not None:
            pipe.open(answer.lane if flows else None)
        return flows

    def _from_pipe(self, pipe: Pipe) -> None:
        received, delivered = pipe.passed()
        if received:
            self._received.append(received)
            self._delivered.append(delivered)
            self._size += len(received)

    def digest(self) -> None:
        """What was taken so far into the digests. Before anybody looks at them, or adds to them."""
        if self._pipe is not None:
            self._from_pipe(self._pipe)
        self._digests.received(b"".join(self._received))
        self._digests.delivered(b"".join(self._delivered))
        self._received.clear()
        self._delivered.clear()
        self._size = 0


async def pieces(upstream: UpstreamAnswer, relay: Relay) -> AsyncIterator[bytes]:
    """The pieces of an answer that have to wait for somebody; the others go the way of `relay`. Raises as `chunks` does."""
    async for chunk in upstream.chunks():
        yield chunk
        while relay.flows:
            try:
                await upstream.relay(relay.take, relay.pipe())
            finally:
                relay.digest()
            if relay.left is None:
                break
            left, relay.left = relay.left, None
            yield left
