"""Redaction of one segment, remembered: a conversation resends its messages, and each is redacted once.

What a segment becomes depends on its own findings and on which of the call's other values stand in it. So it is kept
together with a text to ask: a later call brings new values, and only those are looked for.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.errors import BadRequest, Unavailable
from gateway.flow import OPAQUE, Finding, PartKind, Path, Span
from gateway.inspection.readings import readings
from gateway.inspection.split_values import DETECTOR as SPLIT
from gateway.protocols.json_offsets import View, tokens
from gateway.redaction.edits import Mark, Plan, edit_token, merged
from gateway.redaction.occurrences import Occurrences
from gateway.redaction.placeholder import PLACEHOLDERS, PlaceholderKey, Restorable
from gateway.redaction.slices import Slice
from gateway.redaction.splice import splice

MOST_ABSENT = 1024
"""Values known not to stand in a segment; a prompt that everybody sends would otherwise gather everybody's."""
_CJK = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\u3040-\u30ff\uac00-\ud7af\U00020000-\U0003ffff]")
CASELESS = frozenset({"EMAIL", "PERSON"})
"""Labels whose values are the same in any case."""
MIN_VALUE, MIN_CJK = 4, 2
"""Shorter values are replaced where they were found only: everywhere else they would hit unrelated words."""
_DEEP = b"\\" * 8
"""JSON in strings of strings so deep that its texts are not all parts: never remembered."""
_BETWEEN = "\x00"
"""No request holds it, so no value stands across it."""


@dataclass(slots=True)
class Remembered:
    """One segment redacted. Holds values: it lives in memory only, in its tenant's part of the cache."""

    own: Mapping[str, str] = field(repr=False)  # value -> label, of its own findings: replaced in all segments
    texts: str = field(repr=False)  # everything in it that can be read, for the search of other segments' values
    present: Mapping[str, str] = field(repr=False)  # value -> label, of those that stand in it
    raw: bytes | None = field(repr=False)  # what goes on in its place; None: it goes on as it is
    placeholders: Mapping[str, Restorable] = field(default_factory=dict, repr=False)
    counts: Mapping[str, int] = field(default_factory=dict)
    blocked: tuple[Finding, ...] = ()
    lasting: bool = True
    source: int = 0  # hash of the bytes that `raw` was made of: equal content may be written in other bytes
    absent: set[str] = field(default_factory=set, repr=False)

    def holds(self, labels: Mapping[str, str], place: Slice) -> bool:
        """Whether this is the redaction of what stands at `place`, too, when the call's values are `labels`."""
        if self.raw is not None and self.source != hash(place.raw):
            return False
        if any(labels.get(value) != label for value, label in self.present.items()):
            return False
        unknown = labels.keys() - self.present.keys() - self.absent
        if any(value in self.texts for value in unknown):
            return False
        if len(self.absent) > MOST_ABSENT:
            self.absent.clear()
        self.absent |= unknown
        return True

    @property
    def size(self) -> int:
        """About how many bytes it takes in the cache."""
        return 1024 + 2 * len(self.texts) + len(self.raw or b"") + 64 * len(self.present)


def spreads(value: str) -> bool:
    """Whether a value is long enough to be replaced wherever it stands."""
    return len(value) >= MIN_VALUE or len(_CJK.findall(value)) >= MIN_CJK


def values_of(findings: Sequence[Finding]) -> dict[str, str]:
    """The values to be replaced wherever they stand, each also in the writings that inspection reads."""
    labels: dict[str, str] = {}
    for finding in reversed(findings):
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


def redact_segment(
    place: Slice,
    findings: Sequence[Finding],
    own: Mapping[str, str],
    labels: Mapping[str, str],
    operators: Mapping[str, str],
    key: PlaceholderKey,
) -> Remembered:
    """The segment with its `findings`, and all `labels` that stand in it, replaced. Raises Unavailable if one is left."""
    parts, sealed = place.segment.parts(), place.segment.walk().sealed
    texts = _texts([part.text for part in parts if part.text])
    raw = place.raw
    lasting = _DEEP not in raw
    split = any(finding.span.detector == SPLIT for finding in findings)
    present = {value: label for value, label in labels.items() if value in texts} if lasting else dict(labels)
    if not present and not findings:
        return Remembered(own, texts, {}, None, lasting=lasting, absent=set(labels))
    plan = Plan(operators, key, present, Occurrences(present))
    blocked = [f for f in findings if f.kind in OPAQUE or f.path in sealed]
    blocked += _sealed_copies(place, sealed, plan, blocked)
    refused = {id(f) for f in blocked}
    spots: dict[tuple[Path, bool], list[Mark]] = {}
    for f in findings:
        if id(f) not in refused:
            mark = Mark(f.span.start, f.span.end, f.span.label)
            spots.setdefault((f.path, f.kind is PartKind.NAME), []).append(mark)
    editable = {(p.path, p.kind is PartKind.NAME) for p in parts if p.kind not in OPAQUE and p.path not in sealed}
    edited = _edited_text if place.bare else _edited
    redacted = edited(place, raw, plan, editable, spots)
    if not blocked and redacted is not None:
        _prove_absent(place, redacted, plan)
    return Remembered(
        own, texts, present, redacted, plan.placeholders, dict(plan.counts), tuple(blocked),
        lasting=lasting and not blocked and not split, source=hash(raw), absent=labels.keys() - present.keys(),
    )  # fmt: skip


def _texts(texts: Sequence[str]) -> str:
    """Texts as they stand, and in all the ways that inspection reads them otherwise."""
    others = (reading.normal for text in texts for reading in readings(text))
    return _BETWEEN.join([*texts, *(normal.text for normal in others if normal.starts is not None)])


def _edited(
    place: Slice,
    raw: bytes,
    plan: Plan,
    editable: Collection[tuple[Path, bool]],
    spots: Mapping[tuple[Path, bool], list[Mark]],
) -> bytes | None:
    root, prefix = View(place.document(raw)), place.prefix
    for token in tokens(root.text):
        if (prefix + token.path, token.key) in editable:
            edit_token(plan, root, token, prefix, spots, [])
    if not plan.edits:
        return None
    text = splice(root.text, plan.edits)
    return (text[1:-1] if place.member else text).encode()


def _edited_text(
    place: Slice,
    raw: bytes,
    plan: Plan,
    editable: Collection[tuple[Path, bool]],
    spots: Mapping[tuple[Path, bool], list[Mark]],
) -> bytes | None:
    """A form's field, in which nothing is written as JSON."""
    here = (place.segment.path, False)
    if here not in editable:
        return None
    text = raw.decode()
    marks = merged([*spots.get(here, ()), *plan.marks(text)])
    edits = [
        (mark.start, mark.end, plan.replacement(mark.label, text[mark.start : mark.end], unique=False))
        for mark in marks
    ]
    return splice(text, edits).encode() if edits else None


def _sealed_copies(place: Slice, sealed: Collection[Path], plan: Plan, known: Sequence[Finding]) -> list[Finding]:
    """Values to be redacted that also stand in signed text, where nobody found them."""
    seen = {finding.path for finding in known}
    return [
        Finding(
            part.path, part.kind, Span(mark.start, mark.end, mark.label, 1.0, "copy"), part.text[mark.start : mark.end]
        )
        for part in (place.segment.parts() if sealed else ())
        if part.path in sealed and part.path not in seen
        for mark in plan.marks(part.text)
    ]


def _prove_absent(place: Slice, redacted: bytes, plan: Plan) -> None:
    """The last look before anything leaves: the segment as it goes on, read anew, holds none of the values."""
    try:
        again = place.read(redacted)
    except BadRequest:
        raise Unavailable("redaction would have made the request unreadable") from None
    sealed = again.walk().sealed
    for part in again.parts():
        if part.path not in sealed and plan.touches(part.text):
            ours = PLACEHOLDERS.sub(lambda found: "\x00" if found[0] in plan.inserted else found[0], part.text)
            if plan.touches(ours):
                raise Unavailable("redaction did not remove every occurrence of a value")
