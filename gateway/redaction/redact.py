"""Step `redact`: the body with what was found replaced by placeholders, everything else byte for byte as it was.

1. Each finding whose label the decision names is replaced where it was found.
2. Its value is replaced wherever else it stands in the request, in any string that can carry content, at any depth of
   JSON inside strings: one occurrence left would undo the redaction.
3. Strings that hold JSON stay valid JSON; a bare number becomes a quoted placeholder.
4. What changed is read again and searched for every redacted value. If one is left, nothing leaves.

Each segment (a message, a tool, a field) is redacted by itself and remembered, see `segment`: a conversation that is
resent with every turn costs what is new in it. Findings in what cannot be edited (files, images, references, signed
text) come back as `unredactable`: the caller of this function must not forward the body then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.flow import Finding, Path
from gateway.inspection.split_values import DETECTOR as SPLIT
from gateway.protocols.request import DecodedRequest
from gateway.redaction.placeholder import PlaceholderKey, Restorable
from gateway.redaction.segment import Remembered, redact_segment, values_of
from gateway.redaction.slices import Slice, slices
from gateway.redaction.splice import splice


@dataclass(frozen=True, slots=True)
class Redacted:
    """What goes on, and what is needed to undo it in the answer."""

    body: bytes = field(repr=False)
    placeholders: Mapping[str, Restorable] = field(default_factory=dict)  # what this very request carried
    redactions: Mapping[str, int] = field(default_factory=dict)  # replaced occurrences per label
    remaining: tuple[Finding, ...] = ()  # found, and still in the body
    unredactable: tuple[Finding, ...] = ()  # the decision wants them out, but nobody can edit them
    changed: Mapping[int, bytes] = field(default_factory=dict, repr=False)  # segments by number, as they go on
    places: Sequence[Slice] = field(default=(), repr=False)  # of the segments before
    segments: Sequence[Remembered] = field(default=(), repr=False)  # to be given again for the same segments


def redact(
    decoded: DecodedRequest,
    findings: Sequence[Finding],
    operators: Mapping[str, str],
    key: PlaceholderKey,
    known: Sequence[Remembered | None] | None = None,
) -> Redacted:
    """Redact what `operators` (label -> placeholder | remove) asks for. Raises Unavailable if a value would be left.

    `known`: for each segment what an earlier call with the same operators and key remembered of its content, or None.
    """
    wanted = [finding for finding in findings if finding.span.label in operators]
    if not wanted:
        return Redacted(decoded.body, remaining=tuple(findings))
    found = _by_segment(decoded, wanted)
    # A piece of a value that goes on in another segment is no property of its own one: such a segment is made anew.
    split = [any(finding.span.detector == SPLIT for finding in its) for its in found]
    before = [None if broken else old for old, broken in zip(known or [None] * len(found), split, strict=True)]
    own = [old.own if old else values_of(its) for old, its in zip(before, found, strict=True)]
    labels: dict[str, str] = {}
    for values in reversed(own):  # what was found first says what a value is
        labels |= values
    places = slices(decoded)
    done = [
        old
        if old is not None and old.holds(labels, place)
        else redact_segment(place, its, values, labels, operators, key)
        for place, its, values, old in zip(places, found, own, before, strict=True)
    ]
    return _assembled(decoded, findings, operators, places, done)


def _by_segment(decoded: DecodedRequest, findings: Sequence[Finding]) -> list[list[Finding]]:
    numbers = {segment.path: number for number, segment in enumerate(decoded.segments)}
    found: list[list[Finding]] = [[] for _ in decoded.segments]
    for finding in findings:
        found[_number(numbers, finding.path)].append(finding)
    return found


def _number(numbers: Mapping[Path, int], path: Path) -> int:
    """Which segment holds `path`."""
    for length in range(1, len(path) + 1):
        number = numbers.get(path[:length])
        if number is not None:
            return number
    raise ValueError("a finding outside of all segments")


def _assembled(
    decoded: DecodedRequest,
    findings: Sequence[Finding],
    operators: Mapping[str, str],
    places: Sequence[Slice],
    done: Sequence[Remembered],
) -> Redacted:
    changed = {number: each.raw for number, each in enumerate(done) if each.raw is not None}
    body = splice(decoded.body, [(places[number].start, places[number].end, raw) for number, raw in changed.items()])
    placeholders: dict[str, Restorable] = {}
    counts: Counter[str] = Counter()
    for each in done:
        if each.raw is not None:
            placeholders |= each.placeholders
            counts.update(each.counts)
    blocked = tuple(finding for each in done for finding in each.blocked)
    refused = {id(finding) for finding in blocked}
    kept = tuple(f for f in findings if f.span.label not in operators or id(f) in refused)
    return Redacted(body, placeholders, dict(counts), kept, blocked, changed, places, done)
