"""OpenAI transcriptions and translations: answers, as JSON, as plain text or subtitles, and streamed.

One channel: the text. What repeats it (segments, words, the last event) is guarded on its own where it differs. An
answer that the guard stops keeps the text up to there and nothing else. The terminal bytes are `transcript.text.done`.
"""

from __future__ import annotations

from typing import Any

import orjson

from gateway.flow import Path, Usage
from gateway.protocols.answer import AnswerOptions, Channels, MalformedAnswer, data_event, spliced
from gateway.protocols.answer_json import loads
from gateway.protocols.family import FAMILIES
from gateway.protocols.last_look import LastLook, other_lines
from gateway.protocols.openai_errors import error_type, withheld
from gateway.protocols.openai_vocabulary import STOPPED
from gateway.protocols.responses_answer import usage_of
from gateway.protocols.sse import Event
from gateway.redaction.channel import Rules, TextChannel

TEXT = "text"
_DELTA, _DONE = "transcript.text.delta", "transcript.text.done"
_REPEATED = (("segments", "text"), ("words", "word"))


class TranscriptAnswer:
    """One answer. `event` for each event of a stream, or `whole` once; then `terminal` and `channels.close()`."""

    def __init__(self, rules: Rules, options: AnswerOptions) -> None:
        self.channels = Channels(rules, options)
        self._last_look = LastLook(rules)
        self.terminal: bytes | None = None

    # -- streams ---------------------------------------------------------------------------------------------------

    def event(self, event: Event) -> bytes:
        """What the caller gets for this event. Raises MalformedAnswer."""
        if event.data is None or event.data.strip() == b"[DONE]":
            return b"" if self._last_look.look([event.raw.decode(errors="replace")]) else event.raw
        tree = loads(event.data)
        if tree.get("error") is not None:
            return self._error(tree, event.raw, stream=True)
        if self.channels.stopped():
            return b""
        kind, report = str(tree.get("type")), self.channels.report
        field = "delta" if kind == _DELTA else TEXT
        rest = [value for key, value in tree.items() if key != field or type(value) is not str]
        report.stopped = self._last_look.look([*rest, *other_lines(event.raw, kind)])
        if report.stopped is not None:
            return self._end()
        if type(tree.get(field)) is not str:
            return event.raw
        return {_DELTA: self._delta, _DONE: self._done}.get(kind, self._repeated)(event, tree)

    def _delta(self, event: Event, tree: dict[str, Any]) -> bytes:
        channel = self.channels.open(TEXT, "text")
        new = channel.push(tree["delta"])
        self.channels.report.stopped = channel.stopped
        if new == tree["delta"] and channel.stopped is None:
            return event.raw
        out = event.with_data(orjson.dumps(tree | {"delta": new} | _without_logprobs(tree)))
        return out if channel.stopped is None else out + self._end()

    def _done(self, event: Event, tree: dict[str, Any]) -> bytes:
        out, report = self.flush(), self.channels.report
        channel = self._channel_of(tree[TEXT])
        report.stopped = report.stopped or channel.stopped
        if self.channels.stopped():
            return out + (b"" if self.terminal is not None else self._end())
        report.usage = _usage_of(tree)
        report.finish = "stop"
        new = "".join(channel.delivered)
        self.terminal = event.raw
        if new != tree[TEXT]:
            self.terminal = event.with_data(orjson.dumps(tree | {TEXT: new} | _without_logprobs(tree)))
        return out

    def _repeated(self, event: Event, tree: dict[str, Any]) -> bytes:
        """A segment: it says again what the text says."""
        channel = self._alone(tree[TEXT])
        if channel.stopped is not None:
            self.channels.report.stopped = channel.stopped
            return self._end()
        new = "".join(channel.delivered)
        return event.raw if new == tree[TEXT] else event.with_data(orjson.dumps(tree | {TEXT: new}))

    def _channel_of(self, text: str) -> TextChannel:
        """The channel that has said all of the text; a new one, if the provider now says something else."""
        channel = self.channels.get(TEXT)
        if channel is None:
            return self.channels.once(TEXT, "text", text)
        return channel if "".join(channel.provider) == text else self._alone(text)

    def _alone(self, text: str) -> TextChannel:
        channel = TextChannel(self.channels.rules)
        channel.push(text)
        channel.finish()
        return channel

    def flush(self) -> bytes:
        """What is held, where no more of the text comes."""
        channel = self.channels.get(TEXT)
        if channel is None or not channel.pending or self.channels.stopped():
            return b""
        rest = channel.finish()
        out = data_event({"type": _DELTA, "delta": rest}, _DELTA) if rest else b""
        self.channels.report.stopped = channel.stopped
        return out + self._end() if channel.stopped is not None else out

    def _end(self) -> bytes:
        """The clean end of an answer that the guard stopped."""
        self.channels.report.finish = STOPPED
        self.terminal = data_event({"type": _DONE, "text": self._delivered()}, _DONE)
        return b""

    def _delivered(self) -> str:
        return self.channels.delivered([TEXT]) if self.channels.get(TEXT) is not None else ""

    def _error(self, answer: dict[str, Any], raw: bytes, *, stream: bool) -> bytes:
        report, family = self.channels.report, FAMILIES["openai"]
        report.upstream_error = error_type(answer["error"])
        if not self._last_look.look([answer]):
            return raw
        report.upstream_error = "error"
        return family.error_event(withheld(), "") if stream else family.error_body(withheld(), "")

    # -- whole answers ---------------------------------------------------------------------------------------------

    def whole(self, body: bytes) -> bytes:
        """The whole answer. Raises MalformedAnswer."""
        if self.channels.options.plain and not _is_error(body):
            return self._plain(body)
        answer, report = loads(body), self.channels.report
        if answer.get("error") is not None:
            return self._error(answer, body, stream=False)
        report.usage = _usage_of(answer)
        report.finish = "stop"
        texts = list(_texts_of(answer))
        edits: dict[Path, Any] = {}
        report.stopped = self._last_look.look(_outside(answer))
        for path, text in texts:
            channel = self.channels.once(TEXT, "text", text) if path == (TEXT,) else self._alone(text)
            report.stopped = report.stopped or channel.stopped
            if (new := "".join(channel.delivered)) != text:
                edits[path] = new
        if report.stopped is not None:
            report.finish = STOPPED
            return orjson.dumps({TEXT: self._delivered()})
        if edits and answer.get("logprobs"):
            edits["logprobs",] = []
        return spliced(body, edits) if edits else body

    def _plain(self, body: bytes) -> bytes:
        """A transcript that is nothing but text, also in the form of subtitles."""
        try:
            text = body.decode()
        except UnicodeDecodeError:
            raise MalformedAnswer from None
        channel, report = self.channels.once(TEXT, "text", text), self.channels.report
        report.stopped = channel.stopped
        report.finish = STOPPED if channel.stopped is not None else "stop"
        return "".join(channel.delivered).encode()


def _is_error(body: bytes) -> bool:
    """Whether a body that should be plain text is a provider's error: these are JSON, whatever was asked for."""
    try:
        return loads(body).get("error") is not None
    except MalformedAnswer:
        return False


def _usage_of(answer: dict[str, Any]) -> Usage | None:
    """Tokens, where the provider counts these; some models are billed by the second."""
    usage = answer.get("usage")
    return usage_of(usage) if type(usage) is dict and "input_tokens" in usage else None


def _without_logprobs(tree: dict[str, Any]) -> dict[str, Any]:
    return {"logprobs": []} if tree.get("logprobs") else {}


def _texts_of(answer: dict[str, Any]) -> list[tuple[Path, str]]:
    """(path, text): the text first, then what repeats it."""
    found: list[tuple[Path, str]] = []
    if type(answer.get(TEXT)) is str:
        found.append(((TEXT,), answer[TEXT]))
    for name, field in _REPEATED:
        rows = answer.get(name)
        for index, row in enumerate(rows if type(rows) is list else ()):
            if type(row) is dict and type(row.get(field)) is str:
                found.append(((name, index, field), row[field]))
    return found


def _outside(answer: dict[str, Any]) -> list[Any]:
    """What no channel reads."""
    values: list[Any] = []
    fields = dict(_REPEATED)
    for name, value in answer.items():
        if name in fields and type(value) is list:
            for row in value:
                values += [v for k, v in row.items() if k != fields[name]] if type(row) is dict else [row]
                values += (
                    [row[fields[name]]]
                    if type(row) is dict and type(row.get(fields[name])) not in {str, type(None)}
                    else []
                )
        elif name != TEXT or type(value) is not str:
            values.append(value)
    return values
