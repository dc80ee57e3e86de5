"""Answers that are a file and no JSON: a recording, a video. Nothing in them is a text that could be guarded."""

from __future__ import annotations

from gateway.protocols.answer import AnswerOptions, Channels, MalformedAnswer
from gateway.protocols.family import FAMILIES
from gateway.protocols.last_look import LastLook
from gateway.protocols.openai_answer import error_type, loads, withheld
from gateway.protocols.sse import Event
from gateway.redaction.channel import Rules


class BinaryAnswer:
    """One answer: `whole` once, then `channels.close()`. Errors are JSON, whatever was asked for."""

    def __init__(self, rules: Rules, options: AnswerOptions) -> None:
        self.channels = Channels(rules, options)
        self._last_look = LastLook(rules)
        self.terminal: bytes | None = None

    def event(self, event: Event) -> bytes:
        """Raises MalformedAnswer: nobody asked for a stream."""
        raise MalformedAnswer

    def flush(self) -> bytes:
        return b""

    def whole(self, body: bytes) -> bytes:
        """The file as it came; of an error, the error."""
        report = self.channels.report
        if body.startswith(b"{"):
            answer = loads(body)
            report.upstream_error = error_type(answer.get("error"))
            if self._last_look.look([answer]):
                report.upstream_error = "error"
                return FAMILIES["openai"].error_body(withheld(), "")
            return body
        if not body:
            raise MalformedAnswer
        report.finish = "stop"
        return body
