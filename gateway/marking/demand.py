"""Which marks a call's outputs must carry: what the profile of its caller's country asks, and what the decision adds.

A decision only adds. The explicit label alone can be left out on request (`Lexgate-Label: none`), where the application
may, its profile allows it and no decision asks for the label; that is recorded, with how long the record is to be kept
(Measures for Labeling AI-Generated Synthetic Content, art. 9).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

from gateway.errors import BadRequest
from gateway.flow import Flow
from gateway.services import Services
from watermark.errors import NotWaivable
from watermark.marking import Marking
from watermark.profile import KINDS, MARKS, Kind, Profile, chosen, kind_of, marking_for

NONE = b"none"
"""What `Lexgate-Label` says to ask for no explicit label."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What one call's outputs must carry. `waived`: the explicit label is left out at the caller's request."""

    profile: Profile
    country: str
    audience: str
    day: date
    override: str
    added: frozenset[str]
    unsupported: Literal["profile", "block", "sidecar", "record"]  # profile: as the profile says
    waived: bool = False

    def marking(self, kind: Kind) -> Marking:
        """For an output of this kind. Raises BadRequest where its label was to be left out and cannot be."""
        try:
            marking = marking_for(
                kind, self.country, self.audience, self.day, self.override, added=self.added, waived=self.waived
            )
        except NotWaivable:
            raise BadRequest("the explicit label of this output cannot be left out", param="lexgate-label") from None
        if self.unsupported == "profile":
            return marking
        return dataclasses.replace(marking, unsupported=self.unsupported)

    def marking_of(self, media_type: str) -> Marking:
        """For an output of this media type; one that no profile speaks of is treated as a document."""
        return self.marking(kind_of(media_type) or "document")

    @property
    def asks(self) -> bool:
        """Whether anything is demanded of an output of any kind."""
        return any(self.marking(kind).asks for kind in KINDS) or self.waived


def demand_of(flow: Flow, services: Services) -> Demand | None:
    """What this call's outputs must carry; None where nothing is demanded. Raises BadRequest."""
    decision, settings, who = flow.decision, services.settings, flow.who
    if decision is None:
        raise RuntimeError("marks are demanded after decide")
    added = frozenset(MARKS).intersection(decision.labels)
    if who.audience != "public" and not added:
        return None
    day = datetime.fromtimestamp(flow.time_us // 1_000_000, UTC).date()
    override = settings.labels.profile
    profile = chosen(who.country, who.audience, override, day)
    waived = flow.caller.headers.get(b"lexgate-label") == NONE
    demand = Demand(profile, who.country, who.audience, day, override, added, settings.marking.unsupported, waived)
    return demand if demand.asks else None
