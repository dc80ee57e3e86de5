"""From evidence and record to one word. Pure: what a file carries, and which outputs of the record are like it, go in.

    confirmed   the content agrees with the record of a call, and every mark in it that names a call names that one
    partly      parts of the content agree with the record of a call; the rest is not known
    claimed     the file carries marks, and the record does not confirm them: a mark alone can be copied, and so can a
                part of a picture along with it
    unknown     neither mark nor record: which does not mean that a human made it

A mark that names a call whose output this is not (`contradicted`) is never confirmed, however genuine the mark: copied
onto other content it verifies as before where it does not cover the content, and names a call that is in the record.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from watermark.evidence import Carried, named_output
from watermark.manifest.timestamp import StampedTime

Word = Literal["confirmed", "partly", "claimed", "unknown"]
MOST_OF_IT = 250
"""Parts per thousand of a text's marks that one call must account for. One word in five replaced leaves 330."""
MOST_OF_MEDIA = 650
"""The same of what a picture shows, or of a sound's seconds: half of one may have been put into another."""
_BY_PRINTS = ("prints",)


@dataclass(frozen=True, slots=True)
class Match:
    """An output of the record and how it agrees with the content. `share`: of the content, parts per thousand."""

    flow: str
    output: int
    by: tuple[Literal["exact", "fingerprint", "prints"], ...]
    share: int
    record: dict[str, Any] = field(default_factory=dict, repr=False)
    stamped: StampedTime | None = None  # by a time-stamp that came after it was delivered, of this very file


@dataclass(frozen=True, slots=True)
class Verdict:
    """The word, the flow it is about ("" for none), and the flows that marks name against the record.

    `share`: parts per thousand of the content that agree with the record of `flow`.
    """

    word: Word
    flow: str
    contradicted: tuple[str, ...]
    share: int = 0


def judge(
    carried: Carried,
    named: Collection[str],
    matches: Sequence[Match],
    comparable: Collection[str] = (),
) -> Verdict:
    """`named`: flows that the file's marks name; `matches`: best first; `comparable`: named flows whose record is there
    and says what they made, so that disagreement means something.
    """
    found = {match.flow: match.share for match in reversed(matches)}
    agreeing = [
        match.flow for match in matches if match.share >= (MOST_OF_MEDIA if match.by == _BY_PRINTS else MOST_OF_IT)
    ]
    against = sorted(flow for flow in set(named) if flow not in agreeing)
    if agreeing and not against:
        flow = next((flow for flow in agreeing if flow in named), agreeing[0])
        return Verdict("confirmed", flow, (), found[flow])
    if named:
        contradicted = tuple(flow for flow in against if flow not in found and (agreeing or flow in comparable))
        flow = max(named, key=lambda one: (found.get(one, 0), one))
        return Verdict("claimed", flow, contradicted, found.get(flow, 0))
    if matches:
        return Verdict("partly", matches[0].flow, (), matches[0].share)
    marked = any(item.state in {"present", "invalid"} and item.reason != "unreadable" for item in carried.evidence)
    return Verdict("claimed" if marked else "unknown", "", ())


def named_flows(carried: Carried) -> set[str]:
    """The flows that the file's own identifiers name, whether the marks are valid or not."""
    found = (named_output(name) for item in carried.evidence for name in item.names)
    return {output[0] for output in found if output is not None}
