"""What the answers of all protocols have in common: their rules, what was learned of them, and their channels."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

from gateway.flow import Path, Usage
from gateway.protocols.json_offsets import escape, locate
from gateway.protocols.plain_events import Form, PlainEvents, Probe
from gateway.protocols.plain_run import Automaton
from gateway.redaction.channel import Rules, TextChannel
from gateway.redaction.splice import splice

_NONE: Mapping[Path, int] = MappingProxyType({})
TRIES = 8
"""Forms in a row that are learned in vain."""


class MalformedAnswer(Exception):
    """The provider sent what its protocol does not allow; nothing after it can be trusted."""


class AnswerOptions(NamedTuple):
    """How one answer is to be treated besides its rules."""

    label: Callable[[str], str] | None = None  # delivered text -> our label, with what parts it from the text
    hide_usage: bool = False  # the usage event exists only because we asked for it
    outbound: frozenset[str] = frozenset()  # tools whose arguments keep their placeholders
    json_mode: bool = False
    array: bool = False  # the stream is one JSON array
    shifted: bool = False  # the request was redacted: offsets into it are not the caller's
    plain: bool = False  # a whole answer is plain text


@dataclass(slots=True)
class AnswerReport:
    """What was learned of an answer. Texts live in memory only."""

    usage: Usage | None = None
    finish: str | None = None
    response_id: str | None = None
    response_model: str | None = None
    complete: bool = False  # the provider's own end was seen, or we ended it
    stopped: str | None = None  # label of what the guard stopped at
    problem: str | None = None  # malformed | too_large | truncated | upstream_error
    upstream_error: str | None = None  # the provider's type of error
    labelled: bool = False
    events: int = 0  # the number that the next event of a stream has, in protocols that number them
    tool_names: tuple[str, ...] = ()
    provider_text: str = field(default="", repr=False)  # visible text as the provider sent it
    delivered_text: str = field(default="", repr=False)  # visible text as delivered, without our label
    reasoning_text: str = field(default="", repr=False)  # reasoning as the provider sent it
    tool_text: str = field(default="", repr=False)  # arguments of tool calls as the provider sent them
    said: tuple[tuple[str, str], ...] = field(
        default=(), repr=False
    )  # (text | tool, one of them as delivered), in order
    fit: bool = field(default=False, compare=False)  # names, words and counts are known to be fit for a record


class Channels:
    """The texts of one answer by where they stand, in order of appearance."""

    def __init__(self, rules: Rules, options: AnswerOptions) -> None:
        self.rules = rules
        self.options = options
        self.report = AnswerReport()
        self.plain: PlainEvents | None = None  # only until another event comes
        self.tries = 0
        self._automaton: Automaton | None = getattr(rules.guard, "automaton", None)
        self._looks = rules.guard is None or self._automaton is not None  # whether events can be guarded many at once
        self._channels: dict[Hashable, TextChannel] = {}
        self._kinds: dict[Hashable, str] = {}

    def stopped(self) -> bool:
        """Whether the guard has ended this answer."""
        return self.report.stopped is not None

    def get(self, key: Hashable) -> TextChannel | None:
        return self._channels.get(key)

    def open(self, key: Hashable, kind: str, *, restore: bool = True, json: bool = False) -> TextChannel:
        """The channel at `key`; `kind`: text | reasoning | tool."""
        channel = self._channels.get(key)
        if channel is None:
            channel = TextChannel(self.rules, restore=restore, json=json or (kind == "text" and self.options.json_mode))
            self._channels[key] = channel
            self._kinds[key] = kind
        return channel

    def once(self, key: Hashable, kind: str, text: str, *, restore: bool = True, json: bool = False) -> TextChannel:
        """A text that came whole."""
        channel = self.open(key, kind, restore=restore, json=json)
        channel.whole(text)
        return channel

    def keys(self) -> list[Hashable]:
        return list(self._channels)

    def tool(self, name: str) -> None:
        self.report.tool_names = (*self.report.tool_names, name)

    def texts(self) -> list[tuple[Hashable, list[str]]]:
        """Texts as delivered so far, each in its pieces: all but what tools are called with."""
        return [(key, self._channels[key].delivered) for key, kind in self._kinds.items() if kind != "tool"]

    def delivered(self, keys: list[Hashable] | None = None) -> str:
        """Visible text delivered so far, of all channels or of `keys`."""
        wanted = self._channels if keys is None else keys
        return "".join("".join(self._channels[key].delivered) for key in wanted if self._kinds[key] == "text")

    def form_of(self, probe: Probe | None) -> Form | None:
        """The form of an event; None where what changes in it cannot be told from the rest."""
        return None if probe is None or self.rules.names is not None else probe.form()

    def learn(
        self,
        form: Form | None,
        channel: TextChannel | None,
        end: Callable[[], bytes],
        left: Callable[[bytes, int, bool], None] | None = None,
        shift: int = 0,
    ) -> None:
        """The event at hand has gone through every check: those of the same form that follow it at once are plain.

        `end`: the events that end the stream when the guard stops at one of them. `left`, `shift`: see `PlainEvents`.
        """
        if form is not None and channel is not None:
            self.tries += 1
            self.plain = PlainEvents(form, channel, self._automaton, end, left, shift)

    def leave_plain(self, *, forget: bool = False) -> None:
        """The channel of plain events can be asked from here on; `forget`: an event of another form follows."""
        if self.plain is not None:
            self.plain.leave()
            if self.plain.took:
                self.tries = 0
            if forget:
                self.plain = None

    @property
    def learns(self) -> bool:
        """Whether it is worth while: a provider that puts something new into each event has no form."""
        return self.tries < TRIES and self._looks

    def close(self) -> AnswerReport:
        """The report with the texts filled in."""
        texts = {"text": "", "reasoning": "", "tool": ""}
        delivered: list[tuple[str, str]] = []
        for key, channel in self._channels.items():
            kind = self._kinds[key]
            texts[kind] += "".join(channel.provider)
            if kind != "reasoning":
                delivered.append((kind, "".join(channel.delivered)))
        report = self.report
        report.provider_text, report.reasoning_text, report.tool_text = texts["text"], texts["reasoning"], texts["tool"]
        report.delivered_text = "".join([text for kind, text in delivered if kind == "text"])
        report.said = tuple(delivered)
        return report


def rewritten(body: bytes, texts: dict[Path, str], nulls: list[Path], numbers: Mapping[Path, int] = _NONE) -> bytes:
    """A whole answer with some strings and numbers replaced and some values nulled; the identical object if there are none."""
    if not texts and not nulls:
        return body
    places = locate(body, [*texts, *nulls, *numbers])
    edits = [(*places[path], f'"{escape(text)}"'.encode()) for path, text in texts.items()]
    edits += [(*places[path], str(value).encode()) for path, value in numbers.items()]
    return splice(body, edits + [(*places[path], b"null") for path in nulls])


def spliced(data: bytes, edits: dict[Path, Any]) -> bytes:
    """A JSON text with the values at some paths replaced; everything else stays as it was."""
    places = locate(data, edits)
    return splice(data, [(*places[path], orjson.dumps(value)) for path, value in edits.items()])


def number(value: object) -> int:
    """A count of tokens as providers report it; anything else than a natural number below 2**53 reads as none."""
    return value if type(value) is int and 0 <= value < 2**53 else 0


def word(value: object) -> str | None:
    """An identifier or a reason as providers report it, cut to 128 characters; anything else than a text is none."""
    return value[:128] if type(value) is str else None


def data_event(payload: object, name: str = "") -> bytes:
    head = f"event: {name}\n".encode() if name else b""
    return head + b"data: " + orjson.dumps(payload) + b"\n\n"
