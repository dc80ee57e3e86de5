"""What a protocol makes of a request body: its facts, and its content as segments that walk into parts when needed."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from gateway.errors import BadRequest
from gateway.flow import Part, PartKind, Path
from gateway.protocols.vocabulary import MODEL, is_plain_model
from gateway.protocols.walk import Walk


class Segment:
    """One unit of a request: a message, a tool definition, or one other top-level field.

    `content` is the key under which verdicts on this unit may be cached: equal content gives equal parts, in the same
    order, wherever the unit stands in the request.
    """

    __slots__ = ("_value", "_walk", "_walker", "content", "path", "role")

    def __init__(
        self, path: Path, content: bytes, role: str, value: Any, walker: Callable[[Any, Path, str], Walk]
    ) -> None:
        self.path = path
        self.content = content
        self.role = role
        self._value = value
        self._walker = walker
        self._walk: Walk | None = None

    def __repr__(self) -> str:
        return f"Segment(path={self.path!r}, role={self.role!r})"

    def replaced(self, path: Path, value: Any) -> Segment:
        """A segment of the same kind with another value, at `path`; it is no key of any cache."""
        return Segment(path, b"", self.role, value, self._walker)

    def walk(self) -> Walk:
        """The parts with what else the walk learned; done once, on first use."""
        if self._walk is None:
            self._walk = self._walker(self._value, self.path, self.role)
        return self._walk

    def parts(self) -> tuple[Part, ...]:
        return tuple(self.walk().parts)


_UNREAD = frozenset({PartKind.IMAGE, PartKind.AUDIO, PartKind.FILE})


@dataclass(frozen=True)
class DecodedRequest:
    """A request body and what its protocol says about it. `body` is what goes on: our own labels are already out."""

    protocol: str  # as gateway/protocols/registry.py names them
    family: str  # openai | anthropic | gemini
    model: str
    stream: bool
    segments: tuple[Segment, ...]
    body: bytes = field(repr=False)
    json_mode: bool = False
    caller_tools: tuple[str, ...] = ()  # names of tools that the caller runs
    provider_tools: tuple[str, ...] = ()  # types of tools that the provider runs
    references: tuple[str, ...] = ()  # file_id, url, …: content that only the provider can fetch
    uninspected: tuple[str, ...] = ()  # image, audio, file
    wants_usage: bool = True  # the caller will be shown a usage event of a stream
    max_output: int | None = None  # tokens
    stripped: int = 0  # how many of our own labels were taken out of resent history
    framing: str = "sse"  # of a streamed answer: sse, or array (one JSON array, element by element)
    previous: str = ""  # id of the earlier response that this call continues
    media_type: str = "application/json"  # what the body is, as the provider is told
    form: Mapping[Path, tuple[int, int]] | None = None  # of a body that is a form: where its texts stand, in bytes
    plain_answer: bool = False  # a whole answer is plain text instead of JSON
    generates: bool = True  # the answer is a text of the model's own making
    stored: bool = False  # the provider keeps the answer, so that a later call may continue it
    makes: str = ""  # image, audio or video, where that is what the endpoint is for
    binary_answer: str = ""  # a whole answer is no JSON but a file of this kind: audio or video
    inputs: tuple[tuple[int, int], ...] = ()  # where files stand in a form, in bytes
    provenance: tuple[str, ...] = ()  # aigc, c2pa: marks that files which came along carry

    def addressed(self, model: str, *, stream: bool, framing: str) -> DecodedRequest:
        """The same with what its path says. Raises BadRequest when the body names another model."""
        if self.model not in {"", model} or MODEL.fullmatch(model) is None or not is_plain_model(model):
            raise BadRequest("model must be a model's name, and the body cannot name another one", param="model")
        return replace(self, model=model, stream=stream, framing=framing)

    @cached_property
    def shape(self) -> tuple[Hashable, ...]:
        """What a decision sees of it."""
        return (
            self.protocol, self.model, self.stream, self.json_mode, len(self.caller_tools), self.provider_tools,
            self.references, self.provenance,
        )  # fmt: skip

    @cached_property
    def system_text(self) -> str:
        return "\n".join(part.text for part in self.parts() if part.role in {"system", "developer"} and _is_text(part))

    def parts(self) -> tuple[Part, ...]:
        """All parts of all segments, in the order of the body's fields as this protocol lists them."""
        return tuple(part for segment in self.segments for part in segment.walk().parts)

    def sealed(self) -> frozenset[Path]:
        """Paths of signed text: findings in it cannot be redacted."""
        return frozenset(path for segment in self.segments for path in segment.walk().sealed)

    def continuing(self) -> DecodedRequest:
        """This request, where what it continues is known: its earlier response is no unread reference."""
        field_name = "previous_response_id"
        return replace(
            self,
            references=tuple(each for each in self.references if each != field_name),
            segments=tuple(segment for segment in self.segments if segment.path != (field_name,)),
        )

    def visible_texts(self) -> tuple[tuple[str, str], ...]:
        """(role, text) of what the model reads, in order: messages first, then tool definitions and other fields."""
        return tuple((part.role, part.text) for part in self.parts() if part.text and part.kind is not PartKind.NAME)


def _is_text(part: Part) -> bool:
    return part.kind is PartKind.TEXT


def unread_kinds(walk: Walk) -> set[str]:
    return {part.kind.value for part in walk.parts if part.kind in _UNREAD}
