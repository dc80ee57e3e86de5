"""The nouns of marking: where an output comes from, which marks it is to carry, and what it carries in the end.

Order of the marks in one file, fixed because each covers the one before: explicit label, invisible mark, `AIGC`
metadata (GB 45438-2025), C2PA manifest last.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

Unsupported = Literal["block", "sidecar", "record"]
"""What happens to an output of a type that cannot carry a demanded mark: refused, marked in a file beside it, or only
recorded. Never passed on in silence."""


@dataclass(frozen=True, slots=True)
class Ingredient:
    """Content that an output was made from: its provenance is kept, as C2PA's ingredients."""

    media_type: str
    digest: str  # SHA-256 of its bytes, hex
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where one output comes from. The same identifiers stand in every mark and in the record of the call."""

    flow: str  # UUIDv7 of the call; of the command's run where content was made elsewhere
    index: int  # which output of the call, from 0
    leaf: str  # hash of the intent's leaf in the log, hex; "" where there is none
    payload: int  # 64 bits of the invisible marks; a keyed hash of flow and index that only the tenant can map back
    model: str
    provider: str
    producer: str  # ContentProducer of GB 45438-2025: the operator's code, configured, never invented
    time_us: int  # microseconds since 1970 UTC
    ingredients: tuple[Ingredient, ...] = ()

    @property
    def produce_id(self) -> str:
        """ProduceID of GB 45438-2025, and the identifier in the C2PA assertion."""
        return f"{self.flow}-{self.index}"


@dataclass(frozen=True, slots=True)
class Marking:
    """Which marks an output is to carry: what its profile asks, and what the decision adds."""

    profile: str
    notice: str = ""  # words of the explicit label, "" for none
    language: str = "en"  # of the notice
    invisible: bool = False
    aigc: bool = False
    c2pa: bool = False
    unsupported: Unsupported = "block"
    keep_months: int = 0  # how long the record is kept of a notice that was left out on request (CN Measures, Art. 9)

    @property
    def asks(self) -> bool:
        """Whether anything is asked for."""
        return bool(self.notice) or self.invisible or self.aigc or self.c2pa


class Signer(Protocol):
    """The key port of C2PA: signs bytes without showing its key."""

    @property
    def algorithm(self) -> Literal["es256", "ed25519"]: ...

    @property
    def certificates(self) -> bytes:
        """The chain, PEM, leaf first."""

    def sign(self, data: bytes) -> bytes:
        """The raw signature (ES256: r and s, 64 bytes)."""


@dataclass(frozen=True, slots=True)
class MarkingKeys:
    """What the marks of one tenant are made with."""

    signer: Signer | None
    invisible: bytes = field(repr=False)  # 32 bytes: places and signs of the invisible marks
    timestamp_url: str = ""  # RFC 3161 authority; "" for none


@dataclass(frozen=True, slots=True)
class Marked:
    """An output with its marks. `carries` names them: explicit, invisible, aigc, c2pa, sidecar, record."""

    data: bytes = field(repr=False)
    media_type: str
    carries: tuple[str, ...]
    sidecar: bytes | None = field(default=None, repr=False)  # a C2PA manifest of its own file
    timestamped: bool = False  # whether the manifest carries an RFC 3161 time-stamp; if not, it is queued for one
