"""The answer of one call, guarded, restored and labelled: bytes in, bytes out, no clock and no socket.

A whole answer is a stream of one chunk. Whatever the cuts, the same bytes come out.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from gateway.errors import LexgateError, UpstreamFailed
from gateway.protocols.answer import AnswerOptions, AnswerReport, MalformedAnswer
from gateway.protocols.anthropic_answer import AnthropicAnswer
from gateway.protocols.binary_answer import BinaryAnswer
from gateway.protocols.family import form_of
from gateway.protocols.gemini_answer import GeminiAnswer
from gateway.protocols.images_answer import ImagesAnswer
from gateway.protocols.json_array import ArrayReader
from gateway.protocols.numbers_answer import NumbersAnswer
from gateway.protocols.openai_answer import OpenAIAnswer
from gateway.protocols.openai_completions_answer import CompletionsAnswer
from gateway.protocols.plain_events import PlainEvents
from gateway.protocols.plain_run import Lane
from gateway.protocols.responses_answer import ResponsesAnswer
from gateway.protocols.sse import Event, EventReader, EventTooLarge, event_end, read_event
from gateway.protocols.transcript_answer import TranscriptAnswer
from gateway.protocols.video_answer import VideoAnswer
from gateway.redaction.channel import Rules
from gateway.redaction.escaped import Guard
from gateway.redaction.names_guard import NamesGuard
from gateway.redaction.placeholder import Restorable

MAX_ANSWER = 64 * 1024 * 1024
"""Bytes of a whole answer."""
JOINED = 8192
"""Bytes of a cut event that are joined with what follows, so that events around the cut are taken together."""


class Finished(NamedTuple):
    """`body`: the terminal bytes (of a whole answer: all of it). Send them only after the outcome is durable."""

    body: bytes
    report: AnswerReport
    error: LexgateError | None = None  # what `body` says, where it is our error: a whole answer then has its status

    def __repr__(self) -> str:
        """Without the bytes, which are content."""
        return f"Finished({self.report!r}, {self.error!r})"


def _nothing_allowed(_label: str, _value: str) -> bool:
    return False


Answer = (
    OpenAIAnswer
    | AnthropicAnswer
    | GeminiAnswer
    | ResponsesAnswer
    | CompletionsAnswer
    | NumbersAnswer
    | TranscriptAnswer
    | ImagesAnswer
    | BinaryAnswer
    | VideoAnswer
)
FORMS: Mapping[str, type[Answer]] = MappingProxyType(
    {
        "openai_responses": ResponsesAnswer,
        "openai_responses_compact": ResponsesAnswer,
        "openai_input_tokens": NumbersAnswer,
        "openai_completions": CompletionsAnswer,
        "openai_embeddings": NumbersAnswer,
        "openai_moderations": NumbersAnswer,
        "openai_transcriptions": TranscriptAnswer,
        "openai_translations": TranscriptAnswer,
        "openai_image_generations": ImagesAnswer,
        "openai_image_edits": ImagesAnswer,
        "openai_image_variations": ImagesAnswer,
        "openai_speech": BinaryAnswer,
        "openai_videos": VideoAnswer,
        "openai_video_status": VideoAnswer,
        "openai_video_deletion": VideoAnswer,
        "openai_video_content": BinaryAnswer,
        "openai_video_picture": BinaryAnswer,
    }
)
"""Protocols whose answers have another form than their family's."""


def answer_of(family: str, protocol: str, rules: Rules, options: AnswerOptions) -> Answer:
    """The answer's form in this protocol, else in this family."""
    if protocol in FORMS:
        return FORMS[protocol](rules, options)
    if family == "gemini":
        return GeminiAnswer(rules, options)
    return OpenAIAnswer(rules, options) if family == "openai" else AnthropicAnswer(rules, options)


class AnswerStream:
    """One answer. `feed` each chunk, `finish` once; when `stopped` turns true, reading further serves usage only."""

    def __init__(
        self,
        family: str,
        *,
        streaming: bool,
        placeholders: Mapping[str, Restorable] | None = None,
        guard: Guard | None = None,
        allowed: Callable[[str, str], bool] = _nothing_allowed,
        label: Callable[[str], str] | None = None,
        hide_usage: bool = False,
        outbound: frozenset[str] = frozenset(),
        json_mode: bool = False,
        flow: str = "",
        framing: str = "sse",
        shifted: bool = False,
        names: NamesGuard | None = None,
        protocol: str = "",
        plain: bool = False,
    ) -> None:
        """`family`: openai | anthropic | gemini; `protocol` where it answers in another form than its family.

        `framing`: of a stream, sse or array. `label`: None in JSON mode. `plain`: a whole answer is plain text.
        """
        rules = Rules(placeholders or {}, guard, allowed, names)
        array = streaming and framing == "array"
        options = AnswerOptions(label, hide_usage, outbound, json_mode, array, shifted, plain)
        self._answer = answer_of(family, protocol, rules, options)
        self.report: AnswerReport = self._answer.channels.report  # what is known so far; texts only after `finish`
        self._family = form_of(family, protocol, "array" if array else "sse")
        self._flow = flow
        self._streaming = streaming
        self._reader: EventReader | ArrayReader = ArrayReader() if array else EventReader()
        self._whole: list[bytes] = []
        self._size = 0
        self._finished: Finished | None = None
        self._error: LexgateError | None = None

    @property
    def stopped(self) -> bool:
        """The guard ended this answer, or it cannot be read: nothing more will be delivered."""
        return self.report.stopped is not None or self.report.problem is not None

    @property
    def held(self) -> int:
        """Bytes that the next event, or the end, has to work on."""
        return self._reader.held if self._streaming else self._size

    def texts(self) -> list[tuple[Hashable, list[str]]]:
        """Texts as delivered so far, each in its pieces: all but what tools are called with."""
        self._answer.channels.leave_plain()
        return self._answer.channels.texts()

    @property
    def lane(self) -> Lane | None:
        """What can take the next piece as it is; None where somebody has to look at it. Whoever uses it uses it until `feed`."""
        plain = self._answer.channels.plain
        if plain is None or not plain.inside or self._reader.held or self.report.problem is not None:
            return None
        return plain.lane

    def plain(self, chunk: bytes) -> bytes | None:
        """The usual way of a stream's piece: `feed` of one that begins with a plain event, with nothing held. Else None."""
        lane = self.lane
        if lane is None:
            return None
        at, events = lane.take(chunk, 0)
        if not at:
            return None  # nothing was taken, and nothing has changed
        return events if at == len(chunk) else events + self.feed(chunk[at:])

    def feed(self, chunk: bytes) -> bytes:
        """What the caller gets now. Never the terminal bytes."""
        if self.report.problem is not None:
            return b""
        if not self._streaming:
            self._size += len(chunk)
            if self._size > MAX_ANSWER:
                self._whole.clear()
                self.report.problem = "too_large"
            else:
                self._whole.append(chunk)
            return b""
        out: list[bytes] = []
        reader = self._reader
        try:
            at = 0
            if type(reader) is EventReader:
                if 0 < reader.held < JOINED and b"\n" in chunk:
                    chunk = reader.rest() + chunk
                at = 0 if reader.held else self._whole_events(chunk, out)
            for event in reader.feed(chunk[at:] if at else chunk) if at < len(chunk) else ():
                self._answer.channels.leave_plain(forget=True)
                out.append(self._event(event))
        except MalformedAnswer:
            self.report.problem = "malformed"
        except EventTooLarge:
            self.report.problem = "too_large"
        return out[0] if len(out) == 1 else b"".join(out)

    def _whole_events(self, chunk: bytes, out: list[bytes]) -> int:
        """Works on the events that a chunk begins with and holds whole, plain ones many at once; where it ended."""
        at, channels = 0, self._answer.channels
        while True:
            plain = channels.plain
            if plain is not None:
                begin, at = at, plain.take(chunk, at, out)
                plain.took |= at > begin
                if plain.channel.stopped is not None:
                    self._stopped_plain(plain, out)
                if at == len(chunk):
                    break
            end = event_end(chunk, at)
            if not end:
                break
            channels.leave_plain(forget=True)
            out.append(self._event(read_event(chunk[at:end])))
            at = end
        return at

    def _stopped_plain(self, plain: PlainEvents, out: list[bytes]) -> None:
        """The guard has stopped at one of several plain events."""
        self._answer.channels.leave_plain(forget=True)
        if self.report.stopped is None:
            self.report.stopped = plain.channel.stopped
            out.append(plain.end())

    def idle(self) -> bytes:
        """Nothing came for a while. All that the guard has passed is already out, so there is nothing to add."""
        return b""

    def finish(self, error: LexgateError | None = None) -> Finished:
        """The end, once; again, the same. `error`: why the provider's bytes ended, if the transport knows; said if its answer is incomplete."""
        if self._finished is None:
            self._answer.channels.leave_plain(forget=True)
            body = self._finish_stream(error) if self._streaming else self._finish_whole(error)
            self._finished = Finished(body, self._answer.channels.close(), self._error)
        return self._finished

    def error_event(self, error: LexgateError) -> bytes:
        """The last event of a stream that fails."""
        self._answer.channels.leave_plain()
        return self._family.error_event(error, self._flow, self.report.events)

    def _event(self, event: Event) -> bytes:
        ended = self._answer.terminal is not None if self.report.stopped is None else event.data is None
        return b"" if ended else self._answer.event(event)  # nothing comes after the provider's own end, or the guard's

    def _finish_stream(self, error: LexgateError | None) -> bytes:
        out = b""
        rest = self._reader.rest()
        if rest.strip() and not self.stopped:
            try:
                out = self._event(read_event(rest.rstrip(b"\r\n") + b"\n\n"))
            except MalformedAnswer:
                self.report.problem = "truncated"
        if self._answer.terminal is None:
            out += self._answer.flush()
        if self._answer.terminal is not None:
            self.report.complete = self.report.upstream_error is None
            return out + self._answer.terminal
        if self.report.upstream_error is not None:
            self.report.problem = self.report.problem or "upstream_error"
            return out
        self.report.problem = self.report.problem or "truncated"
        self._error = error or _incomplete(self.report.problem)
        return out + self.error_event(self._error)

    def _finish_whole(self, error: LexgateError | None) -> bytes:
        body = self._whole[0] if len(self._whole) == 1 else b"".join(self._whole)
        self._whole.clear()
        report = self.report
        if report.problem is None and error is None:
            try:
                out = self._answer.whole(body)
            except MalformedAnswer:
                report.problem = "malformed"
            else:
                report.complete = report.upstream_error is None
                report.problem = None if report.complete else "upstream_error"
                return out
        report.problem = report.problem or "truncated"
        self._error = error or _incomplete(report.problem)
        return self._family.error_body(self._error, self._flow)


def _incomplete(problem: str) -> UpstreamFailed:
    reasons = {"malformed": "is malformed", "too_large": "is too large", "truncated": "ended before its end"}
    return UpstreamFailed(f"the provider's answer {reasons.get(problem, 'failed')}")
