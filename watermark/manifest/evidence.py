"""What a manifest says for a file: whether it holds, whether its signer is trusted, what it claims, when.

Four separate things. A manifest that holds proves that nobody changed the file since its signer signed it; who that is,
only trust tells; what it claims, only the signer knows; before when, only a time-stamp tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Integrity = Literal["absent", "valid", "tampered", "broken"]
"""absent: no manifest; valid: signature and hashes hold; tampered: one of them does not; broken: the manifest, or the file
around it, cannot be read."""


@dataclass(frozen=True, slots=True)
class ManifestTime:
    """An RFC 3161 time-stamp: the manifest existed at that time, if its authority is trusted."""

    time: str  # RFC 3339
    valid: bool
    trusted: bool


@dataclass(frozen=True, slots=True)
class ManifestEvidence:
    """What `read_manifest` found. All strings but `integrity` are claims of the file, to be escaped where shown."""

    integrity: Integrity
    trusted: bool = False  # the signer's chain leads to an anchor of the reader
    signer: str = ""  # common name and organisation of the signing certificate
    algorithm: str = ""
    generator: str = ""
    synthetic: bool = False  # an action says: made or changed by a model
    origin: Mapping[str, str] = field(default_factory=dict)  # our own assertion, where there is one
    timestamp: ManifestTime | None = None
    ingredients: int = 0
    failures: tuple[str, ...] = ()  # C2PA status codes
    remote: str = ""  # where the file says that its manifest lies; never fetched
    label: str = ""  # the active manifest's name
