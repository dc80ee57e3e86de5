"""OpenAI Responses: answers, streamed and whole.

Each text of an answer is one channel, by its place (`gateway.protocols.responses_texts`): its deltas pass through it,
and wherever the provider says the text again (the `.done` of the text, of its part, of its item, the final response),
the caller reads what the deltas said. A repetition that says something else is guarded and restored on its own. What is
held at the end of a text goes out as one more delta before its end; the numbers of all later events move along. What
the response repeats of the request is restored. The terminal bytes are the final response.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from gateway.flow import Path, Usage
from gateway.protocols.answer import AnswerOptions, Channels, MalformedAnswer, data_event, number, spliced, word
from gateway.protocols.answer_json import loads
from gateway.protocols.family import FAMILIES
from gateway.protocols.last_look import LastLook, other_lines
from gateway.protocols.openai_citations import moved
from gateway.protocols.openai_errors import withheld
from gateway.protocols.plain_events import COUNT, WORD, Form, Hole, probe_of
from gateway.protocols.responses_items import Item, Items, own_message
from gateway.protocols.responses_texts import (
    TEXT,
    TOOL,
    Place,
    Text,
    index_of,
    name_of,
    outside,
    texts_of,
    texts_of_item,
)
from gateway.protocols.sse import Event, read_event
from gateway.redaction.channel import Rules, TextChannel
from gateway.redaction.placeholder import OPEN, Restorable

STOPPED = "content_filter"
_ENDS = frozenset({"response.completed", "response.incomplete", "response.failed", "response.cancelled"})
_WAITS_FOR_LABEL = frozenset({"output_text", "content_part", "output_item"})
ALL: Place = ("output_text",)
"""Where some providers say all texts of a response together, once more."""
_DELTA: Path = ("delta",)
_OF_A_FORM = frozenset({_DELTA, ("sequence_number",)})
"""What may change in an event of a form."""
_MARK = re.compile(rb"\xe2\x9f\xa6|\\u27[eE]6")


@dataclass(slots=True)
class _Said:
    """One event on its way out: what of it changes, and its texts."""

    event: Event
    tree: dict[str, Any]
    texts: list[Text]
    edits: dict[Path, Any] = field(default_factory=dict)


class ResponsesAnswer:
    """One answer. `event` for each event of a stream, or `whole` once; then `terminal` and `channels.close()`."""

    def __init__(self, rules: Rules, options: AnswerOptions) -> None:
        self.channels = Channels(rules, options)
        self._last_look = LastLook(rules)
        self.terminal: bytes | None = None
        self._items = Items(self.channels)
        self._response: dict[str, Any] = {}  # as it was last said
        self._pieces: dict[Place, tuple[dict[str, Any], Path]] = {}  # the event of a text's last piece, without it
        self._judged: set[str] = set()
        self._held: list[_Said] = []  # ends of a message's text that may yet get our label
        self._last: int | None = None  # number of the last event that went out
        self._shift = 0  # how many events of ours went out

    # -- streams ---------------------------------------------------------------------------------------------------

    def event(self, event: Event) -> bytes:
        """What the caller gets for this event. Raises MalformedAnswer."""
        if event.data is None:
            return b"" if self._last_look.look([event.raw.decode(errors="replace")]) else event.raw
        if event.data.strip() == b"[DONE]":
            out = self.flush()
            self.terminal = self.terminal or event.raw
            return out
        tree = loads(event.data)
        kind = tree.get("type")
        if kind == "error" or (kind is None and tree.get("error") is not None):
            return self._error(event, tree)
        if type(kind) is not str:
            raise MalformedAnswer
        if self.channels.stopped():
            self._read_usage(tree.get("response"))
            return b""
        said, item = self._read(event, tree, kind)
        self.channels.report.stopped = self._look(said, kind)
        if self.channels.stopped():
            return self._end() if kind != "response.failed" else self._withheld()
        if type(tree.get("response")) is dict:
            return self._lifecycle(said, tree["response"], kind)
        return self._about(said, item, kind)

    def _read(self, event: Event, tree: dict[str, Any], kind: str) -> tuple[_Said, Item | None]:
        """The event's texts, and the item it is about."""
        response = tree.get("response")
        if type(response) is dict:
            return _Said(event, tree, self._texts_of(response, ("response",))), None
        shown = tree.get("item")
        item_id = shown.get("id") if type(shown) is dict else tree.get("item_id")
        if type(tree.get("output_index")) is not int and type(item_id) is not str:
            return _Said(event, tree, list(texts_of(tree, -1))), None
        item = self._items.of(tree.get("output_index"), item_id)
        if type(shown) is dict and kind.startswith("response.output_item."):
            self._items.note(item, shown)
        return _Said(event, tree, list(texts_of(tree, item.number))), item

    def _texts_of(self, response: dict[str, Any], path: Path) -> list[Text]:
        output = response.get("output")
        texts: list[Text] = []
        if type(response.get("output_text")) is str:
            texts.append(Text((*path, "output_text"), ALL, TEXT, restored=True))
        for index, shown in enumerate(output if type(output) is list else ()):
            if type(shown) is dict:
                item = self._items.of(index, shown.get("id"))
                self._items.note(item, shown)
                texts += texts_of_item(shown, (*path, "output", index), item.number)
        return texts

    def _look(self, said: _Said, kind: str) -> str | None:
        """The last look at what no channel reads. What was judged once is not judged again: ids, the request's echo."""
        rules = self.channels.rules
        if rules.guard is None:
            return None
        fresh = {text for text in outside(said.tree, [text.path for text in said.texts]) if text not in self._judged}
        found = self._last_look.look([*fresh, *other_lines(said.event.raw, kind)])
        self._judged |= fresh
        return found

    def _about(self, said: _Said, item: Item | None, kind: str) -> bytes:
        """An event about one item: a piece of a text, the beginning or the end of one, or news that have no text."""
        name, ending = name_of(kind)
        out = [self._released_unless(name, ending, said, item)]
        if ending == "done":
            places = {text.place for text in said.texts}
            ended = self._items.places(item.number if item is not None else -1)
            out += self._rest(place for place in ended if name == "output_item" or place in places or place[1] == name)
        if not self.channels.stopped():
            self._pass(said)
            if self.channels.stopped():
                out += [self._said(said)] if ending == "delta" else []
        if self.channels.stopped():
            return b"".join(out) + self._end()
        if item is not None and ending == "done" and name == "output_item":
            item.closed = True
        if item is not None and name == "output_text.annotation":
            place = (item.number, "content", index_of(said.tree, "content_index"), "text")
            self._move(said, said.tree, ("annotation",), place)
        out.append(self._now(said, name, ending, item))
        if ending == "delta":
            self._learn_form(said)
        return b"".join(out)

    def _pass(self, said: _Said) -> None:
        """All texts of an event through their channels."""
        for text in said.texts:
            holder, key = _holder(said.tree, text.path)
            before = holder[key]
            after = self._passed(text, before)
            if text.path[0] == "delta" and text.place not in self._pieces:
                self._pieces[text.place] = (_without_text(said.tree), text.path)
            if after != before:
                said.edits[text.path] = holder[key] = after
                self._move(said, holder, (*text.path[:-1], "annotations"), text.place, before)
                if holder.get("logprobs") if type(holder) is dict else False:
                    # Their tokens would spell the placeholder.
                    said.edits[*text.path[:-1], "logprobs"] = holder["logprobs"] = []

    def _move(self, said: _Said, holder: Any, path: Path, place: Place, text: str = "") -> None:
        """The citations of a text that has changed: of all of it, or of what has been said so far."""
        if type(holder) is dict and path[-1] in holder:
            for inside, offset in moved(holder[path[-1]], self.channels.get(place), self.channels.rules, text):
                said.edits[*path, *inside] = offset

    def _passed(self, text: Text, value: str) -> str:
        """What the caller gets of one text, or of one piece of it."""
        if self.channels.stopped():
            return ""
        restore = text.restored and (text.kind != TOOL or self._items.restorable(int(text.place[0])))
        if text.place != ALL:
            self._items.opened(text.place)
        if not text.whole:
            channel = self.channels.open(text.place, text.kind, restore=restore, json=text.json)
            out = channel.push(value)
        else:
            channel = self._whole(text, value, restore=restore)
            out = "".join(channel.delivered)
        self.channels.report.stopped = channel.stopped
        return out

    def _whole(self, text: Text, value: str, *, restore: bool) -> TextChannel:
        """The channel that has said all of a text; a new one, if the provider now says something else."""
        known = self.channels.get(text.place)
        if known is None and text.place != ALL:
            return self.channels.once(text.place, text.kind, value, restore=restore, json=text.json)
        if known is not None:
            known.finish()
            if known.stopped is not None or "".join(known.provider) == value:
                return known
        json = text.json or (text.kind == TEXT and self.channels.options.json_mode)
        again = TextChannel(self.channels.rules, restore=restore, json=json)
        again.push(value)
        again.finish()
        return again

    def _rest(self, places: Iterable[Place]) -> list[bytes]:
        """What these texts still hold, each as one more delta."""
        out: list[bytes] = []
        for place in list(places):
            channel = self.channels.get(place)
            if channel is None or not channel.pending:
                continue
            rest = channel.finish()
            if rest and place in self._pieces:
                out.append(self._piece(place, rest))
            if channel.stopped is not None:
                self.channels.report.stopped = channel.stopped
        return out

    def _piece(self, place: Place, text: str) -> bytes:
        """A delta of ours."""
        tree, path = self._pieces[place]
        return self._insert(tree | {"delta": text if len(path) == 1 else {str(path[1]): text}})

    def _lifecycle(self, said: _Said, response: dict[str, Any], kind: str) -> bytes:
        """An event that says the response itself: its beginning, its progress, its end."""
        self._learn(response)
        ends = kind in _ENDS
        out = self._rest(self._items.all_places()) if ends else []
        if not self.channels.stopped():
            self._pass(said)
        if self.channels.stopped():
            return b"".join(out) + self._end()
        self._restore_echo(said, response, ("response",))
        self._response = response
        if not ends:
            return self._released() + b"".join(out) + self._said(said)
        label = self._label(said, ("response",)) if kind != "response.failed" else b""
        held = self._released()
        self.terminal = self._said(said)
        return b"".join(out) + label + held

    def _learn(self, response: dict[str, Any]) -> None:
        report = self.channels.report
        report.response_id, report.response_model = word(response.get("id")), word(response.get("model"))
        self._read_usage(response)
        status = word(response.get("status"))
        details = response.get("incomplete_details")
        report.finish = word(details.get("reason")) if type(details) is dict else status
        if response.get("error") is not None or status == "failed":
            report.upstream_error = _error_type(response.get("error"))

    def _read_usage(self, response: Any) -> None:
        if type(response) is dict and type(response.get("usage")) is dict:
            self.channels.report.usage = usage_of(response["usage"])

    def _restore_echo(self, said: _Said, response: dict[str, Any], path: Path) -> None:
        """What a response repeats of its request reads as the caller wrote it."""
        known = self.channels.rules.placeholders
        if not known or _MARK.search(said.event.data or b"") is None:
            return
        stack: list[tuple[Path, Any, Any]] = [((*path, key), response, key) for key in response if key != "output"]
        while stack:
            here, holder, key = stack.pop()
            node = holder[key]
            if type(node) is str:
                if OPEN in node and (new := _restored(node, known)) != node:
                    said.edits[here] = holder[key] = new
            elif type(node) in {dict, list}:
                stack += [((*here, k), node, k) for k in (node if type(node) is dict else range(len(node)))]

    # -- what goes out ---------------------------------------------------------------------------------------------

    def _now(self, said: _Said, name: str, ending: str, item: Item | None) -> bytes:
        """The event; or nothing yet, if our label may have to stand before it."""
        if self.channels.options.label is None or ending != "done" or name not in _WAITS_FOR_LABEL:
            return self._said(said)
        if not self._held and (name != "output_text" or item is None):
            return self._said(said)
        self._held.append(said)
        return b""

    def _released_unless(self, name: str, ending: str, said: _Said, item: Item | None) -> bytes:
        """What waited for the label, if this event does not belong to the end of the same text."""
        if not self._held or (ending == "done" and name in {"content_part", "output_item"} and self._same(said, item)):
            return b""
        return self._released()

    def _same(self, said: _Said, item: Item | None) -> bool:
        return item is not None and said.tree.get("output_index") == self._held[0].tree.get("output_index")

    def _released(self) -> bytes:
        held, self._held = self._held, []
        return b"".join(self._said(said) for said in held)

    def _said(self, said: _Said) -> bytes:
        """The event's bytes: as it came, if nothing of it changes."""
        count = said.tree.get("sequence_number")
        if type(count) is int:
            self._last = count + self._shift
            if self._shift:
                said.edits["sequence_number",] = said.tree["sequence_number"] = self._last
            self.channels.report.events = self._last + 1
        if not said.edits:
            return said.event.raw
        form = self._form(said)
        if form is not None:
            return form.written(said.event.raw, said.edits.get(_DELTA), self._shift)
        if "delta" in said.tree and not said.tree.get("logprobs"):
            return said.event.with_data(orjson.dumps(said.tree))  # a piece is small, and has no numbers but indices
        return said.event.with_data(spliced(said.event.data or b"", said.edits))

    def _form(self, said: _Said) -> Form | None:
        """The form of an event that says a piece of a text, and no more."""
        if not said.texts or said.texts[0].path != _DELTA or not said.edits.keys() <= _OF_A_FORM:
            return None
        came = loads(said.event.data or b"")
        if came.get("logprobs"):
            return None
        holes = [Hole(came, "delta")]
        if "sequence_number" in came:
            holes.append(Hole(came, "sequence_number", COUNT))
        if "obfuscation" in came:
            holes.append(Hole(came, "obfuscation", WORD))
        return self.channels.form_of(probe_of(said.event.raw, came, holes))

    def _learn_form(self, said: _Said) -> None:
        if len(said.texts) == 1 and not self._held and self.channels.learns:
            channel = self.channels.get(said.texts[0].place)
            self.channels.learn(self._form(said), channel, self._end, self._plain_left, self._shift)

    def _plain_left(self, last: bytes, _count: int, _changed: bool) -> None:
        """Events of one form have gone out: the number of the last of them."""
        number = loads(read_event(last).data or b"").get("sequence_number")
        if type(number) is int:
            self._last = number + self._shift
            self.channels.report.events = self._last + 1

    def _insert(self, tree: dict[str, Any]) -> bytes:
        """An event of ours, after the last one."""
        if self._last is not None:
            self._last += 1
            self._shift += 1
            self.channels.report.events = self._last + 1
            tree["sequence_number"] = self._last
        return data_event(tree, str(tree["type"]))

    def _notice(self) -> str:
        """Our label with what parts it from the text; none beside calls of the caller's tools."""
        text = self.channels.delivered() if self.channels.options.label is not None and not self._items.calls else ""
        notice = self.channels.options.label(text) if text and self.channels.options.label is not None else ""
        self.channels.report.labelled |= bool(notice)
        return notice

    def _label(self, said: _Said, path: Path) -> bytes:
        """Our label as an own delta at the end of the last text, which `said` and what is held repeat with it."""
        notice = self._notice()
        if not notice:
            return b""
        place = next((text.place for held in self._held for text in held.texts), None)
        if place is None or place not in self._pieces:
            events, message = own_message(1 + max((item.index for item in self._items), default=-1), notice)
            _append(said, path, message)
            return self._released() + b"".join(self._insert(event) for event in events)
        out = self._piece(place, notice)
        for one in (*self._held, said):
            for text in one.texts:
                if text.place == place:
                    holder, key = _holder(one.tree, text.path)
                    one.edits[text.path] = holder[key] = holder[key] + notice
        return out

    def flush(self) -> bytes:
        """What is held, where the provider ended without ending its response."""
        if self.channels.stopped() or self.terminal is not None:
            return b""
        out = b"".join(self._rest(self._items.all_places()))
        return out + self._end() if self.channels.stopped() else out + self._released()

    def _end(self) -> bytes:
        """The clean end of an answer that the guard stopped."""
        out = [self._released(), *self._rest(self._items.all_places())]
        suffix: dict[Place, str] = {}
        notice, place = self._notice(), self._items.last_text()
        extra: list[dict[str, Any]] = []
        if notice and place in self._pieces and not any(i.closed for i in self._items if i.number == place[0]):
            out.append(self._piece(place, notice))
            suffix[place] = notice
        elif notice:
            events, message = own_message(1 + max((item.index for item in self._items), default=-1), notice)
            extra.append(message)
            out += [self._insert(event) for event in events]
        out += [self._insert(event) for event in self._items.closing(suffix)]
        response = self._stopped(self._response, [*self._items.output(suffix), *extra])
        self.terminal = self._insert({"type": "response.incomplete", "response": response})
        return b"".join(out)

    def _stopped(self, response: dict[str, Any], output: list[dict[str, Any]]) -> dict[str, Any]:
        self.channels.report.finish = STOPPED
        ended = {"status": "incomplete", "incomplete_details": {"reason": STOPPED}, "output": output}
        return {"object": "response", **{key: response[key] for key in response if key != "output_text"}, **ended}

    def _error(self, event: Event, tree: dict[str, Any]) -> bytes:
        error = tree.get("error") if type(tree.get("error")) is dict else tree
        self.channels.report.upstream_error = _error_type(error)
        if self._last_look.look([tree, *other_lines(event.raw, "error")]):
            return self._withheld()
        return self._released() + self._said(_Said(event, tree, []))

    def _withheld(self) -> bytes:
        self.channels.report.upstream_error = "error"
        self.channels.report.stopped = None
        return FAMILIES["openai_responses"].error_event(withheld(), "", self.channels.report.events)

    # -- whole answers ---------------------------------------------------------------------------------------------

    def whole(self, body: bytes) -> bytes:
        """The whole answer. Raises MalformedAnswer."""
        answer = loads(body)
        report = self.channels.report
        if answer.get("error") is not None and answer.get("output") is None:
            report.upstream_error = _error_type(answer["error"])
            if self._last_look.look([answer]):
                report.upstream_error = "error"
                return FAMILIES["openai"].error_body(withheld(), "")
            return body
        said = _Said(Event(b"", b"", body), answer, self._texts_of(answer, ()))
        report.stopped = self._look(said, "")
        if report.stopped is not None:
            return orjson.dumps(self._stopped({}, []))
        self._learn(answer)
        self._pass(said)
        self._restore_echo(said, answer, ())
        if self.channels.stopped():
            return orjson.dumps(self._stopped(answer, self._items.output({})))
        self._label_whole(said)
        return spliced(body, said.edits) if said.edits else body

    def _label_whole(self, said: _Said) -> None:
        place, notice = self._items.last_text(), self._notice()
        text = next((text for text in said.texts if text.place == place), None)
        if notice and text is not None:
            holder, key = _holder(said.tree, text.path)
            said.edits[text.path] = holder[key] = holder[key] + notice
        elif notice:
            _append(said, (), own_message(0, notice)[1])


def _restored(text: str, known: Mapping[str, Restorable]) -> str:
    """A text of the request with its values again, escaped where it is JSON."""
    channel = TextChannel(Rules(known))
    return channel.push(text) + channel.finish()


def _append(said: _Said, path: Path, message: dict[str, Any]) -> None:
    """One more item of ours at the end of a response's output."""
    holder = said.tree["response"] if path else said.tree
    if "output" not in holder or type(holder["output"]) not in {list, type(None)}:
        raise MalformedAnswer
    output = [*(holder["output"] or []), message]
    said.edits = {where: value for where, value in said.edits.items() if where[: len(path) + 1] != (*path, "output")}
    said.edits[*path, "output"] = holder["output"] = output


def usage_of(usage: dict[str, Any]) -> Usage:
    """Input tokens include cached ones, output tokens include reasoning, as in `Usage`."""
    details, made = usage.get("input_tokens_details"), usage.get("output_tokens_details")
    read = details if type(details) is dict else {}
    return Usage(
        input=number(usage.get("input_tokens")),
        cached_input=number(read.get("cached_tokens")),
        cache_write=number(read.get("cache_write_tokens")),
        output=number(usage.get("output_tokens")),
        reasoning=number(made.get("reasoning_tokens")) if type(made) is dict else 0,
    )


def _without_text(tree: dict[str, Any]) -> dict[str, Any]:
    """An event to make further pieces of the same text from."""
    kept = {key: value for key, value in tree.items() if key not in {"delta", "sequence_number", "obfuscation"}}
    return kept | ({"logprobs": []} if "logprobs" in kept else {})


def _holder(tree: Any, path: Path) -> tuple[Any, Any]:
    """What holds the value at `path`, and under which key."""
    for step in path[:-1]:
        tree = tree[step]
    return tree, path[-1]


def _error_type(error: Any) -> str:
    kind = error.get("code") or error.get("type") if type(error) is dict else None
    return str(kind)[:64] if kind else "error"
