"""The nouns of the gateway: what one model call is made of.

A *flow* is one model call and all that is known of it. Its request is decoded into *segments* (a message, a tool
definition, one remaining top-level field), and a segment into *parts* (one string, number or opaque item each).
Inspection turns parts into *findings*; classification turns findings into a *classification* with a *grade*.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from audit.appender import Appender, Receipt
    from gateway.admission.limits import Limit
    from gateway.deciding.decided_calls import Decided
    from gateway.errors import LexgateError
    from gateway.ingress.caller import Caller
    from gateway.ingress.endpoints import Endpoint
    from gateway.ingress.known_requests import KnownRequest
    from gateway.lineage.ancestry import Conversation, Said
    from gateway.marking.films import Kept
    from gateway.marking.outputs import Outputs
    from gateway.protocols.answer import AnswerReport
    from gateway.protocols.request import DecodedRequest
    from gateway.recording.answer_digests import Digests
    from gateway.redaction.channel import Rules
    from gateway.redaction.redact import Redacted
    from gateway.redaction.stream import AnswerStream
    from gateway.settings import Provider
    from gateway.telemetry.spans import Trace
    from gateway.upstream.key_pool import Key
    from gateway.upstream.port import UpstreamAnswer
    from gateway.vault import Earlier
    from policies.decision import Decision

Path = tuple[str | int, ...]
"""Where a value stands in a JSON document: object keys and array indices from the root."""


class PartKind(StrEnum):
    """What a part is; decides how it is inspected and whether it can be edited in place."""

    TEXT = "text"
    TOOL_CALL = "tool_call"
    TOOL_RESULT = "tool_result"
    FIELD = "field"  # any other string of the body: a name, a schema description, metadata
    NAME = "name"  # an object key
    NUMBER = "number"
    IMAGE = "image"
    AUDIO = "audio"
    FILE = "file"
    REFERENCE = "reference"  # file_id, URL: content that only the provider can read


OPAQUE = frozenset({PartKind.IMAGE, PartKind.AUDIO, PartKind.FILE, PartKind.REFERENCE})
"""Kinds that are no text: read by an extractor where their bytes are there, else `uninspected`; never edited in place."""


@dataclass(frozen=True, slots=True)
class Payload:
    """A file in a request as it stands there: Base64 or a data URL, and what the caller says of it."""

    data: str = field(repr=False)
    media_type: str = ""
    name: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Part:
    """One inspectable item of a request. `text` is the decoded string (a number's literal for NUMBER, "" if opaque)."""

    path: Path
    kind: PartKind
    text: str
    role: str = ""  # system, user, assistant, tool; "" outside messages
    payload: Payload | None = field(default=None, compare=False)  # of an opaque part whose bytes are in the request


class Span(NamedTuple):
    """A detected entity in one text. Offsets are Unicode code points, end exclusive; score is 0..1.

    A tuple and no dataclass: ten are made for each kilobyte, and a frozen dataclass takes five times as long to make.
    """

    start: int
    end: int
    label: str
    score: float
    detector: str

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> Span:
        """From an inspector's row [start, end, label, score, detector]."""
        start, end, label, score, detector = row
        return cls(start, end, label, score, detector)


CLASS = "CLASS"
"""Label of a finding that speaks of a whole text: its span is empty, its detector is the class of content."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A span bound to the part it stands in. `value` is plaintext: it lives in memory only and has no repr."""

    path: Path
    kind: PartKind
    span: Span
    value: str = field(repr=False)
    subject: str = ""  # keyed hash of the data subject, "" when the entity identifies nobody
    canonical: str = field(default="", repr=False)  # one writing for all writings of the value, "" if not taken yet


@dataclass(frozen=True, slots=True)
class Classification:
    """What the content of a call is. Counts are findings per label; subjects are keyed hashes per class of data."""

    grade: str  # L1..L5
    categories: tuple[str, ...]
    entities: dict[str, int]
    subjects: dict[str, frozenset[str]]  # "pi", "spi", "health", "financial", "geo", "biometric", "identifier"
    uninspected: tuple[str, ...] = ()  # kinds of parts that nobody looked at
    important: bool = False
    minors: bool = False
    unredactable: dict[str, int] = field(default_factory=dict)  # of `entities`, those in files: nobody can edit them
    reasons: tuple[str, ...] = ()  # why this grade, one line each, no content
    shape: tuple[Any, ...] = field(init=False, repr=False, compare=False)  # what a decision sees of it: no subject

    def __post_init__(self) -> None:
        subjects = tuple((name, len(some)) for name, some in self.subjects.items())
        entities = tuple(self.entities.items())
        unredactable = tuple(self.unredactable.items())
        shape = (self.grade, self.categories, entities, unredactable, self.important, self.minors, subjects)
        object.__setattr__(self, "shape", shape)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls: the result of `authenticate`. `country` is the jurisdiction the call is sent from (ISO 3166-1).

    No tuple: each call reads it some forty times, and a tuple's names are read at a tenth of the speed of slots.
    """

    tenant: str
    application: str
    audience: str  # internal | public
    user: str
    purpose: str
    country: str
    region: str
    key_id: str  # first 16 hex digits of the key's SHA-256: names the key without being it


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call. `input` includes `cached_input` and `cache_write`; `output` includes `reasoning`."""

    input: int = 0
    cached_input: int = 0
    cache_write: int = 0
    output: int = 0
    reasoning: int = 0

    def as_dict(self) -> dict[str, Any]:
        return {
            "input": self.input,
            "cached_input": self.cached_input,
            "cache_write": self.cache_write,
            "output": self.output,
            "reasoning": self.reasoning,
        }


@dataclass(slots=True)
class Timing:
    """Monotonic seconds of one flow; 0.0 means not reached."""

    started: float
    forwarded: float = 0.0
    first_byte: float = 0.0
    ended: float = 0.0


@dataclass(slots=True)
class Flow:
    """One model call and all that is known of it. Each step fills in what it owes to the next."""

    id: str  # UUIDv7
    time_us: int  # when the call arrived, microseconds since 1970 UTC
    endpoint: Endpoint
    caller: Caller
    log: Appender
    timing: Timing
    trace: Trace
    principal: Principal | None = None
    who: Principal = field(
        init=False, repr=False
    )  # the principal, for steps after `authenticate`: no such thing before
    session: str = ""
    parents: tuple[str, ...] = ()
    parents_by: tuple[str, ...] = ()  # what says so of each: declared, turn, content, span, trace, session
    limits: tuple[Limit, ...] = ()
    several_tenants: bool = True
    body: bytes = field(default=b"", repr=False)
    request: DecodedRequest | None = None
    known: KnownRequest | None = field(default=None, repr=False)  # the same body came before, or may come again
    earlier: Earlier | None = None  # the response that this call continues
    findings: tuple[Finding, ...] = field(default=(), repr=False)
    said: tuple[Said, ...] = field(default=(), repr=False)  # one for each segment
    conversation: Conversation | None = field(default=None, repr=False)
    uninspected: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()  # why parts were not inspected, "kind: reason"
    files: tuple[str, ...] = ()  # types of the files that were read: pdf, docx, …
    replaceable: frozenset[Path] = frozenset()  # files that may go on as their redacted text
    classification: Classification | None = None
    attempt: int = 0
    providers_tried: set[str] = field(default_factory=set)
    provider: Provider | None = None
    facts: Mapping[str, Any] = field(default_factory=dict, repr=False)
    decision: Decision | None = None
    decided: Decided | None = field(default=None, repr=False)  # facts and decision, as calls like this one share them
    routed: bool = False
    reserved: bool = False
    redacted: Redacted | None = field(default=None, repr=False)
    intents: int = 0
    upstream: UpstreamAnswer | None = None
    kept: Kept | None = None  # what is asked for and here already: then nothing leaves
    film: Mapping[str, str] = field(
        default_factory=dict
    )  # of a job's film: its state here, and the call that marked it
    provider_key: Key | None = None
    forwarded: bytes = field(default=b"", repr=False)
    streamed: bool = False
    rules: Rules | None = field(default=None, repr=False)
    explicit_label: Callable[[str], str] | None = None
    answer: AnswerStream | None = field(default=None, repr=False)
    report: AnswerReport | None = field(default=None, repr=False)
    labels: tuple[str, ...] = ()
    receipt: Receipt | None = field(default=None, repr=False)  # of the last intent: what marks point to
    outputs: Outputs | None = field(default=None, repr=False)  # marks what is no text; None where nothing is demanded
    told: tuple[Any, Any, Any] | None = field(default=None, repr=False)  # what the last intent's record is of
    digests: dict[str, str] = field(default_factory=dict)
    answer_digests: Digests | None = None
    terminal: bytes = field(default=b"", repr=False)
    error: LexgateError | None = None
    status: str = "open"  # completed | denied | failed | aborted, once it is known
