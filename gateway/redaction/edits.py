"""The edits of one text: where values stand in its tokens, and what replaces them at each depth of JSON in strings."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.flow import Path
from gateway.inspection.readings import readings
from gateway.protocols.json_offsets import Token, View, tokens
from gateway.protocols.walk import holds_json
from gateway.redaction.occurrences import Occurrences
from gateway.redaction.placeholder import SECRET_LABELS, PlaceholderKey, Restorable, anonymous

PLACEHOLDER, REMOVE = "placeholder", "remove"


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of one decoded text that has to go."""

    start: int
    end: int
    label: str


@dataclass(slots=True)
class Plan:
    """Collects the edits of one body."""

    operators: Mapping[str, str]
    key: PlaceholderKey
    labels: Mapping[str, str] = field(repr=False)  # value -> label, for values to be replaced everywhere
    search: Occurrences = field(repr=False)
    edits: list[tuple[int, int, str]] = field(default_factory=list, repr=False)
    placeholders: dict[str, Restorable] = field(default_factory=dict)
    inserted: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)

    def replacement(self, label: str, value: str, *, unique: bool) -> str:
        """`unique`: an object key keeps its identity even if removed, or two keys could become one."""
        if self.operators.get(label) == REMOVE and not unique:
            text = anonymous(label)
        else:
            text = self.key.make(label, value)
            if label not in SECRET_LABELS and self.operators.get(label) != REMOVE:
                self.placeholders[text] = Restorable(label, value)
        self.inserted.add(text)
        self.counts[label] += 1
        return text

    def touches(self, text: str) -> bool:
        """Whether one of the values stands in `text`, in whatever writing."""
        return bool(self.search.find(text)) or bool(self._disguised(text))

    def marks(self, text: str) -> list[Mark]:
        """Where the values stand in `text`: as they were found, and in the writings that inspection sees through."""
        plain = [Mark(start, end, self.labels[value]) for start, end, value in self.search.find(text)]
        return plain + self._disguised(text)

    def _disguised(self, text: str) -> list[Mark]:
        marks = []
        for reading in readings(text) if self.labels else ():
            normal = reading.normal
            if normal.starts is not None:
                found = self.search.find(normal.text)
                marks += [Mark(*normal.original(start, end), self.labels[value]) for start, end, value in found]
        return marks


def edit_token(
    plan: Plan,
    view: View,
    token: Token,
    prefix: Path,
    spots: Mapping[tuple[Path, bool], list[Mark]],
    inherited: Sequence[Mark],
) -> None:
    """Plan the edits of one string or number that stands at `token` in `view`; `inherited`: marks in view's terms."""
    path = prefix + token.path
    if token.kind == "number":
        text = view.text[token.start : token.end]
        marks = [*spots.get((path, False), ()), *plan.marks(text)]
        label = next((mark.label for mark in (*marks, *inherited)), None)
        if label is not None:
            quoted = f'"{plan.replacement(label, text, unique=False)}"'
            plan.edits.append((view.root_position(token.start), view.root_position(token.end), view.encode(quoted)))
        return
    if token.kind != "string":
        return
    inside = view.inside(token)
    marks = [*spots.get((path, token.key), ()), *plan.marks(inside.text)]
    for mark in inherited:
        start, end = inside.inner_span(mark.start, mark.end)
        marks.append(Mark(start, end, mark.label))
    if not token.key and holds_json(inside.text):
        _inner_tokens(plan, inside, path, spots, marks)
        return
    for mark in merged(marks):
        value = inside.text[mark.start : mark.end]
        new = inside.encode(plan.replacement(mark.label, value, unique=token.key))
        plan.edits.append((inside.root_position(mark.start), inside.root_position(mark.end), new))


def _inner_tokens(
    plan: Plan, view: View, path: Path, spots: Mapping[tuple[Path, bool], list[Mark]], marks: Sequence[Mark]
) -> None:
    """JSON inside a string: each of its tokens on its own, so that quotes and brackets stay."""
    ordered = merged(marks)
    ends = [mark.end for mark in ordered]
    for token in tokens(view.text):
        if token.kind in {"string", "number"}:
            inner_start, inner_end = (
                (token.start + 1, token.end - 1) if token.kind == "string" else (token.start, token.end)
            )
            touching = [
                Mark(max(mark.start, inner_start), min(mark.end, inner_end), mark.label)
                for mark in _touching(ordered, bisect_right(ends, inner_start), inner_end)
            ]
            edit_token(plan, view, token, path, spots, touching)


def _touching(marks: Sequence[Mark], place: int, end: int) -> Iterator[Mark]:
    """The marks from `place` on that begin before `end`."""
    while place < len(marks) and marks[place].start < end:
        yield marks[place]
        place += 1


def merged(marks: Iterable[Mark]) -> list[Mark]:
    """Overlapping marks become one, under the label of the longest (a secret's label wins: it must not come back)."""
    merged: list[Mark] = []
    for mark in sorted(marks, key=lambda m: (m.start, -m.end)):
        if mark.end <= mark.start:
            continue
        if merged and mark.start < merged[-1].end:
            last = merged[-1]
            label = mark.label if mark.label in SECRET_LABELS else last.label
            merged[-1] = Mark(last.start, max(last.end, mark.end), label)
        else:
            merged.append(mark)
    return merged
