"""Gemini: answers, streamed (server-sent events, or one JSON array) and whole; token counts and embeddings as well.

Channels: the text and the thoughts of each candidate, and each string of a function call's arguments, which come whole.
A text ends where a part of another kind follows. Thoughts are guarded and not restored; neither is code that the provider
runs, nor its output. Signatures pass as they are. Offsets into a text that has changed would lie, so grounding supports,
citation sources and log probabilities of a restored candidate are removed. The event in which the last candidate ends, and what follows, are held to the end of the stream:
they are the terminal bytes.
"""

from __future__ import annotations

from typing import Any

import orjson

from gateway.errors import UpstreamFailed
from gateway.flow import Path, Usage
from gateway.protocols.answer import AnswerOptions, Channels, MalformedAnswer, data_event, number, rewritten, word
from gateway.protocols.answer_json import loads, parsed
from gateway.protocols.arguments import pass_object
from gateway.protocols.family import FAMILIES
from gateway.protocols.gemini_outside import READ, outside
from gateway.protocols.json_offsets import locate
from gateway.protocols.last_look import LastLook, other_lines
from gateway.protocols.plain_events import NUMBER, Form, Hole, probe_of
from gateway.protocols.sse import Event, read_event
from gateway.redaction.channel import Rules, TextChannel
from gateway.redaction.splice import splice

STOPPED = "SPII"
"""Google's word for an answer that ended because it held sensitive identifying data."""
_NO_REASON = frozenset({"", "FINISH_REASON_UNSPECIFIED"})
"""What libraries that fill in defaults say while a candidate has not ended."""
_TEXTS = {"text": "text", "thought": "reasoning"}
_OFFSETS = (("groundingMetadata", "groundingSupports"), ("citationMetadata", "citationSources"))


class GeminiAnswer:
    """One answer. `event` for each event of a stream, or `whole` once; then `terminal` and `channels.close()`."""

    def __init__(self, rules: Rules, options: AnswerOptions) -> None:
        self.channels = Channels(rules, options)
        self._last_look = LastLook(rules)
        self.terminal: bytes | None = None
        self._usage: dict[str, Any] = {}
        self._open: dict[int, tuple[str, TextChannel]] = {}  # the text that is running, by candidate
        self._ended: dict[int, bool] = {}  # candidates seen, and whether they have ended
        self._turn = 0  # number of the event: keys of its channels
        self._with_calls: set[int] = set()
        self._restored: set[int] = set()  # candidates whose text is not the provider's any more
        self._tail: list[bytes] = []  # events from the one on in which the last candidate ended
        self._blocked = False  # the prompt was refused: there will be no candidate
        self._closed = not options.array  # the array's own end, where there is one
        self._streamed = True
        self._said = False  # whether an event has gone on: a new one then follows a comma

    # -- streams ---------------------------------------------------------------------------------------------------

    def event(self, event: Event) -> bytes:
        """What the caller gets for this event. Raises MalformedAnswer."""
        array = self.channels.options.array
        if self.channels.report.upstream_error is not None:
            return b""  # its error was the end
        if event.data is None:
            if self._last_look.look([event.raw.decode(errors="replace")]):
                return b""
            self._closed = self._closed or array
            return self._out(event.raw)
        chunk = _loads(event.data)
        self._read_head(chunk)
        if self.channels.stopped():
            return b""
        if chunk.get("error") is not None:
            return self._error(event, chunk)
        hit = self._last_look.look([*outside(chunk), *([] if array else other_lines(event.raw))])
        if hit is not None:
            self.channels.report.stopped = hit
            return self._end()
        texts: dict[Path, str] = {}
        changed = self._candidates(chunk, texts)
        form = None if changed else self._text_form(event, texts)
        if form is not None and texts:
            out = form.written(event.raw, next(iter(texts.values())))
        else:
            out = event.with_data(orjson.dumps(chunk)) if changed or texts else event.raw
        if self.channels.stopped():
            return self._out(out) + self._end()
        return self._out(out)

    def _text_form(self, event: Event, texts: dict[Path, str]) -> Form | None:
        """The form of an event that says nothing but a piece of the running text; those that follow it are learned."""
        if self.channels.options.array or not (texts or self.channels.learns):
            return None
        chunk = _loads(event.data or b"")
        part = _only_part(chunk)
        index = chunk["candidates"][0].get("index", 0) if part is not None else 0
        running = self._open.get(index)
        if part is None or running is None or self._done():
            return None
        told = chunk.get("usageMetadata")
        usage: dict[str, Any] = told if type(told) is dict else {}
        counts = [key for key, value in usage.items() if type(value) is int]
        holes = [Hole(part, "text"), *(Hole(usage, key, NUMBER) for key in counts)]
        form = self.channels.form_of(probe_of(event.raw, chunk, holes))
        if self.channels.learns and self.channels.report.stopped is None and self._last_look.repeats():

            def left(last: bytes, count: int, changed: bool) -> None:
                self._last_look.repeated(count)
                self._read_head(_loads(read_event(last).data or b""))
                if changed and running[0] == "text":
                    self._restored.add(index)

            self.channels.learn(form, running[1], self._end, left)
        return form

    def _out(self, raw: bytes) -> bytes:
        """This event now, or held because all candidates have ended: then it belongs to the terminal bytes."""
        if self._done():
            self._tail.append(raw)
            return b""
        out, self._tail, self._said = b"".join((*self._tail, raw)), [], True
        return out

    def _done(self) -> bool:
        return self._blocked or (bool(self._ended) and all(self._ended.values()))

    def _error(self, event: Event, chunk: dict[str, Any]) -> bytes:
        report = self.channels.report
        report.upstream_error = _error_type(chunk["error"])
        held, self._tail = b"".join(self._tail), []
        if self._last_look.look([chunk]):
            report.upstream_error = "error"
            return held + FAMILIES[self._form()].error_event(_withheld(), "")
        # an array that ends here is closed, so that its reader gets the error and not a broken text
        return held + event.raw + (b"]" if self.channels.options.array else b"")

    def _form(self) -> str:
        return "gemini_array" if self.channels.options.array and self._said else "gemini"

    def _read_head(self, chunk: dict[str, Any]) -> None:
        report = self.channels.report
        usage = chunk.get("usageMetadata")
        if type(usage) is dict:
            self._usage |= {key: value for key, value in usage.items() if value is not None}
            report.usage = usage_of(self._usage)
        report.response_id = report.response_id or word(chunk.get("responseId"))
        report.response_model = report.response_model or word(chunk.get("modelVersion"))
        feedback = chunk.get("promptFeedback")
        if type(feedback) is dict and feedback.get("blockReason") is not None:
            self._blocked = True
            report.finish = report.finish or word(feedback["blockReason"])

    def _candidates(self, chunk: dict[str, Any], texts: dict[Path, str]) -> bool:
        """All candidates of one event through their channels, in place. True if more than strings has changed."""
        candidates = chunk.get("candidates")
        if candidates is None:
            return False
        if type(candidates) is not list:
            raise MalformedAnswer
        self._turn += 1
        changed = False
        for position, candidate in enumerate(candidates):
            if type(candidate) is not dict or type(candidate.get("index", 0)) is not int:
                raise MalformedAnswer
            if not self.channels.stopped():
                changed |= self._candidate(candidate, ("candidates", position), texts)
            else:
                candidate.pop("content", None)
                changed = True
        return changed

    def _candidate(self, candidate: dict[str, Any], path: Path, texts: dict[Path, str]) -> bool:
        index, finish = candidate.get("index", 0), candidate.get("finishReason")
        if type(finish) is str and finish in _NO_REASON:
            finish = None
        self._ended.setdefault(index, False)
        content = candidate.get("content")
        ends = finish is not None or not self._streamed
        changed = False
        if type(content) is dict:
            parts = content.get("parts") or []
            if type(parts) is not list or any(type(part) is not dict for part in parts):
                raise MalformedAnswer
            changed = self._parts(index, content, parts, (*path, "content", "parts"), texts, ends=ends)
        elif content is not None:
            raise MalformedAnswer
        if finish is not None and not self._ended[index] and not self.channels.stopped():
            changed |= self._finish(index, candidate)
        if self.channels.stopped():
            # a stream's own end follows in an event of its own, which waits for the record
            ended = candidate.pop("finishReason", None) is not None
            if not self._streamed:
                candidate["finishReason"] = self.channels.report.finish = STOPPED
            return changed or ended or not self._streamed
        return self._without_offsets(index, candidate) or changed

    def _finish(self, index: int, candidate: dict[str, Any]) -> bool:
        """The end of a candidate: what was held, and our label, as parts of their own. True if there are any."""
        added = self._added(index, labelled=self._streamed)
        if self.channels.stopped():
            self._append(candidate, added)
            return True
        self._ended[index] = True
        self.channels.report.finish = word(candidate["finishReason"])
        return self._append(candidate, added)

    def _append(self, candidate: dict[str, Any], added: list[dict[str, Any]]) -> bool:
        if added:
            content = candidate.get("content") or {}
            candidate["content"] = {"role": "model"} | content | {"parts": [*self._kept(candidate), *added]}
        return bool(added)

    @staticmethod
    def _kept(candidate: dict[str, Any]) -> list[Any]:
        content = candidate.get("content")
        return list(content.get("parts") or []) if type(content) is dict else []

    def _parts(
        self,
        index: int,
        content: dict[str, Any],
        parts: list[dict[str, Any]],
        path: Path,
        texts: dict[Path, str],
        *,
        ends: bool,
    ) -> bool:
        """The parts of one event, in place. True if parts were added or dropped, or object keys have changed."""
        passed: list[dict[str, Any]] = []
        kinds = [_kind(part) for part in parts]
        changed = False
        for place, (part, kind) in enumerate(zip(parts, kinds, strict=True)):
            rest = self._switch(index, kind)
            if rest:
                passed.append(rest)
                changed = True
            if self.channels.stopped():
                break
            if kind in _TEXTS:
                following = next((later for later in kinds[place + 1 :] if later), None)
                last = ends if following is None else following != kind
                self._text(index, kind, part, (*path, place), texts, last=last)
            else:
                changed |= self._other(index, part, (*path, place), texts)
            passed.append(part)
            if self.channels.stopped():
                break
        if changed or len(passed) != len(parts):
            content["parts"] = passed
            return True
        return False

    def _switch(self, index: int, kind: str) -> dict[str, Any] | None:
        """What the running text still held, as a part of its own, where a part of another kind follows."""
        running = self._open.get(index)
        if running is None or kind in {running[0], ""}:
            return None
        del self._open[index]
        return self._rest(*running)

    def _rest(self, kind: str, channel: TextChannel) -> dict[str, Any] | None:
        rest = channel.finish() if channel.pending else ""
        self.channels.report.stopped = self.channels.report.stopped or channel.stopped
        if not rest:
            return None
        return {"text": rest, "thought": True} if kind == "thought" else {"text": rest}

    def _text(
        self, index: int, kind: str, part: dict[str, Any], path: Path, texts: dict[Path, str], *, last: bool
    ) -> None:
        """One fragment of a text, in place; `last`: nothing follows it, so nothing is held back."""
        text = part["text"]
        running = self._open.get(index)
        if running is None:
            running = (kind, self.channels.open((index, kind, self._turn, path), _TEXTS[kind], restore=kind == "text"))
            self._open[index] = running
        channel = running[1]
        new = channel.push(text)
        if last:
            del self._open[index]
            new += channel.finish()
        self.channels.report.stopped = channel.stopped
        if new != text:
            part["text"] = texts[(*path, "text")] = new
            if kind == "text":
                self._restored.add(index)

    def _other(self, index: int, part: dict[str, Any], path: Path, texts: dict[Path, str]) -> bool:
        """A function call's arguments are restored; code of the provider, and its output, are guarded only."""
        changed = False
        for key, field in READ.items():
            value = part.get(key)
            if value is None:
                continue
            if type(value) is not dict:
                raise MalformedAnswer
            restore = False
            if key == "functionCall":
                name = value.get("name")
                if name is None and index in self._with_calls:
                    continue  # a call goes on (`partialArgs`): its pieces are looked at together, and not restored
                if type(name) is not str:
                    raise MalformedAnswer
                self.channels.tool(name)
                self._with_calls.add(index)
                restore = name not in self.channels.options.outbound and not value.get("willContinue")
            if field in value:
                changed |= pass_object(
                    self.channels, value, field, (*path, key, field), texts, restore=restore, turn=self._turn
                )
        return changed

    def _added(self, index: int, *, labelled: bool) -> list[dict[str, Any]]:
        """The parts that are added at a candidate's end."""
        running = self._open.pop(index, None)
        rest = self._rest(*running) if running else None
        return ([rest] if rest else []) + (self._label(index) if labelled else [])

    def _label(self, index: int) -> list[dict[str, Any]]:
        """Our label, a part of its own; none beside function calls."""
        if self.channels.options.label is None or index in self._with_calls:
            return []
        text = self.channels.delivered([k for k in self.channels.keys() if _belongs(k, index)])  # noqa: SIM118
        label = self.channels.options.label(text) if text else ""
        if not label:
            return []
        self.channels.report.labelled = True
        return [{"text": label}]

    def _without_offsets(self, index: int, candidate: dict[str, Any]) -> bool:
        """Takes out what counts in a text that is not the provider's any more. True if there was something."""
        if index not in self._restored:
            return False
        changed = candidate.pop("logprobsResult", None) is not None
        for key, field in _OFFSETS:
            holder = candidate.get(key)
            if type(holder) is dict and holder.pop(field, None) is not None:
                changed = True
        return changed

    def flush(self) -> bytes:
        """What is held, where the provider has ended. If all candidates had ended, its last events are the terminal bytes."""
        if self.channels.stopped():
            return b""
        if self._done() and self._closed:
            self.terminal = b"".join(self._tail)
            return b""
        out, self._tail = b"".join(self._tail), []
        for index in list(self._open):
            added = self._added(index, labelled=False)
            if added:
                out += self._new_event(index, added, None)
        return out + self._end() if self.channels.stopped() else out

    def _end(self) -> bytes:
        """The clean end of an answer that the guard stopped: each candidate that has not ended ends now."""
        out, self._tail = b"".join(self._tail), []
        stopped: list[bytes] = []
        for index in [index for index, ended in self._ended.items() if not ended] or [0]:
            self._ended[index] = True
            stopped.append(self._new_event(index, self._added(index, labelled=True), STOPPED))
        self.channels.report.finish = STOPPED
        self.terminal = b"".join(stopped) + (b"]" if self.channels.options.array else b"")
        return out

    def _new_event(self, index: int, parts: list[dict[str, Any]], finish: str | None) -> bytes:
        candidate: dict[str, Any] = {"content": {"role": "model", "parts": parts}, "index": index}
        if finish is not None:
            candidate["finishReason"] = finish
        chunk = {"candidates": [candidate]} | ({"usageMetadata": self._usage} if finish and self._usage else {})
        if not self.channels.options.array:
            return data_event(chunk)
        head, self._said = (b",\r\n" if self._said else b"["), True
        return head + orjson.dumps(chunk)

    # -- whole answers ---------------------------------------------------------------------------------------------

    def whole(self, body: bytes) -> bytes:
        """The whole answer. Raises MalformedAnswer."""
        self._streamed = False
        answer = _loads(body)
        report = self.channels.report
        if answer.get("error") is not None:
            report.upstream_error = _error_type(answer["error"])
            if self._last_look.look([answer]):
                report.upstream_error = "error"
                return FAMILIES["gemini"].error_body(_withheld(), "")
            return body
        report.stopped = self._last_look.look(outside(answer))
        if report.stopped is not None:
            report.finish = STOPPED
            return orjson.dumps({"candidates": [{"finishReason": STOPPED, "index": 0}]})
        self._read_head(answer)
        if type(answer.get("totalTokens")) is int:
            report.usage = Usage(input=number(answer["totalTokens"]))
            return body
        texts: dict[Path, str] = {}
        changed = self._candidates(answer, texts)
        labels = self._whole_labels(answer)
        if changed or self.channels.stopped():
            for position, label in labels.items():
                answer["candidates"][position]["content"]["parts"] += label
            return orjson.dumps(answer)
        return _with_parts(rewritten(body, texts, []), labels)

    def _whole_labels(self, answer: dict[str, Any]) -> dict[int, list[dict[str, Any]]]:
        labels = {}
        for position, candidate in enumerate(answer.get("candidates") or []):
            label = self._label(candidate.get("index", 0))
            if label and self._kept(candidate):
                labels[position] = label
        return labels


def _belongs(key: Any, index: int) -> bool:
    return type(key) is tuple and key[:2] == (index, "text")


def _kind(part: dict[str, Any]) -> str:
    """text, thought, or what else it is. A part without a text, such as a bare signature, ends no text."""
    text = part.get("text")
    if text is None and not (part.keys() - {"thoughtSignature", "thought"}):
        return ""
    if text is None:
        return "other"
    if type(text) is not str:
        raise MalformedAnswer
    return "thought" if part.get("thought") is True else "text"


def _only_part(chunk: dict[str, Any]) -> dict[str, Any] | None:
    """The part of an event that has one candidate, this one part with a text, and no end."""
    candidates = chunk.get("candidates")
    candidate = candidates[0] if type(candidates) is list and len(candidates) == 1 else None
    if type(candidate) is not dict or not candidate.keys() <= {"content", "index"}:
        return None
    content = candidate.get("content")
    if type(content) is not dict or not content.keys() <= {"parts", "role"}:
        return None
    parts = content.get("parts")
    part = parts[0] if type(parts) is list and len(parts) == 1 else None
    if type(part) is not dict or not part.keys() <= {"text", "thought"} or not part.get("text"):
        return None
    return part


def _with_parts(body: bytes, labels: dict[int, list[dict[str, Any]]]) -> bytes:
    """Parts added behind the last one of each candidate; everything else stays as it was."""
    if not labels:
        return body
    places = locate(body, [("candidates", position, "content", "parts") for position in labels])
    edits = []
    for path, (_, end) in places.items():
        label = orjson.dumps(labels[int(path[1])])[1:-1]
        edits.append((end - 1, end - 1, b"," + label))
    return splice(body, edits)


def _withheld() -> UpstreamFailed:
    return UpstreamFailed("the provider failed; its message held guarded content")


def usage_of(usage: dict[str, Any]) -> Usage:
    """Google's prompt tokens include cached ones and leave out tools' results; its candidates' tokens leave out thoughts."""
    thoughts = number(usage.get("thoughtsTokenCount"))
    return Usage(
        input=number(usage.get("promptTokenCount")) + number(usage.get("toolUsePromptTokenCount")),
        cached_input=number(usage.get("cachedContentTokenCount")),
        output=number(usage.get("candidatesTokenCount")) + thoughts,
        reasoning=thoughts,
    )


def _loads(data: bytes) -> dict[str, Any]:
    if data.lstrip().startswith(b"["):  # an error before a stream that would have been an array
        value = parsed(data)
        if len(value) == 1 and type(value[0]) is dict and "error" in value[0]:
            return dict(value[0])
    return loads(data)


def _error_type(error: Any) -> str:
    kind = error.get("status") or error.get("code") if type(error) is dict else None
    return str(kind)[:64] if kind else "error"
