"""Step `redact`: the body with what was found replaced by placeholders, everything else byte for byte as it was.

1. Each finding whose label the decision names is replaced where it was found.
2. Its value is replaced wherever else it stands in the request, in any string that can carry content, at any depth of
   JSON inside strings: one occurrence left would undo the redaction.
3. Strings that hold JSON stay valid JSON; a bare number becomes a quoted placeholder.
4. The forwarded body is decoded again and searched for every redacted value. If one is left, nothing leaves.

Findings in what cannot be edited (files, images, references, signed text) come back as `unredactable`: the caller of
this function must not forward the body then.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.errors import BadRequest, Unavailable
from gateway.flow import OPAQUE, Finding, PartKind, Path, Span
from gateway.inspection.readings import readings
from gateway.inspection.split_values import DETECTOR as SPLIT
from gateway.protocols.json_offsets import Token, View, tokens
from gateway.protocols.registry import DECODERS
from gateway.protocols.request import DecodedRequest
from gateway.protocols.walk import holds_json
from gateway.redaction.occurrences import Occurrences
from gateway.redaction.placeholder import PLACEHOLDERS, SECRET_LABELS, PlaceholderKey, Restorable, anonymous
from gateway.redaction.splice import splice

PLACEHOLDER, REMOVE = "placeholder", "remove"
_CJK = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\u3040-\u30ff\uac00-\ud7af\U00020000-\U0003ffff]")
CASELESS = frozenset({"EMAIL", "PERSON"})
"""Labels whose values are the same in any case."""
MIN_VALUE, MIN_CJK = 4, 2
"""Shorter values are replaced where they were found only: everywhere else they would hit unrelated words."""


@dataclass(frozen=True, slots=True)
class Redacted:
    """What goes on, and what is needed to undo it in the answer."""

    body: bytes = field(repr=False)
    placeholders: Mapping[str, Restorable] = field(default_factory=dict)  # what this very request carried
    redactions: Mapping[str, int] = field(default_factory=dict)  # replaced occurrences per label
    remaining: tuple[Finding, ...] = ()  # found, and still in the body
    unredactable: tuple[Finding, ...] = ()  # the decision wants them out, but nobody can edit them


@dataclass(frozen=True, slots=True)
class _Mark:
    """A stretch of one decoded text that has to go."""

    start: int
    end: int
    label: str


@dataclass(slots=True)
class _Plan:
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

    def marks(self, text: str) -> list[_Mark]:
        """Where the values stand in `text`: as they were found, and in the writings that inspection sees through."""
        plain = [_Mark(start, end, self.labels[value]) for start, end, value in self.search.find(text)]
        return plain + self._disguised(text)

    def _disguised(self, text: str) -> list[_Mark]:
        marks = []
        for reading in readings(text) if self.labels else ():
            normal = reading.normal
            if normal.starts is not None:
                found = self.search.find(normal.text)
                marks += [_Mark(*normal.original(start, end), self.labels[value]) for start, end, value in found]
        return marks


def redact(
    decoded: DecodedRequest, findings: Sequence[Finding], operators: Mapping[str, str], key: PlaceholderKey
) -> Redacted:
    """Redact what `operators` (label -> placeholder | remove) asks for. Raises Unavailable if a value would be left."""
    wanted = [finding for finding in findings if finding.span.label in operators]
    if not wanted:
        return Redacted(decoded.body, remaining=tuple(findings))
    sealed = decoded.sealed()
    blocked = [f for f in wanted if f.kind in OPAQUE or f.path in sealed]
    labels = _labels(wanted)
    plan = _Plan(operators, key, labels, Occurrences(labels))
    blocked += _sealed_copies(decoded, sealed, plan, blocked)
    refused = {id(f) for f in blocked}
    editable = _editable(decoded, sealed)
    spots: dict[tuple[Path, bool], list[_Mark]] = {}
    for f in wanted:
        if id(f) not in refused:
            mark = _Mark(f.span.start, f.span.end, f.span.label)
            spots.setdefault((f.path, f.kind is PartKind.NAME), []).append(mark)
    root = View(decoded.body.decode())
    for token in tokens(root.text):
        if (token.path, token.key) in editable:
            _token(plan, root, token, (), spots, [])
    body = splice(root.text, plan.edits).encode()
    if not blocked:
        _prove_absent(decoded, body, plan)
    kept = tuple(f for f in findings if f.span.label not in operators or id(f) in refused)
    return Redacted(body, plan.placeholders, dict(plan.counts), kept, tuple(blocked))


def spreads(value: str) -> bool:
    """Whether a value is long enough to be replaced wherever it stands."""
    return len(value) >= MIN_VALUE or len(_CJK.findall(value)) >= MIN_CJK


def _labels(wanted: Sequence[Finding]) -> dict[str, str]:
    """The values to be replaced wherever they stand, each also in the writings that inspection reads."""
    labels: dict[str, str] = {}
    for finding in reversed(wanted):
        if finding.span.detector == SPLIT:
            continue
        for value in _writings(finding.span.label, finding.value):
            if spreads(value):
                labels[value] = finding.span.label
    return labels


def _writings(label: str, value: str) -> Iterator[str]:
    for reading in readings(value):
        if not reading.context:
            yield reading.text.strip()
    if label in CASELESS:
        yield from (value.lower(), value.upper(), value.title())
    yield value


def _editable(decoded: DecodedRequest, sealed: Collection[Path]) -> set[tuple[Path, bool]]:
    parts = decoded.parts()
    return {(p.path, p.kind is PartKind.NAME) for p in parts if p.kind not in OPAQUE and p.path not in sealed}


def _sealed_copies(
    decoded: DecodedRequest, sealed: Collection[Path], plan: _Plan, known: Sequence[Finding]
) -> list[Finding]:
    """Values to be redacted that also stand in signed text, where nobody found them."""
    seen = {finding.path for finding in known}
    return [
        Finding(
            part.path, part.kind, Span(mark.start, mark.end, mark.label, 1.0, "copy"), part.text[mark.start : mark.end]
        )
        for part in (decoded.parts() if sealed else ())
        if part.path in sealed and part.path not in seen
        for mark in plan.marks(part.text)
    ]


def _token(
    plan: _Plan,
    view: View,
    token: Token,
    prefix: Path,
    spots: Mapping[tuple[Path, bool], list[_Mark]],
    inherited: Sequence[_Mark],
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
        marks.append(_Mark(start, end, mark.label))
    if not token.key and holds_json(inside.text):
        _inner_tokens(plan, inside, path, spots, marks)
        return
    for mark in _merged(marks):
        value = inside.text[mark.start : mark.end]
        new = inside.encode(plan.replacement(mark.label, value, unique=token.key))
        plan.edits.append((inside.root_position(mark.start), inside.root_position(mark.end), new))


def _inner_tokens(
    plan: _Plan, view: View, path: Path, spots: Mapping[tuple[Path, bool], list[_Mark]], marks: Sequence[_Mark]
) -> None:
    """JSON inside a string: each of its tokens on its own, so that quotes and brackets stay."""
    ordered = _merged(marks)
    ends = [mark.end for mark in ordered]
    for token in tokens(view.text):
        if token.kind in {"string", "number"}:
            inner_start, inner_end = (
                (token.start + 1, token.end - 1) if token.kind == "string" else (token.start, token.end)
            )
            touching = [
                _Mark(max(mark.start, inner_start), min(mark.end, inner_end), mark.label)
                for mark in _touching(ordered, bisect_right(ends, inner_start), inner_end)
            ]
            _token(plan, view, token, path, spots, touching)


def _touching(marks: Sequence[_Mark], place: int, end: int) -> Iterator[_Mark]:
    """The marks from `place` on that begin before `end`."""
    while place < len(marks) and marks[place].start < end:
        yield marks[place]
        place += 1


def _merged(marks: Iterable[_Mark]) -> list[_Mark]:
    """Overlapping marks become one, under the label of the longest (a secret's label wins: it must not come back)."""
    merged: list[_Mark] = []
    for mark in sorted(marks, key=lambda m: (m.start, -m.end)):
        if mark.end <= mark.start:
            continue
        if merged and mark.start < merged[-1].end:
            last = merged[-1]
            label = mark.label if mark.label in SECRET_LABELS else last.label
            merged[-1] = _Mark(last.start, max(last.end, mark.end), label)
        else:
            merged.append(mark)
    return merged


def _prove_absent(decoded: DecodedRequest, body: bytes, plan: _Plan) -> None:
    """The last look before anything leaves: the forwarded body, read anew, holds none of the values."""
    try:
        again = DECODERS[decoded.protocol](body)
    except BadRequest:
        raise Unavailable("redaction would have made the request unreadable") from None
    sealed = again.sealed()
    for part in again.parts():
        if part.path not in sealed and plan.touches(part.text):
            ours = PLACEHOLDERS.sub(lambda found: "\x00" if found[0] in plan.inserted else found[0], part.text)
            if plan.touches(ours):
                raise Unavailable("redaction did not remove every occurrence of a value")
