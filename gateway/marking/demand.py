"""Which marks a call's outputs must carry: what the profile of its caller's country asks, and what the decision adds.

A decision only adds. The explicit label alone can be left out on request (`Lexgate-Label: none`), where the application
may, its profile allows it and no decision asks for the label; that is recorded, with how long the record is to be kept
(Measures for Labeling AI-Generated Synthetic Content, art. 9).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Literal

from gateway.errors import BadRequest
from gateway.flow import Flow
from gateway.services import Services
from watermark.errors import NotWaivable
from watermark.marking import Marking
from watermark.profile import KINDS, MARKS, Kind, Profile, chosen, kind_of, marking_for

NONE = b"none"
"""What `Lexgate-Label` says to ask for no explicit label."""

_MEDIA: tuple[Kind, ...] = ("image", "audio", "video")


@dataclass(frozen=True, slots=True)
class Demand:
    """What one call's outputs must carry. `waived`: the explicit label is left out at the caller's request."""

    profile: Profile
    added: frozenset[str]
    waived: bool = False

    markings: Mapping[Kind, Marking] = field(default_factory=dict, repr=False)  # of each kind of output

    def marking(self, kind: Kind) -> Marking:
        """For an output of this kind."""
        return self.markings[kind]

    def marking_of(self, media_type: str, *, known: bool = True) -> Marking:
        """For an output of this media type; one that no profile speaks of is treated as a document.

        `known`: whether its bytes say so. A type that is only declared is believed for media, whose bytes are then
        read as such; behind any other may be a picture that we do not know, so the strictest kind's marks are due.
        """
        kind = kind_of(media_type)
        if known or kind in _MEDIA:
            return self.marking(kind or "document")
        due = (self.marking(each) for each in (*_MEDIA, "document"))
        return next((each for each in due if each.asks and each.unsupported == "block"), self.marking("document"))

    @property
    def asks(self) -> bool:
        """Whether anything is demanded of an output of any kind."""
        return self.waived or any(marking.asks for marking in self.markings.values())


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
    waived = flow.caller.headers.get(b"lexgate-label") == NONE
    demand = _demand(who.country, who.audience, day, override, added, settings.marking.unsupported, waived)
    return demand if demand.asks else None


@lru_cache(maxsize=256)
def _demand(
    country: str,
    audience: str,
    day: date,
    override: str,
    added: frozenset[str],
    unsupported: Literal["profile", "block", "sidecar", "record"],
    waived: bool,
) -> Demand:
    """The same for all calls of one country, audience and day. Raises BadRequest where a label cannot be left out."""
    profile = chosen(country, audience, override, day)
    try:
        markings = {
            kind: marking_for(kind, country, audience, day, override, added=added, waived=waived) for kind in KINDS
        }
    except NotWaivable:
        raise BadRequest("the explicit label of this output cannot be left out", param="lexgate-label") from None
    if unsupported != "profile":
        markings = {kind: dataclasses.replace(each, unsupported=unsupported) for kind, each in markings.items()}
    return Demand(profile, added, waived, markings)
