"""What inspection learned of one segment of a request, and the findings it comes to where the segment stands.

A chat resends its history with every turn, at the same places: so the findings of a segment are made once and kept with
what was learned of it. Only of a segment that comes back at another place are they made anew.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.flow import Finding, Part, Path, Span
from gateway.inspection.split_values import Piece
from gateway.inspection.subjects import canonical, subject_key
from gateway.inspection.texts import SPAN_BYTES
from gateway.lineage.ancestry import Said
from gateway.protocols.request import Segment

FINDING_BYTES = 400
"""About what a finding takes in memory beside its span: itself, a short value twice, a subject."""
CHARACTER_BYTES = 4
"""Of a value, for each of its characters: it is kept as it stands and in one writing for all."""
NAME_BYTES = 60
"""What a name takes."""


class FindingsOf(NamedTuple):
    """Makes the findings of one tenant's calls. `key`: that of the subjects, see `gateway.inspection.subjects`."""

    key: bytes
    tenant: str

    def __call__(self, part: Part, span: Span, whole: str, value: str | None = None) -> Finding:
        """A span as a finding. `whole`: the value it is or, where that is split, belongs to; `value`: if not in the part."""
        value = part.text[span.start : span.end] if value is None else value
        subject = subject_key(self.key, self.tenant, span.label, whole)
        return Finding(part.path, part.kind, span, value, subject, canonical(span.label, value))


class Placed(NamedTuple):
    """The findings of a segment at one place of a request."""

    path: Path
    findings: tuple[Finding, ...]

    def __repr__(self) -> str:
        """Without what was found."""
        return f"Placed({self.path!r})"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What inspection learned of one segment: spans by the part's index, and what nobody could read, as (kind, why).

    `split`: pieces of values that go on in another part, with the value. `ends`: where one may go on in another segment.
    `inside`: spans in the text of files, with their values. `files`: the types of files that were read.
    """

    spans: tuple[tuple[int, Span], ...]
    opaque: tuple[tuple[str, str], ...]
    said: Said  # its names, by which later calls are known as its children
    inside: tuple[tuple[int, Span, str], ...] = field(default=(), repr=False)
    files: tuple[str, ...] = ()
    whole: tuple[int, ...] = ()  # parts that are files which were read whole
    split: tuple[tuple[int, Span, str], ...] = field(default=(), repr=False)
    ends: tuple[Piece[int], ...] = ()
    placed: list[Placed] = field(default_factory=list, repr=False, compare=False)  # one at most: where it stood last

    @property
    def size(self) -> int:
        """About how many bytes of memory it takes, with the findings that it comes to."""
        lengths = [span.end - span.start for _, span in self.spans]
        lengths += [len(value) for _, _, value in (*self.split, *self.inside)]
        found = (SPAN_BYTES + FINDING_BYTES) * len(lengths) + CHARACTER_BYTES * sum(lengths)
        return found + NAME_BYTES * len(self.said.names)

    def findings(self, segment: Segment, of_tenant: FindingsOf) -> tuple[Finding, ...]:
        """The findings of `segment`, whose content this was learned of. `of_tenant`: the tenant it was learned for."""
        if self.placed and self.placed[0].path == segment.path:
            return self.placed[0].findings
        parts = segment.parts()
        found = (
            *(of_tenant(parts[index], span, parts[index].text[span.start : span.end]) for index, span in self.spans),
            *(of_tenant(parts[index], span, value) for index, span, value in self.split),
            *(of_tenant(parts[index], span, value, value) for index, span, value in self.inside),
        )
        self.placed[:] = [Placed(segment.path, found)]
        return found
