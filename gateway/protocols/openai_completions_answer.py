"""OpenAI legacy completions: answers, streamed and whole. One channel: the text of each choice.

Logprobs of a text that changed are removed: their tokens would spell the placeholder. The terminal bytes are
`data: [DONE]`.
"""

from __future__ import annotations

from typing import Any

import orjson

from gateway.flow import Path
from gateway.protocols.answer import AnswerOptions, Channels, MalformedAnswer, data_event, rewritten, word
from gateway.protocols.answer_json import loads
from gateway.protocols.family import FAMILIES
from gateway.protocols.last_look import LastLook, other_lines
from gateway.protocols.openai_errors import error_type, withheld
from gateway.protocols.openai_usage import usage_of, without_usage
from gateway.protocols.openai_vocabulary import DONE, STOPPED
from gateway.protocols.sse import Event
from gateway.redaction.channel import Rules

_STAMP = ("id", "object", "created", "model", "system_fingerprint")


class CompletionsAnswer:
    """One answer. `event` for each event of a stream, or `whole` once; then `terminal` and `channels.close()`."""

    def __init__(self, rules: Rules, options: AnswerOptions) -> None:
        self.channels = Channels(rules, options)
        self._last_look = LastLook(rules)
        self.terminal: bytes | None = None
        self._stamp: dict[str, Any] = {}
        self._open: dict[int, None] = {}  # choices without a finish yet

    def event(self, event: Event) -> bytes:
        """What the caller gets for this event. Raises MalformedAnswer."""
        report = self.channels.report
        if event.data is None:
            return b"" if self._last_look.look([event.raw.decode(errors="replace")]) else event.raw
        if event.data.strip() == b"[DONE]":
            out = self.flush()
            self.terminal = self.terminal or event.raw
            return out
        chunk = loads(event.data)
        if chunk.get("error") is not None:
            return self._error(chunk, event.raw, stream=True)
        if type(chunk.get("usage")) is dict:
            report.usage = usage_of(chunk["usage"]) or report.usage
        if self.channels.stopped():
            return b""
        report.stopped = self._last_look.look([*_outside(chunk, self._stamp), *other_lines(event.raw)])
        if report.stopped is not None:
            return self._end()
        if not self._stamp:
            self._stamp = {key: chunk[key] for key in _STAMP if key in chunk}
            report.response_id, report.response_model = word(chunk.get("id")), word(chunk.get("model"))
        choices = _choices_of(chunk)
        if not choices:
            hide = self.channels.options.hide_usage and chunk.get("usage") is not None
            return b"" if hide else event.raw
        return self._chunk(event, chunk, choices)

    def _chunk(self, event: Event, chunk: dict[str, Any], choices: list[dict[str, Any]]) -> bytes:
        before: list[bytes] = []
        changed = False
        for choice in choices:
            changed |= self._choice(choice, before)
        stopped, hide = self.channels.stopped(), self.channels.options.hide_usage and chunk.get("usage", 0) is None
        if not changed and not stopped:
            return b"".join(before) + (without_usage(event, chunk) if hide else event.raw)
        if hide:
            del chunk["usage"]
        before.append(event.with_data(orjson.dumps(chunk)))
        return b"".join(before) + (self._end() if stopped else b"")

    def _choice(self, choice: dict[str, Any], before: list[bytes]) -> bool:
        """One choice of one event through its channel. True if the event has changed."""
        index = choice.get("index", 0)
        self._open.setdefault(index)
        changed = self._text(index, choice)
        finish = choice.get("finish_reason")
        if finish and not self.channels.stopped():  # "" is none, as in chats
            rest = self._rest(index)
            if not self.channels.stopped():
                rest += self._label(index)
                self.channels.report.finish = word(finish)
                self._open.pop(index)
            if rest and choice.get("text"):
                before.append(self._event(index, choice["text"]))
                choice["text"], changed = "", True
            before += rest
        if self.channels.stopped():
            choice["finish_reason"] = None
            return True
        return changed

    def _text(self, index: int, choice: dict[str, Any]) -> bool:
        text = choice.get("text")
        if type(text) is not str or not text:
            return False
        new = "" if self.channels.stopped() else self._pushed(index, text)
        if new == text:
            return False
        choice["text"] = new
        if choice.get("logprobs") is not None:
            choice["logprobs"] = None
        return True

    def _pushed(self, index: int, text: str) -> str:
        channel = self.channels.open((index, "text"), "text")
        new = channel.push(text)
        self.channels.report.stopped = channel.stopped
        return new

    def _rest(self, index: int) -> list[bytes]:
        """What a choice's text still holds."""
        channel = self.channels.get((index, "text"))
        if channel is None or not channel.pending:
            return []
        rest = channel.finish()
        self.channels.report.stopped = self.channels.report.stopped or channel.stopped
        return [self._event(index, rest)] if rest else []

    def _label(self, index: int) -> list[bytes]:
        key = (index, "text")
        text = self.channels.delivered([key]) if self.channels.get(key) is not None else ""
        label = self.channels.options.label(text) if text and self.channels.options.label is not None else ""
        self.channels.report.labelled |= bool(label)
        return [self._event(index, label)] if label else []

    def _event(self, index: int, text: str, finish: str | None = None) -> bytes:
        choice = {"index": index, "text": text, "logprobs": None, "finish_reason": finish}
        return data_event(self._stamp | {"choices": [choice]})

    def flush(self) -> bytes:
        """What is held, where the provider ended without finishing its choices."""
        if self.channels.stopped():
            return b""
        out = b"".join(event for index in self._open for event in self._rest(index))
        return out + self._end() if self.channels.stopped() else out

    def _end(self) -> bytes:
        """The clean end of an answer that the guard stopped."""
        out: list[bytes] = []
        for index in list(self._open):
            out += [*self._rest(index), *self._label(index), self._event(index, "", STOPPED)]
        self._open.clear()
        self.channels.report.finish = STOPPED
        self.terminal = DONE
        return b"".join(out)

    def _error(self, answer: dict[str, Any], raw: bytes, *, stream: bool) -> bytes:
        report, family = self.channels.report, FAMILIES["openai"]
        report.upstream_error = error_type(answer["error"])
        if not self._last_look.look([answer]):
            return raw
        report.upstream_error = "error"
        return family.error_event(withheld(), "") if stream else family.error_body(withheld(), "")

    def whole(self, body: bytes) -> bytes:
        """The whole answer. Raises MalformedAnswer."""
        answer, report = loads(body), self.channels.report
        if answer.get("error") is not None:
            return self._error(answer, body, stream=False)
        if type(answer.get("usage")) is dict:
            report.usage = usage_of(answer["usage"])
        report.stopped = self._last_look.look(_outside(answer, {}))
        if report.stopped is not None:
            report.finish = STOPPED
            stopped = {"index": 0, "text": "", "logprobs": None, "finish_reason": STOPPED}
            return orjson.dumps({"object": "text_completion", "choices": [stopped]})
        report.response_id, report.response_model = word(answer.get("id")), word(answer.get("model"))
        texts: dict[Path, str] = {}
        nulls: list[Path] = []
        for place, choice in enumerate(_choices_of(answer)):
            self._whole_choice(place, choice, texts, nulls)
        return orjson.dumps(answer) if self.channels.stopped() else rewritten(body, texts, nulls)

    def _whole_choice(self, place: int, choice: dict[str, Any], texts: dict[Path, str], nulls: list[Path]) -> None:
        text = choice.get("text")
        if type(text) is str:
            new = ""
            if not self.channels.stopped():
                channel = self.channels.once((place, "text"), "text", text)
                new = "".join(channel.delivered)
                self.channels.report.stopped = channel.stopped
            label = self.channels.options.label(new) if new and self.channels.options.label is not None else ""
            self.channels.report.labelled |= bool(label)
            if new + label != text:
                choice["text"] = texts["choices", place, "text"] = new + label
            if new != text and choice.get("logprobs") is not None:
                choice["logprobs"] = None
                nulls.append(("choices", place, "logprobs"))
        if self.channels.stopped():
            choice["finish_reason"] = STOPPED
        self.channels.report.finish = word(choice.get("finish_reason"))


def _choices_of(answer: dict[str, Any]) -> list[dict[str, Any]]:
    choices = answer.get("choices") or []
    if type(choices) is not list:
        raise MalformedAnswer
    for choice in choices:
        if type(choice) is not dict or type(choice.get("index", 0)) is not int:
            raise MalformedAnswer
        if type(choice.get("finish_reason", "")) not in {str, type(None)}:
            raise MalformedAnswer
    return choices


def _outside(answer: dict[str, Any], stamp: dict[str, Any]) -> list[Any]:
    """What no channel reads. Logprobs spell the text: they are read as it is, and go where it changes."""
    values: list[Any] = [v for k, v in answer.items() if v is not None and k != "choices" and stamp.get(k) != v]
    values += [name for name in answer if name not in stamp]  # a name can say anything, too
    for choice in _choices_of(answer):
        values += [v for k, v in choice.items() if k != "text" or type(v) is not str]
        values += choice
    return values
