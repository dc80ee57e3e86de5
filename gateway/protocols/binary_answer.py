"""Answers that are a file and no JSON: a recording, a video. Nothing in them is a text that could be guarded."""

from __future__ import annotations

from gateway.protocols.answer import MalformedAnswer
from gateway.protocols.answer_json import loads
from gateway.protocols.family import FAMILIES
from gateway.protocols.openai_errors import error_type, withheld
from gateway.protocols.whole_answer import WholeAnswer


class BinaryAnswer(WholeAnswer):
    """Errors are JSON, whatever was asked for."""

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
