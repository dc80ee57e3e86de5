"""OpenAI images: answers, whole and streamed (drafts, then the picture).

Texts are the revised prompts: guarded and restored. Pictures themselves, and the provider's links to them, pass here
as they are; what becomes of them is decided by the label step (`gateway/marking/`). The terminal bytes are the last
picture's event.
"""

from __future__ import annotations

from typing import Any

from gateway.flow import Path
from gateway.protocols.answer import AnswerOptions, Channels, MalformedAnswer, spliced
from gateway.protocols.answer_json import loads
from gateway.protocols.family import FAMILIES
from gateway.protocols.last_look import LastLook, other_lines
from gateway.protocols.media import is_encoded
from gateway.protocols.openai_errors import error_type, withheld
from gateway.protocols.openai_vocabulary import STOPPED
from gateway.protocols.responses_answer import usage_of
from gateway.protocols.sse import Event
from gateway.redaction.channel import Rules

_PICTURE, _LINK, _TEXT = "b64_json", "url", "revised_prompt"
_COMPLETED = ".completed"
_LONGEST_LINK = 4096


class ImagesAnswer:
    """One answer. `event` for each event of a stream, or `whole` once; then `terminal` and `channels.close()`."""

    def __init__(self, rules: Rules, options: AnswerOptions) -> None:
        self.channels = Channels(rules, options)
        self._last_look = LastLook(rules)
        self._held: bytes | None = None  # a finished picture: the last one if nothing follows
        self.terminal: bytes | None = None

    def event(self, event: Event) -> bytes:
        """What the caller gets for this event. Raises MalformedAnswer."""
        if event.data is None:
            return b"" if self._last_look.look([event.raw.decode(errors="replace")]) else event.raw
        before, self._held = self._held or b"", None
        if event.data.strip() == b"[DONE]":
            self.terminal = before + event.raw
            return b""
        tree = loads(event.data)
        if tree.get("error") is not None:
            return before + self._error(tree, event.raw, stream=True)
        kind = str(tree.get("type"))
        self._judge([_bare(tree), *other_lines(event.raw, kind)])
        if type(tree.get("usage")) is dict:
            self.channels.report.usage = usage_of(tree["usage"])
        if not kind.endswith(_COMPLETED):
            return before + event.raw
        self.channels.report.finish = "stop"
        self._held = event.raw
        return before

    def flush(self) -> bytes:
        """Nothing more comes: the picture that is held was the last one."""
        self.terminal, self._held = self._held, None
        return b""

    def whole(self, body: bytes) -> bytes:
        """The whole answer. Raises MalformedAnswer, also for one that says what it must not."""
        answer, report = loads(body), self.channels.report
        if answer.get("error") is not None:
            return self._error(answer, body, stream=False)
        data = answer.get("data")
        rows = data if type(data) is list else []
        if any(type(row) is not dict for row in rows):
            raise MalformedAnswer
        self._judge([answer | {"data": [_bare(row, _TEXT) for row in rows]}])
        if type(answer.get("usage")) is dict:
            report.usage = usage_of(answer["usage"])
        edits: dict[Path, Any] = {}
        for index, row in enumerate(rows):
            if type(row.get(_TEXT)) is str:
                channel = self.channels.once((index, _TEXT), "text", row[_TEXT])
                if channel.stopped is not None:
                    report.stopped = channel.stopped
                    raise MalformedAnswer
                if (new := "".join(channel.delivered)) != row[_TEXT]:
                    edits["data", index, _TEXT] = new
        report.finish = "stop"
        return spliced(body, edits) if edits else body

    def _judge(self, values: list[Any]) -> None:
        found = self._last_look.look(values)
        if found is not None:
            self.channels.report.stopped, self.channels.report.finish = found, STOPPED
            raise MalformedAnswer

    def _error(self, answer: dict[str, Any], raw: bytes, *, stream: bool) -> bytes:
        report, family = self.channels.report, FAMILIES["openai"]
        report.upstream_error = error_type(answer["error"])
        if not self._last_look.look([answer]):
            return raw
        report.upstream_error = "error"
        return family.error_event(withheld(), "") if stream else family.error_body(withheld(), "")


def _bare(row: dict[str, Any], *without: str) -> dict[str, Any]:
    """A picture's row without what is no text, and without `without`."""
    return {
        key: value
        for key, value in row.items()
        if key not in without
        and not (key == _PICTURE and type(value) is str and is_encoded(value))
        and not (key == _LINK and type(value) is str and _is_link(value))
    }


def _is_link(text: str) -> bool:
    return text.startswith(("https://", "http://")) and len(text) <= _LONGEST_LINK and text.isprintable()
