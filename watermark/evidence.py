"""The nouns of verification: what a file carries of where it comes from, each kind of evidence apart.

A mark that is there says what somebody wrote into the file, not that it is true: marks can be copied. That no mark is
there says nothing about who made it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from watermark.prints.printed import Printed

Kind = Literal[
    "c2pa_integrity",  # the signed manifest covers these very bytes
    "c2pa_trust",  # whoever signed it is on a list of trust
    "aigc",  # metadata of GB 45438-2025
    "invisible",  # our mark in the picture's or sound's signal
    "text_manifest",  # C2PA A.8: a signed manifest in the text itself
    "exact",  # the record knows exactly this content
    "fingerprint",  # the record knows content like this
]
State = Literal["present", "absent", "invalid", "not_examined"]
CARRIED: tuple[Kind, ...] = ("c2pa_integrity", "c2pa_trust", "aigc", "invisible", "text_manifest")
"""What a file itself carries; the other kinds are what a record knows."""
_PRODUCE_ID = re.compile(r"([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})-(\d{1,4})")


@dataclass(frozen=True, slots=True)
class Evidence:
    """One kind of evidence. `reason` is a stable word for programs, `names` the identifiers (ProduceID) it states,
    `details` what it says besides, shown as it is.
    """

    kind: Kind
    state: State
    reason: str = ""
    names: tuple[str, ...] = ()
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Carried:
    """What one file carries, and what it can be known by."""

    media_type: str  # "" where it is not known
    evidence: tuple[Evidence, ...]
    text: str = field(default="", repr=False)
    payloads: tuple[tuple[str, int], ...] = ()  # (tenant, payload) of invisible marks that were found
    # To ask for a picture with, in each way in which it may lie, or for a sound.
    prints: tuple[Printed, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Looking:
    """With what a file is looked at: certificates that are trusted (PEM), and each tenant's key of invisible marks."""

    trust_anchors: bytes = b""
    invisible_keys: Sequence[tuple[str, bytes]] = field(default=(), repr=False)
    sidecar: bytes = field(default=b"", repr=False)  # a C2PA manifest in a file of its own, where there is one
    seconds: float = 8.0  # for the search of invisible marks; what was not tried then is not examined


def named_output(produce_id: str) -> tuple[str, int] | None:
    """The flow and the output that an identifier of ours names; None for anything else."""
    match = _PRODUCE_ID.fullmatch(produce_id)
    return (match[1], int(match[2])) if match else None
