"""From evidence and record to one word. Pure: what a file carries, and which outputs of the record are like it, go in.

    confirmed   the content agrees with the record of a call, and every mark in it that names a call names that one
    partly      parts of the content agree with the record of a call; the rest is not known
    claimed     the file carries marks, and the record does not confirm them: a mark alone can be copied
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
    """The word, the flow it is about ("" for none), and the flows that marks name against the record."""

    word: Word
    flow: str
    contradicted: tuple[str, ...]


def judge(
    carried: Carried,
    named: Collection[str],
    matches: Sequence[Match],
    comparable: Collection[str] = (),
    within: Collection[str] = (),
) -> Verdict:
    """`named`: flows that the file's marks name; `matches`: best first; `comparable`: named flows whose record is there
    and says what they made, so that disagreement means something; `within`: of `named`, those in its pixels or samples.
    """
    # A crop may keep one region of a picture: where the mark in its pixels names that very call too, the two agree.
    # Metadata is not enough: anybody writes it, and one region may be a logo.
    agreeing = [m.flow for m in matches if m.share >= MOST_OF_IT or ("prints" in m.by and m.flow in within)]
    against = sorted(flow for flow in set(named) if flow not in agreeing)
    if agreeing and not against:
        return Verdict("confirmed", next((flow for flow in agreeing if flow in named), agreeing[0]), ())
    if named:
        found = {match.flow for match in matches}
        contradicted = tuple(flow for flow in against if flow not in found and (agreeing or flow in comparable))
        return Verdict("claimed", min(named), contradicted)
    if matches:
        return Verdict("partly", matches[0].flow, ())
    marked = any(item.state in {"present", "invalid"} and item.reason != "unreadable" for item in carried.evidence)
    return Verdict("claimed" if marked else "unknown", "", ())


def named_flows(carried: Carried) -> set[str]:
    """The flows that the file's own identifiers name, whether the marks are valid or not."""
    found = (named_output(name) for item in carried.evidence for name in item.names)
    return {output[0] for output in found if output is not None}
