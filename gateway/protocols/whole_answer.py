"""What answers share that come whole and are never streamed: a file, numbers, what is said of a job."""

from __future__ import annotations

from abc import ABC, abstractmethod

from gateway.protocols.answer import AnswerOptions, Channels, MalformedAnswer
from gateway.protocols.last_look import LastLook
from gateway.protocols.sse import Event
from gateway.redaction.channel import Rules


class WholeAnswer(ABC):
    """One answer: `whole` once, then `channels.close()`."""

    def __init__(self, rules: Rules, options: AnswerOptions) -> None:
        self.channels = Channels(rules, options)
        self._last_look = LastLook(rules)
        self.terminal: bytes | None = None

    def event(self, event: Event) -> bytes:
        """Raises MalformedAnswer: nobody asked for a stream."""
        raise MalformedAnswer

    def flush(self) -> bytes:
        """Nothing waits."""
        return b""

    @abstractmethod
    def whole(self, body: bytes) -> bytes:
        """The answer as it may be delivered. Raises MalformedAnswer."""
