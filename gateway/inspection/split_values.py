"""Values that are split over the texts of a call: a card number whose second half stands in the next message.

The end of one text and the beginning of the next are read together where a value may go on from one into the other. A
sure finding that reaches over becomes one finding in each of its texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Generic, TypeVar

from gateway.flow import Span
from gateway.inspection.seams import SURE, seams

Place = TypeVar("Place")
Other = TypeVar("Other")

AROUND = 96
"""Characters of either text that are read together."""

DETECTOR = "split"
"""Detector of a piece of a value: by itself it is too short to be replaced wherever else it stands."""


@dataclass(frozen=True, slots=True)
class Piece(Generic[Place]):
    """What matters of one text: its ends, where the latter begins in it, and whether a value may go on at either."""

    place: Place
    head: str = field(repr=False)
    tail: str = field(repr=False)
    tail_at: int
    whole: bool
    digits_first: bool
    digits_last: bool
    sign_first: bool  # a mail address's sign
    sign_last: bool

    def at(self, place: Other) -> Piece[Other]:
        """The same at another place."""
        return Piece(
            place, self.head, self.tail, self.tail_at, self.whole,
            self.digits_first, self.digits_last, self.sign_first, self.sign_last,
        )  # fmt: skip

    @property
    def loose(self) -> bool:
        """Whether a value may go on over one of its ends."""
        return self.digits_last or self.sign_last or self.sign_first

    def goes_on(self, right: Piece[Place]) -> bool:
        """Whether a value may go on from here into `right`. Cheap, and wrong only in saying yes."""
        return (
            (self.digits_last and right.digits_first)
            or (self.sign_last and right.head[:1].isalnum())
            or (right.sign_first and self.tail[-1:].isalnum())
        )


@dataclass(frozen=True, slots=True)
class Joint(Generic[Place]):
    """Ends of texts read together. `parts`: (place, where it begins and ends here, where that is in its own text)."""

    text: str = field(repr=False)
    parts: tuple[tuple[Place, int, int, int], ...]

    def split(self, spans: Iterable[Span]) -> Iterator[tuple[Place, Span, str]]:
        """For each sure finding over several texts its piece in each, with the value whole."""
        for span in spans:
            touched = [part for part in self.parts if part[1] < span.end and span.start < part[2]]
            if len(touched) < 2 or span.score < SURE or span.detector == "names":
                continue
            value = self.text[span.start : span.end].replace("\n", "")
            for place, start, end, offset in touched:
                begin, behind = max(span.start, start) - start + offset, min(span.end, end) - start + offset
                yield place, Span(begin, behind, span.label, span.score, DETECTOR), value


def piece(place: Place, text: str) -> Piece[Place]:
    """The ends of one text."""
    whole = len(text) <= 2 * AROUND
    head, tail = (text, text) if whole else (text[:AROUND], text[-AROUND:])
    return Piece(
        place,
        head,
        tail,
        0 if whole else len(text) - AROUND,
        whole,
        any(map(str.isdigit, head[:6])),
        any(map(str.isdigit, tail[-6:])),
        head[:1] == "@",
        "@" in tail[-14:],
    )


def joints(pieces: Sequence[Piece[Place]]) -> list[Joint[Place]]:
    """What is to be read together of texts that follow one another; a short text may stand in the middle."""
    runs: list[list[Piece[Place]]] = []
    open_run = False
    for left, right in pairwise(pieces):
        if not (left.goes_on(right) and seams(f"{left.tail[-AROUND:]}\n{right.head[:AROUND]}")):
            open_run = False
            continue
        if not (open_run and left.whole):
            runs.append([left])
        runs[-1].append(right)
        open_run = True
    return [_joint(run) for run in runs]


def _joint(run: Sequence[Piece[Place]]) -> Joint[Place]:
    texts: list[str] = []
    parts: list[tuple[Place, int, int, int]] = []
    at = 0
    for index, each in enumerate(run):
        text, offset = (each.tail, each.tail_at) if index == 0 else (each.head, 0)
        texts.append(text)
        parts.append((each.place, at, at + len(text), offset))
        at += len(text) + 1
    return Joint("\n".join(texts), tuple(parts))


def ends_of(texts: Sequence[tuple[int, str]]) -> tuple[Piece[int], ...]:
    """Of the texts of a message, with their places, the first and the last."""
    if len(texts) < 2:
        return tuple(piece(*text) for text in texts)
    return piece(*texts[0]), piece(*texts[-1])


def across(messages: Sequence[tuple[str, tuple[Piece[int], ...]]]) -> list[Joint[tuple[int, int]]]:
    """What is to be read together of messages (role and ends): of neighbours, and of those of one role."""
    if not any(end.loose for _, ends in messages for end in ends):
        return []
    found: dict[tuple[tuple[tuple[int, int], int, int, int], ...], Joint[tuple[int, int]]] = {}
    for chain in {"", *(role for role, _ in messages)}:
        pieces: list[Piece[tuple[int, int]]] = []
        for index, (role, ends) in enumerate(messages):
            if chain in {"", role}:
                pieces += _placed(index, ends)
        for joint in joints(pieces):
            found[joint.parts] = joint
    return list(found.values())


def _placed(message: int, ends: tuple[Piece[int], ...]) -> Iterator[Piece[tuple[int, int]]]:
    """A message's ends in the order of the call. Its last text does not follow its first one, unless they are one."""
    for index, end in enumerate(ends):
        if index:
            yield _NOTHING
        yield end.at((message, end.place))
    if not ends:
        yield _NOTHING


_NOTHING: Piece[tuple[int, int]] = piece((-1, -1), "")
