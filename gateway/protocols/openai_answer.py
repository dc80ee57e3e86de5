"""OpenAI chat completions: answers, streamed and whole.

Channels: each string field of a choice's delta (content, refusal, reasoning under any name a provider gives it, also in
steps), the transcript of audio, and the arguments of each tool call. Annotations and what else providers add pass as they are. Logprobs of an event whose
text changed are removed: their tokens would spell the placeholder. The terminal bytes are `data: [DONE]`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from gateway.flow import Path
from gateway.protocols.answer import AnswerOptions, Channels, MalformedAnswer, data_event, rewritten, word
from gateway.protocols.answer_json import loads
from gateway.protocols.family import FAMILIES
from gateway.protocols.last_look import LastLook, other_lines
from gateway.protocols.openai_citations import moved
from gateway.protocols.openai_errors import failure, withheld
from gateway.protocols.openai_last_message import open_unsaid, say_again
from gateway.protocols.openai_outside import outside
from gateway.protocols.openai_usage import usage_of, without_usage
from gateway.protocols.openai_vocabulary import DONE, NO_TEXT, PADDING, STAMP, STEPS, STOPPED, VISIBLE
from gateway.protocols.plain_events import WORD, Form, Hole, probe_of
from gateway.protocols.plain_message import plain_message
from gateway.protocols.sse import Event, read_event
from gateway.redaction.channel import Rules

_MORE = ("finish_reason", "usage", "logprobs", "message")
_CONTENT: Path = ("choices", 0, "message", "content")


@dataclass(slots=True)
class _Call:
    """A tool call of a stream. `key`: of its channel; `restore`: whether its arguments get their values back."""

    key: tuple[int, str, int | str, str, str]
    id: str
    name: str
    restore: bool


class _Said(NamedTuple):
    """A piece of one text: its channel, and where it stands in its event."""

    key: tuple[Any, ...]
    holder: dict[str, Any]
    field: str


class OpenAIAnswer:
    """One answer. `event` for each event of a stream, or `whole` once; then `terminal` and `channels.close()`."""

    def __init__(self, rules: Rules, options: AnswerOptions) -> None:
        self.channels = Channels(rules, options)
        self._last_look = LastLook(self.channels.rules)
        self.terminal: bytes | None = None
        self._stamp: dict[str, Any] = {}
        self._open: dict[int, None] = {}  # choices without a finish yet
        self._with_tools: set[int] = set()
        self._calls: dict[tuple[int, int | str], _Call] = {}  # the latest call at each place
        self._labels: dict[int, str] = {}  # that choices have got

    # -- streams ---------------------------------------------------------------------------------------------------

    def event(self, event: Event) -> bytes:
        """What the caller gets for this event. Raises MalformedAnswer."""
        if event.data is None:
            return b"" if self._last_look.look([event.raw.decode(errors="replace")]) else event.raw
        if event.data.strip() == b"[DONE]":
            out = self.flush()
            self.terminal = event.raw
            return out
        chunk = loads(event.data)
        report = self.channels.report
        failed = failure(chunk)
        if failed is not None:
            report.upstream_error = failed
            if self._last_look.look([chunk]):
                report.upstream_error = "error"
                return FAMILIES["openai"].error_event(withheld(), "")
            return event.raw
        usage = chunk.get("usage")
        if type(usage) is dict:
            report.usage = usage_of(usage) or report.usage
        if self.channels.stopped():
            return b""
        report.stopped = self._last_look.look([*outside(chunk, self._stamp, "delta"), *other_lines(event.raw)])
        if report.stopped is not None:
            return self._end()
        if not self._stamp:
            self._stamp = {key: chunk[key] for key in STAMP if key in chunk}
            report.response_id, report.response_model = word(chunk.get("id")), word(chunk.get("model"))
        choices = chunk.get("choices")
        if not choices:
            hide = self.channels.options.hide_usage and usage is not None and choices == []
            return b"" if hide else event.raw
        return self._choices(event, chunk, choices)

    def _choices(self, event: Event, chunk: dict[str, Any], choices: Any) -> bytes:
        before: list[bytes] = []
        changed = False
        if type(choices) is not list:
            raise MalformedAnswer
        said = self._said(chunk, choices[0]) if len(choices) == 1 else None
        if said is not None:
            return self._plain(event, chunk, said)
        for choice in choices:
            if type(choice) is not dict or type(choice.get("index", 0)) is not int:
                raise MalformedAnswer
            if type(choice.get("finish_reason", "")) not in {str, type(None)}:
                raise MalformedAnswer
            changed |= self._choice(choice, before)
        stopped = self.channels.stopped()
        if not changed and not stopped:
            out = event.raw
            if self.channels.options.hide_usage and chunk.get("usage", 0) is None:
                out = without_usage(event, chunk)
            return b"".join(before) + out if before else out
        if self.channels.options.hide_usage and chunk.get("usage", 0) is None:
            del chunk["usage"]
        before.append(event.with_data(orjson.dumps(chunk)))
        if stopped:
            before.append(self._end())
        return b"".join(before)

    def _plain(self, event: Event, chunk: dict[str, Any], said: _Said) -> bytes:
        """An event that says nothing but a piece of one text."""
        key, holder, field = said
        text = holder[field]
        index = chunk["choices"][0].get("index", 0)
        self._open.setdefault(index)
        changed = self._delta(index, chunk["choices"][0]["delta"])
        new, holder[field] = holder[field], text
        hidden = self.channels.options.hide_usage and chunk.get("usage", 0) is None
        if not changed and not hidden and not self.channels.learns:
            return event.raw
        form = self._form(event, chunk, said, hidden=hidden)
        if self._last_look.alone and self.channels.learns:
            self.channels.learn(form, self.channels.get(key), self._end)
        if form is not None:
            out = form.written(event.raw, new if changed else None) if changed or hidden else event.raw
        else:
            holder[field] = new
            if hidden and not changed:
                return without_usage(event, chunk)
            if hidden:
                del chunk["usage"]
            out = event.with_data(orjson.dumps(chunk)) if changed else event.raw
        return out + self._end() if self.channels.stopped() else out

    def _form(self, event: Event, chunk: dict[str, Any], said: _Said, *, hidden: bool) -> Form | None:
        """The form of such an event. `hidden`: its usage, which is null, is not shown."""
        holes = [Hole(said.holder, said.field)]
        if type(chunk.get(PADDING)) is str:
            holes.append(Hole(chunk, PADDING, WORD))
        probe = probe_of(event.raw, chunk, holes)
        if hidden and probe is not None:
            like = read_event(probe.raw)
            probe = probe._replace(shown=without_usage(like, loads(like.data or b"")))
        return self.channels.form_of(probe)

    def _said(self, chunk: dict[str, Any], choice: Any) -> _Said | None:
        """The piece of text that an event says, if it says nothing else."""
        if (
            type(choice) is not dict
            or chunk.get("usage") is not None
            or type(index := choice.get("index", 0)) is not int
        ):
            return None
        delta = choice.get("delta")
        if type(delta) is not dict or not all(choice.get(key) is None for key in _MORE):
            return None
        said = [(key, value) for key, value in delta.items() if value is not None and key not in NO_TEXT]
        if len(said) != 1 or not all(type(delta[key]) in {str, type(None)} for key in NO_TEXT & delta.keys()):
            return None
        key, value = said[0]
        if key == "tool_calls":
            return self._said_call(index, value)
        return _Said((index, key), delta, key) if type(value) is str and value else None

    def _said_call(self, index: int, calls: Any) -> _Said | None:
        """The piece of a known call's arguments, if there is nothing else."""
        call = calls[0] if type(calls) is list and len(calls) == 1 else None
        if type(call) is not dict or call.keys() != {"index", "function"} or type(call["index"]) is not int:
            return None
        known, function = self._calls.get((index, call["index"])), call["function"]
        if (
            known is None
            or known.key[-1] != "arguments"
            or type(function) is not dict
            or function.keys() != {"arguments"}
        ):
            return None
        text = function["arguments"]
        return _Said(known.key, function, "arguments") if type(text) is str and text else None

    def _choice(self, choice: dict[str, Any], before: list[bytes]) -> bool:
        """Pass one choice of one event through its channels. True if the event has changed."""
        index = choice.get("index", 0)
        self._open.setdefault(index)
        delta, usage = choice.get("delta"), choice.get("usage")
        if type(usage) is dict:  # where Kimi's streams have it
            self.channels.report.usage = usage_of(usage) or self.channels.report.usage
        changed = type(delta) is dict and self._delta(index, delta)
        if changed and choice.get("logprobs") is not None:
            choice["logprobs"] = None
        again = choice["message"] if type(choice.get("message")) is dict else {}
        open_unsaid(self.channels, index, again)
        finish = choice.get("finish_reason")
        if self.channels.stopped():
            choice["finish_reason"] = None
            choice.pop("message", None)
            return True
        if finish:  # some servers (SGLang, Ollama) say "" until then, where others say null
            # Text of this very event belongs before what was held back of others.
            rest = self._rest(index)
            if not self.channels.stopped():
                rest += self._label(index, finish)
                self.channels.report.finish = word(finish)
                self._open.pop(index, None)
            if rest or self.channels.stopped():
                if type(delta) is dict and delta:
                    before.append(self._delta_event(index, delta))
                    choice["delta"] = {}
                    changed = True
                before += rest
            if self.channels.stopped():
                choice["finish_reason"] = None
        changed |= say_again(self.channels, index, again, self._labels.get(index, ""))
        if self.channels.stopped():
            choice.pop("message", None)
            return True
        return changed

    def _delta(self, index: int, delta: dict[str, Any]) -> bool:
        changed = False
        for key, value in delta.items():
            if type(value) is str:
                if value and key not in NO_TEXT:
                    changed |= self._text(index, key, delta, key)
            elif value is None:
                continue
            elif key == "tool_calls":
                changed |= self._tool_calls(index, value)
            elif key == STEPS and type(value) is list:
                for step in value:
                    if type(step) is dict and type(step.get("text")) is str:
                        changed |= self._text(index, STEPS, step, "text")
            elif key == "function_call" and type(value) is dict:
                changed |= self._call(index, "function_call", value, "arguments")
            elif key == "audio" and type(value) is dict and type(value.get("transcript")) is str:
                changed |= self._text(index, "audio", value, "transcript")
        if delta.get("annotations"):
            changed |= any([*moved(delta["annotations"], self.channels.get((index, "content")), self.channels.rules)])
        return changed

    def _text(self, index: int, channel_name: str, holder: dict[str, Any], field: str) -> bool:
        """One fragment of a text through its channel, in place. True if it has changed."""
        text = holder[field]
        if self.channels.stopped():
            holder[field] = ""
            return True
        kind = "text" if channel_name in VISIBLE else "reasoning"
        channel = self.channels.open((index, channel_name), kind)
        new = channel.push(text)
        self.channels.report.stopped = channel.stopped
        holder[field] = new
        return bool(new != text)

    def _tool_calls(self, index: int, calls: Any) -> bool:
        if type(calls) is not list or any(type(call) is not dict for call in calls):
            raise MalformedAnswer
        changed = False
        for position, call in enumerate(calls):
            which, call_id = call.get("index", position), call.get("id") or ""
            if type(which) is not int or type(call_id) is not str:
                raise MalformedAnswer
            for field, text in (("function", "arguments"), ("custom", "input")):
                if type(call.get(field)) is dict:
                    changed |= self._call(index, which, call[field], text, call_id)
        return changed

    def _call(self, index: int, which: int | str, call: dict[str, Any], field: str, call_id: str = "") -> bool:
        self._with_tools.add(index)
        name, text = call.get("name") or "", call.get(field)
        if type(name) is not str:
            raise MalformedAnswer
        known = self._calls.get((index, which))
        if known is None or (call_id and call_id != known.id):
            named = bool(name and (call_id or which == "function_call"))
            known = _Call((index, "tool", which, call_id, field), call_id, name, self._restorable(name, named=named))
            self._calls[index, which] = known
            if name:
                self.channels.tool(name)
        elif name:
            self._late_name(known, name)
        if type(text) is not str or not text:
            return False
        channel = self.channels.open(known.key, "tool", restore=known.restore, json=field == "arguments")
        if self.channels.stopped():
            call[field] = ""
            return True
        new = channel.push(text)
        self.channels.report.stopped = channel.stopped
        if new == text:
            return False
        call[field] = new
        return True

    def _restorable(self, name: str, *, named: bool) -> bool:
        """Whether arguments may be restored: this is the whole name of a tool that stays inside, as far as one can see."""
        outbound = self.channels.options.outbound
        return not outbound or (named and not any(tool.startswith(name) for tool in outbound))

    def _late_name(self, call: _Call, name: str) -> None:
        """A name after the first fragment: what the tool is called is open, so nothing is restored for it."""
        if not call.name:
            self.channels.tool(name)
        outbound = self.channels.options.outbound
        if not outbound or (name == call.name and name + name not in outbound):
            return
        if call.restore and self.channels.get(call.key) is not None:
            raise MalformedAnswer  # what was restored cannot be taken back
        call.restore = False

    def _rest(self, index: int) -> list[bytes]:
        """Events with what the channels of one choice still hold."""
        events: list[bytes] = []
        for key in self.channels.keys():  # noqa: SIM118  not a mapping
            assert isinstance(key, tuple)
            channel = self.channels.get(key)
            if key[0] != index or channel is None or not channel.pending:
                continue
            rest = channel.finish()
            if rest:
                delta: dict[str, Any] = {"audio": {"transcript": rest}} if key[1] == "audio" else {str(key[1]): rest}
                if key[1] == STEPS:
                    delta = {STEPS: [{"type": "reasoning.text", "text": rest}]}
                if key[1] == "tool":
                    delta = self._call_rest(key, rest)
                events.append(self._delta_event(index, delta))
            if channel.stopped is not None:
                self.channels.report.stopped = channel.stopped
        return events

    def _call_rest(self, key: tuple[Any, ...], rest: str) -> dict[str, Any]:
        """The delta with the rest of one call's arguments or, of a custom tool, input."""
        index, _, which, call_id, field = key
        if which == "function_call":
            return {"function_call": {"arguments": rest}}
        call: dict[str, Any] = {"index": which}
        if self._calls[index, which].id != call_id:
            call["id"] = call_id  # another call has taken its place since
        call["custom" if field == "input" else "function"] = {field: rest}
        return {"tool_calls": [call]}

    def _label(self, index: int, finish: str) -> list[bytes]:
        """Our label as an own delta after the choice's last text; none beside tool calls."""
        if (
            self.channels.options.label is None
            or index in self._with_tools
            or finish in {"tool_calls", "function_call"}
        ):
            return []
        text = self.channels.delivered([(index, "content")]) if self.channels.get((index, "content")) else ""
        label = self.channels.options.label(text) if text else ""
        if not label:
            return []
        self.channels.report.labelled = True
        self._labels[index] = label
        return [self._delta_event(index, {"content": label})]

    def _delta_event(self, index: int, delta: dict[str, Any], finish: str | None = None) -> bytes:
        return data_event(self._stamp | {"choices": [{"index": index, "delta": delta, "finish_reason": finish}]})

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
            out += self._rest(index)
            out += self._label(index, STOPPED)
            out.append(self._delta_event(index, {}, STOPPED))
        self._open.clear()
        self.channels.report.finish = STOPPED
        self.terminal = DONE
        return b"".join(out)

    # -- whole answers ---------------------------------------------------------------------------------------------

    def whole(self, body: bytes) -> bytes:
        """The whole answer. Raises MalformedAnswer."""
        answer = loads(body)
        report = self.channels.report
        failed = failure(answer)
        if failed is not None:
            report.upstream_error = failed
            if self._last_look.look([answer]):
                report.upstream_error = "error"
                return FAMILIES["openai"].error_body(withheld(), "")
            return body
        report.response_id, report.response_model = word(answer.get("id")), word(answer.get("model"))
        if type(answer.get("usage")) is dict:
            report.usage = usage_of(answer["usage"])
        message = plain_message(answer)
        unread = outside(answer, {}, "message") if message is None else [answer[key] for key in STAMP if key in answer]
        report.stopped = self._last_look.look(unread)
        if report.stopped is not None:
            report.response_id = report.response_model = None
            report.finish = STOPPED
            emptied = {"role": "assistant", "content": ""}
            stopped = {"index": 0, "message": emptied, "finish_reason": STOPPED}
            return orjson.dumps({"object": "chat.completion", "choices": [stopped]})
        texts: dict[Path, str] = {}
        nulls: list[Path] = []
        offsets: dict[Path, int] = {}
        choices = answer.get("choices", [])
        if type(choices) is not list:
            raise MalformedAnswer
        if message is not None and self.channels.options.label is None:
            self._whole_text((0, "content"), "text", message, "content", _CONTENT, texts)
            report.finish = choices[0].get("finish_reason")
            if not self.channels.stopped():
                return rewritten(body, texts, nulls)
            report.finish = choices[0]["finish_reason"] = STOPPED
            return orjson.dumps(answer)
        for position, choice in enumerate(choices):
            message = choice.get("message") if type(choice) is dict else None
            if type(message) is dict:
                self._message(position, choice, message, texts, nulls)
                cited = moved(message.get("annotations"), self.channels.get((position, "content")), self.channels.rules)
                offsets |= {("choices", position, "message", "annotations", *inside): at for inside, at in cited}
        return orjson.dumps(answer) if self.channels.stopped() else rewritten(body, texts, nulls, offsets)

    def _message(
        self, position: int, choice: dict[str, Any], message: dict[str, Any], texts: dict[Path, str], nulls: list[Path]
    ) -> None:
        base: Path = ("choices", position, "message")
        for key in sorted(message, key=VISIBLE.__contains__):  # reasoning comes before what is said
            if type(message[key]) is str and key not in NO_TEXT:
                kind = "text" if key in VISIBLE else "reasoning"
                self._whole_text((position, key), kind, message, key, (*base, key), texts)
        steps = message.get(STEPS)
        for place, step in enumerate(steps if type(steps) is list else []):
            if type(step) is dict and type(step.get("text")) is str:
                path = (*base, STEPS, place, "text")
                self._whole_text((position, STEPS, place), "reasoning", step, "text", path, texts)
        audio = message.get("audio")
        if type(audio) is dict and type(audio.get("transcript")) is str:
            path = (*base, "audio", "transcript")
            self._whole_text((position, "audio"), "reasoning", audio, "transcript", path, texts)
        calls = message.get("tool_calls") or []
        if type(calls) is not list:
            raise MalformedAnswer
        for place, call in enumerate(calls):
            for field, key in (("function", "arguments"), ("custom", "input")):
                if type(call) is dict and type(call.get(field)) is dict:
                    self._whole_call(
                        (position, "tool", place), call[field], key, (*base, "tool_calls", place, field, key), texts
                    )
        if type(message.get("function_call")) is dict:
            call = message["function_call"]
            self._whole_call(
                (position, "tool", "function_call"), call, "arguments", (*base, "function_call", "arguments"), texts
            )
        finish = choice.get("finish_reason")
        if self.channels.stopped():
            choice["finish_reason"] = finish = STOPPED
        self.channels.report.finish = word(finish)
        if self.channels.options.label is not None and not calls and type(message.get("content")) is str:
            text = message["content"]
            label = self.channels.options.label(text) if text and position not in self._with_tools else ""
            if label:
                message["content"] = texts[(*base, "content")] = text + label
                self.channels.report.labelled = True
        if choice.get("logprobs") is not None and any(path[1] == position for path in texts):
            choice["logprobs"] = None
            nulls.append(("choices", position, "logprobs"))

    def _whole_call(
        self, key: tuple[object, ...], call: dict[str, Any], field: str, path: Path, texts: dict[Path, str]
    ) -> None:
        name = call.get("name") or ""
        if type(name) is not str:
            raise MalformedAnswer
        if name:
            self.channels.tool(name)
        self._with_tools.add(int(str(key[0])))
        if type(call.get(field)) is str:
            outbound = self.channels.options.outbound
            restore = not outbound or (bool(name) and name not in outbound)
            self._whole_text(key, "tool", call, field, path, texts, restore=restore, json=field == "arguments")

    def _whole_text(
        self,
        key: tuple[object, ...],
        kind: str,
        holder: dict[str, Any],
        field: str,
        path: Path,
        texts: dict[Path, str],
        *,
        restore: bool = True,
        json: bool = False,
    ) -> None:
        text = holder[field]
        if self.channels.stopped():
            holder[field] = ""
            return
        channel = self.channels.once(key, kind, text, restore=restore, json=json)
        new = "".join(channel.delivered)
        if new != text:
            holder[field] = texts[path] = new
        self.channels.report.stopped = channel.stopped
