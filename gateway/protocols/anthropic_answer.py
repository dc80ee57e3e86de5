"""Anthropic messages: answers, streamed and whole; the one JSON of count_tokens passes through as well.

Channels: text, thinking and tool input of each content block. Thinking is signed, so it is guarded but never restored;
neither is the input of tools that the provider runs, nor their results. Citations: the text they quote is restored. Page,
block and document indices stay true whatever was redacted; character offsets count in the redacted document, so they are
removed from answers to redacted requests. The terminal bytes are the event `message_stop`.
"""

from __future__ import annotations

from typing import Any

import orjson

from gateway.errors import UpstreamFailed
from gateway.flow import Path, Usage
from gateway.protocols.answer import AnswerOptions, Channels, MalformedAnswer, data_event, number, rewritten, word
from gateway.protocols.answer_json import loads
from gateway.protocols.arguments import pass_object
from gateway.protocols.family import FAMILIES
from gateway.protocols.last_look import LastLook, other_lines
from gateway.protocols.plain_events import Form, Hole, probe_of
from gateway.protocols.sse import Event
from gateway.redaction.channel import Rules

STOPPED = "refusal"
STOP_EVENT = data_event({"type": "message_stop"}, "message_stop")
_DELTAS = {
    "text_delta": ("text", "text"),
    "thinking_delta": ("thinking", "reasoning"),
    "input_json_delta": ("partial_json", "tool"),
}
_OFFSETS = ("start_char_index", "end_char_index")
_DELTA_OF = {field: name for name, (field, _) in _DELTAS.items()}
_FIELD_OF = {kind: field for field, kind in _DELTAS.values()}


class AnthropicAnswer:
    """One answer. `event` for each event of a stream, or `whole` once; then `terminal` and `channels.close()`."""

    def __init__(self, rules: Rules, options: AnswerOptions) -> None:
        self.channels = Channels(rules, options)
        self._last_look = LastLook(self.channels.rules)
        self.terminal: bytes | None = None
        self._usage: dict[str, Any] = {}
        self._open: dict[int, tuple[str, bool]] = {}  # open blocks: type, whether their text is restored
        self._last = -1  # highest index of a block
        self._held_stop: tuple[int, bytes] | None = None  # end of a text block that may yet get our label
        self._tools = False

    # -- streams ---------------------------------------------------------------------------------------------------

    def event(self, event: Event) -> bytes:
        """What the caller gets for this event. Raises MalformedAnswer."""
        if event.data is None:
            return b"" if self._last_look.look([event.raw.decode(errors="replace")]) else event.raw
        message = loads(event.data)
        kind = message.get("type")
        if self.channels.stopped():
            if kind == "message_delta":
                self._read_usage(message)
            return b""
        hit = self._last_look.look([*_outside(message), *other_lines(event.raw, str(kind))])
        if hit is not None and kind == "error":
            self.channels.report.upstream_error = "error"
            return FAMILIES["anthropic"].error_event(_withheld(), "")
        if hit is not None:
            self.channels.report.stopped = hit
            return self._end()
        if kind == "content_block_delta":
            return self._delta(event, message)
        if kind == "content_block_start":
            return self._end_held() + self._start(event, message)
        if kind == "content_block_stop":
            return self._stop(event, _index(message))
        if kind == "message_start":
            self._message_start(message)
        elif kind == "message_delta":
            return self._message_delta(event, message)
        elif kind == "message_stop":
            out = self.flush()
            if self.terminal is None:
                self.terminal = event.raw
            return out
        elif kind == "error":
            self.channels.report.upstream_error = _error_type(message.get("error"))
        return event.raw

    def _message_start(self, event: dict[str, Any]) -> None:
        message = event.get("message")
        if type(message) is not dict:
            raise MalformedAnswer
        self.channels.report.response_id = word(message.get("id"))
        self.channels.report.response_model = word(message.get("model"))
        self._read_usage(message)

    def _read_usage(self, holder: dict[str, Any]) -> None:
        usage = holder.get("usage")
        if type(usage) is dict:
            self._usage |= {key: value for key, value in usage.items() if value is not None}
            self.channels.report.usage = usage_of(self._usage)

    def _start(self, event: Event, message: dict[str, Any]) -> bytes:
        index, block = _index(message), message.get("content_block")
        if type(block) is not dict:
            raise MalformedAnswer
        kind = str(block.get("type"))
        self._last = max(self._last, index)
        restore = kind == "text"
        if kind.endswith("tool_use"):
            name = block.get("name")
            if type(name) is not str:
                raise MalformedAnswer
            self.channels.tool(name)
            restore = kind == "tool_use" and name not in self.channels.options.outbound
            self._tools |= kind == "tool_use"
        self._open[index] = (kind, restore)
        if kind == "tool_use" and block.get("input"):
            return self._given(event, message, block, index, restore=restore)
        field = {"text": "text", "thinking": "thinking"}.get(kind)
        if field is None or not block.get(field):
            return event.raw
        return self._passed(event, message, block, field, index)

    def _given(
        self, event: Event, message: dict[str, Any], block: dict[str, Any], index: int, *, restore: bool
    ) -> bytes:
        """The beginning of a tool call that has its input at once, as providers beside Anthropic write it."""
        texts: dict[Path, str] = {}
        changed = pass_object(self.channels, block, "input", (index, "input"), texts, restore=restore)
        out = event.with_data(orjson.dumps(message)) if changed or texts else event.raw
        return out + self._end() if self.channels.stopped() else out

    def _delta(self, event: Event, message: dict[str, Any]) -> bytes:
        delta = message.get("delta")
        if type(delta) is not dict:
            raise MalformedAnswer
        index = _index(message)
        if delta.get("type") == "citations_delta":
            citation = delta.get("citation")
            changed = type(citation) is dict and self._cited(citation, (index, "cited", len(self.channels.keys())))
            changed |= type(citation) is dict and self._without_offsets(citation)
            return event.with_data(orjson.dumps(message)) if changed else event.raw
        field = _DELTAS.get(str(delta.get("type")), ("", ""))[0]
        return self._passed(event, message, delta, field, index) if field else event.raw

    def _passed(self, event: Event, message: dict[str, Any], holder: dict[str, Any], field: str, index: int) -> bytes:
        """One fragment through its channel; the event as it came if the fragment did."""
        text = holder.get(field)
        if type(text) is not str:
            raise MalformedAnswer
        if not text:
            return event.raw
        kind = _DELTAS[_DELTA_OF[field]][1]
        restore = self._open.get(index, ("", False))[1]
        self._open.setdefault(index, (field, False))
        channel = self.channels.open((index, field), kind, restore=restore, json=kind == "tool")
        new = channel.push(text)
        form = self._learned(event, message, holder, field, changed=new != text)
        out = event.raw
        if new != text:
            holder[field] = new
            out = event.with_data(orjson.dumps(message)) if form is None else form.written(event.raw, new)
        if channel.stopped is not None:
            self.channels.report.stopped = channel.stopped
            out += self._end()
        return out

    def _learned(
        self, event: Event, message: dict[str, Any], holder: dict[str, Any], field: str, *, changed: bool
    ) -> Form | None:
        """The form of an event that says nothing but a piece of a text."""
        plain = message.get("delta") is holder and holder.keys() == {"type", field}
        if not plain or not (changed or self.channels.learns):
            return None
        form = self.channels.form_of(probe_of(event.raw, message, [Hole(holder, field)]))
        if self._last_look.alone and self.channels.learns:
            self.channels.learn(form, self.channels.get((message["index"], field)), self._end)
        return form

    def _without_offsets(self, citation: dict[str, Any]) -> bool:
        """Takes out offsets that would lie: they count in the document as it was redacted. True if there were any."""
        if not self.channels.options.shifted:
            return False
        removed = [citation.pop(key, None) for key in _OFFSETS]
        return removed != [None, None]

    def _cited(self, citation: dict[str, Any], key: tuple[object, ...]) -> bool:
        """Restore what a citation quotes: it is the caller's own document, redacted. True if it has changed."""
        text = citation.get("cited_text")
        if type(text) is not str:
            return False
        channel = self.channels.once(key, "reasoning", text)
        citation["cited_text"] = "".join(channel.delivered)
        return bool(citation["cited_text"] != text)

    def _rest(self, index: int) -> bytes:
        """An event with what the channels of one block still hold."""
        out = b""
        for field, name in _DELTA_OF.items():
            channel = self.channels.get((index, field))
            if channel is not None and channel.pending:
                rest = channel.finish()
                if rest:
                    out += _delta_event(index, name, field, rest)
                if channel.stopped is not None:
                    self.channels.report.stopped = channel.stopped
        return out

    def _stop(self, event: Event, index: int) -> bytes:
        out = self._end_held() + self._rest(index)
        if self.channels.stopped():
            return out + self._end()
        kind, _ = self._open.pop(index, ("", False))
        if kind == "text" and self.channels.options.label is not None:
            self._held_stop = (index, event.raw)
            return out
        return out + event.raw

    def _end_held(self) -> bytes:
        held, self._held_stop = self._held_stop, None
        return held[1] if held else b""

    def _message_delta(self, event: Event, message: dict[str, Any]) -> bytes:
        out = self._flush_open()
        self._read_usage(message)
        if self.channels.stopped():
            return out
        delta = message.get("delta")
        reason = delta.get("stop_reason") if type(delta) is dict else None
        if reason is None:
            return out + event.raw
        self.channels.report.finish = word(reason)
        return out + self._label() + event.raw

    def _label(self) -> bytes:
        """Our label at the end of the last text block, before its end; in a block of its own if others followed."""
        label = ""
        if self.channels.options.label is not None and not self._tools:
            text = self.channels.delivered()
            label = self.channels.options.label(text) if text else ""
        held = self._held_stop
        if not label:
            return self._end_held()
        self.channels.report.labelled = True
        if held is not None:
            return _delta_event(held[0], "text_delta", "text", label) + self._end_held()
        index = self._last = self._last + 1
        start = {"type": "content_block_start", "index": index, "content_block": {"type": "text", "text": ""}}
        delta = _delta_event(index, "text_delta", "text", label)
        return data_event(start, "content_block_start") + delta + _stop_event(index)

    def flush(self) -> bytes:
        """What is held, where the provider ended without ending its message."""
        return b"" if self.channels.stopped() else self._flush_open() + self._end_held()

    def _flush_open(self) -> bytes:
        out = b"".join(self._rest(index) for index in list(self._open))
        return out + self._end() if self.channels.stopped() else out

    def _end(self) -> bytes:
        """The clean end of an answer that the guard stopped."""
        out = b""
        for index, (kind, _) in list(self._open.items()):
            out += self._rest(index)
            if kind == "text" and self.channels.options.label is not None:
                out += self._end_held()
                self._held_stop = (index, _stop_event(index))
            else:
                out += _stop_event(index)
        self._open.clear()
        out += self._label()
        self.channels.report.finish = STOPPED
        delta = {"stop_reason": STOPPED, "stop_sequence": None}
        usage = {"output_tokens": number(self._usage.get("output_tokens"))}
        self.terminal = STOP_EVENT
        return out + data_event({"type": "message_delta", "delta": delta, "usage": usage}, "message_delta")

    # -- whole answers ---------------------------------------------------------------------------------------------

    def whole(self, body: bytes) -> bytes:
        """The whole answer. Raises MalformedAnswer."""
        answer = loads(body)
        report = self.channels.report
        if answer.get("type") == "error" or answer.get("error") is not None:
            report.upstream_error = _error_type(answer.get("error"))
            if self._last_look.look([answer]):
                report.upstream_error = "error"
                return FAMILIES["anthropic"].error_body(_withheld(), "")
            return body
        report.stopped = self._last_look.look(_outside_whole(answer))
        if report.stopped is not None:
            report.finish = STOPPED
            fixed = {"type": "message", "role": "assistant", "content": [], "stop_reason": STOPPED}
            return orjson.dumps(fixed | {"stop_sequence": None})
        if type(answer.get("input_tokens")) is int and "content" not in answer:
            report.usage = Usage(input=number(answer["input_tokens"]))
            return body
        report.response_id, report.response_model = word(answer.get("id")), word(answer.get("model"))
        self._read_usage(answer)
        report.finish = word(answer.get("stop_reason"))
        blocks = answer.get("content", [])
        if type(blocks) is not list or any(type(block) is not dict for block in blocks):
            raise MalformedAnswer
        texts: dict[Path, str] = {}
        renamed = False
        kept = 0
        for index, block in enumerate(blocks):
            renamed |= self._block(index, block, texts)
            kept = index + 1
            if self.channels.stopped():
                break
        del blocks[kept:]
        self._whole_label(blocks, texts)
        if self.channels.stopped():
            answer["stop_reason"] = report.finish = STOPPED
            answer["stop_sequence"] = None
        return orjson.dumps(answer) if renamed or self.channels.stopped() else rewritten(body, texts, [])

    def _block(self, index: int, block: dict[str, Any], texts: dict[Path, str]) -> bool:
        """One block of a whole answer. True if object keys changed, so that splicing strings is not enough."""
        kind = str(block.get("type"))
        base: Path = ("content", index)
        if kind.endswith("tool_use"):
            name = block.get("name")
            if type(name) is not str:
                raise MalformedAnswer
            self.channels.tool(name)
            self._tools |= kind == "tool_use"
            restore = kind == "tool_use" and name not in self.channels.options.outbound
            block.setdefault("input", None)
            return pass_object(self.channels, block, "input", (*base, "input"), texts, restore=restore)
        if kind in {"text", "thinking"} and type(block.get(kind)) is str:
            text = block[kind]
            channel = self.channels.once((index, kind), _DELTAS[_DELTA_OF[kind]][1], text, restore=kind == "text")
            block[kind] = "".join(channel.delivered)
            self.channels.report.stopped = channel.stopped
            if block[kind] != text:
                texts[(*base, kind)] = block[kind]
        cut = False
        citations = block.get("citations")
        for place, citation in enumerate(citations if type(citations) is list else []):
            if type(citation) is dict and self._cited(citation, (index, "cited", place)):
                texts[(*base, "citations", place, "cited_text")] = citation["cited_text"]
            cut |= type(citation) is dict and self._without_offsets(citation)
        return cut

    def _whole_label(self, blocks: list[dict[str, Any]], texts: dict[Path, str]) -> None:
        label = self.channels.options.label
        texts_at = [
            i for i, block in enumerate(blocks) if block.get("type") == "text" and type(block.get("text")) is str
        ]
        last = max(texts_at, default=-1)
        text = self.channels.delivered()
        if label is None or self._tools or last < 0 or not text:
            return
        notice = label(text)
        if notice:
            blocks[last]["text"] = texts["content", last, "text"] = blocks[last]["text"] + notice
            self.channels.report.labelled = True


def _withheld() -> UpstreamFailed:
    return UpstreamFailed("the provider failed; its message held guarded content")


def _outside(message: dict[str, Any]) -> list[Any]:
    """What no channel reads of an event."""
    kind = message.get("type")
    holder = {"content_block_delta": "delta", "content_block_start": "content_block"}.get(str(kind))
    values: list[Any] = [*message]  # a name can say anything, too
    for key, value in message.items():
        if key == holder and type(value) is dict:
            values += _of_block(value)
        elif key != "type" or holder is None:
            values.append(value)
    return values


def _of_block(block: dict[str, Any], *, whole: bool = False) -> list[Any]:
    """What no channel reads of a block or a delta."""
    kind = str(block.get("type"))
    read = _DELTAS[kind][0] if kind in _DELTAS else kind if kind in {"text", "thinking"} else ""
    if whole and kind.endswith("tool_use"):
        read = "input"
    values: list[Any] = [*block]
    for key, value in block.items():
        cited = value if key == "citations" and type(value) is list else [value] if key == "citation" else None
        if cited is not None:
            for item in cited:
                values += [v for k, v in item.items() if k != "cited_text"] if type(item) is dict else [item]
                values += item if type(item) is dict else ()
        elif key != read and (key != "type" or kind not in _DELTAS):
            values.append(value)
    return values


def _outside_whole(answer: dict[str, Any]) -> list[Any]:
    """What no channel reads of a whole answer."""
    values: list[Any] = [*answer, *(value for key, value in answer.items() if key != "content")]
    blocks = answer.get("content")
    for block in blocks if type(blocks) is list else [blocks]:
        values += _of_block(block, whole=True) if type(block) is dict else [block]
    return values


def usage_of(usage: dict[str, Any]) -> Usage:
    """Anthropic's input tokens exclude what was read from or written to the cache; `Usage.input` includes both."""
    read = number(usage.get("cache_read_input_tokens"))
    written = number(usage.get("cache_creation_input_tokens"))
    return Usage(
        input=number(usage.get("input_tokens")) + read + written,
        cached_input=read,
        cache_write=written,
        output=number(usage.get("output_tokens")),
    )


def _delta_event(index: int, name: str, field: str, text: str) -> bytes:
    delta = {"type": name, field: text}
    return data_event({"type": "content_block_delta", "index": index, "delta": delta}, "content_block_delta")


def _stop_event(index: int) -> bytes:
    return data_event({"type": "content_block_stop", "index": index}, "content_block_stop")


def _index(message: dict[str, Any]) -> int:
    index = message.get("index")
    if type(index) is not int:
        raise MalformedAnswer
    return index


def _error_type(error: Any) -> str:
    kind = error.get("type") if type(error) is dict else None
    return str(kind)[:64] if kind else "error"
