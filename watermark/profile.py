"""Which marks a jurisdiction asks for: rows of `profiles.json`, by kind of output, dated, with source and certainty."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from watermark.errors import NotWaivable, UnknownProfile
from watermark.marking import Marking

Kind = Literal["text", "image", "audio", "video", "document"]
KINDS: tuple[Kind, ...] = get_args(Kind)
MARKS = ("explicit", "invisible", "aigc", "c2pa")
"""What a decision may add; fingerprints are taken of every output, whatever the profile."""

_FILE = Path(__file__).with_name("profiles.json")
_DOCUMENTS = (
    "application/pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
)


@dataclass(frozen=True, slots=True)
class Rule:
    """What one kind of output carries. `duty`: whether the law asks for it, or this product chose it."""

    explicit: bool
    implicit: tuple[str, ...]  # of invisible, aigc, c2pa
    duty: Literal["law", "choice"]
    certainty: str  # secondary | single | choice, explained in the data file
    note: str


@dataclass(frozen=True, slots=True)
class Waiver:
    """Whether the explicit label may be left out on request, and for how many months who got what is then kept."""

    allowed: bool
    keep_months: int
    certainty: str
    note: str


@dataclass(frozen=True, slots=True)
class Profile:
    """One jurisdiction's rules. `since` and `until` are dates in UTC; `until` is exclusive."""

    name: str
    jurisdictions: tuple[str, ...]  # ISO 3166-1, or 3166-2 where a part of a country has its own law; "*" any other
    since: date
    until: date | None
    source: str
    certainty: str
    note: str
    kinds: Mapping[Kind, Rule]
    waiver: Waiver
    notices: Mapping[str, str]  # the explicit label by language

    @property
    def explicit_text(self) -> bool:
        """Whether texts get an explicit label."""
        return self.kinds["text"].explicit

    def holds(self, day: date) -> bool:
        """Whether the profile is in force on a day."""
        return self.since <= day and (self.until is None or day < self.until)


@cache
def profiles() -> tuple[Profile, ...]:
    """All rows of the data file, in order."""
    document = _document()
    return tuple(_profile(row, document["notices"]) for row in document["profiles"])


@cache
def notices() -> Mapping[str, str]:
    """Every explicit label by language."""
    found: dict[str, str] = _document()["notices"]
    return found


def forms() -> Mapping[Kind, Mapping[str, str]]:
    """Where and how large the explicit label of each kind is: the strictest rule serves every profile."""
    found: dict[Kind, Mapping[str, str]] = _document()["forms"]
    return found


def sureness() -> Mapping[str, str]:
    """What each word of certainty means."""
    found: dict[str, str] = _document()["certainty"]
    return found


def kind_of(media_type: str) -> Kind | None:
    """The kind of output that files of this type are; None for what no profile speaks of."""
    head = media_type.split("/", 1)[0]
    if head in {"text", "image", "audio", "video"}:
        return head  # type: ignore[return-value]
    return "document" if media_type in _DOCUMENTS else None


def chosen(country: str, audience: str, override: str = "auto", day: date | None = None) -> Profile:
    """The profile that holds for an output; `none` for audiences that are not public. Raises UnknownProfile.

    `override`: "auto" chooses by `country`; otherwise a profile's name, which then holds for every country. `day`: a
    profile not yet in force on it falls back to `default`; None takes the rows as they stand.
    """
    if audience != "public":
        return named("none")
    if override not in ("", "auto"):
        return named(override)
    fitting = [row for row in profiles() if day is None or row.holds(day)]
    place = country.upper()
    return next((row for row in fitting if place in row.jurisdictions), None) or named("default")


def profile_for(country: str, audience: str, override: str = "auto", day: date | None = None) -> Profile | None:
    """The profile whose explicit text label an answer needs, chosen as in `chosen`; None if it needs none."""
    profile = chosen(country, audience, override, day)
    return profile if profile.explicit_text else None


def marking_for(
    kind: Kind,
    country: str,
    audience: str,
    day: date | None = None,
    override: str = "auto",
    *,
    added: Collection[str] = (),
    language: str = "",
    waived: bool = False,
) -> Marking:
    """The marks of one output: what its profile asks, and what the decision adds (names of MARKS; others are ignored).

    `language` of the notice: "" takes the country's. `waived`: the explicit label is left out at the user's request,
    and `keep_months` of the result says how long the record of it is kept; NotWaivable where the profile does not allow
    it or the decision demands the label. What the law asks and a file cannot carry is blocked; what we chose, recorded.
    """
    profile = chosen(country, audience, override, day)
    rule = profile.kinds[kind]
    explicit = rule.explicit or "explicit" in added
    if waived and explicit:
        if not profile.waiver.allowed or "explicit" in added:
            raise NotWaivable("The explicit label of this output cannot be left out.")
        explicit = False
    implicit = {*rule.implicit, *added}
    spoken = language or _document()["languages"].get(country.upper(), "en")
    spoken = spoken if spoken in notices() else "en"
    return Marking(
        profile=profile.name,
        notice=notices()[spoken] if explicit else "",
        language=spoken,
        invisible="invisible" in implicit and kind in {"image", "audio"},
        aigc="aigc" in implicit and kind != "text",
        c2pa="c2pa" in implicit,
        unsupported="block" if rule.duty == "law" or added else "record",
        keep_months=profile.waiver.keep_months if waived and rule.explicit else 0,
    )


def named(name: str) -> Profile:
    """The profile of this name. Raises UnknownProfile, which lists the known ones."""
    for row in profiles():
        if row.name == name:
            return row
    raise UnknownProfile(f"no labelling profile {name!r}; known: {', '.join(row.name for row in profiles())}")


@cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return document


def _profile(row: Mapping[str, Any], texts: Mapping[str, str]) -> Profile:
    waiver = row["waiver"]
    return Profile(
        name=row["name"],
        jurisdictions=tuple(row["jurisdictions"]),
        since=date.fromisoformat(row["since"]),
        until=date.fromisoformat(row["until"]) if row["until"] else None,
        source=row["source"],
        certainty=row["certainty"],
        note=row["note"],
        kinds={kind: _rule(row["kinds"][kind], row["certainty"]) for kind in KINDS},
        waiver=Waiver(waiver["allowed"], waiver["keep_months"], waiver["certainty"], waiver["note"]),
        notices=texts,
    )


def _rule(row: Mapping[str, Any], certainty: str) -> Rule:
    return Rule(
        row["explicit"], tuple(row["implicit"]), row["duty"], row.get("certainty", certainty), row.get("note", "")
    )
