"""Which explicit labels a jurisdiction asks for: rows of `profiles.json`, each dated, with its source and how sure it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from watermark.errors import UnknownProfile

_FILE = Path(__file__).with_name("profiles.json")


@dataclass(frozen=True, slots=True)
class Profile:
    """One jurisdiction's rules for text. `since` and `until` are dates in UTC; `until` is exclusive."""

    name: str
    jurisdictions: tuple[str, ...]  # ISO 3166-1, or 3166-2 where a part of a country has its own law; "*" any other
    explicit_text: bool
    since: date
    until: date | None
    source: str
    certainty: str  # secondary | choice, explained in the data file
    note: str
    notices: Mapping[str, str]  # the explicit label by language

    def holds(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day < self.until)


@cache
def profiles() -> tuple[Profile, ...]:
    """All rows of the data file, in order."""
    document = _document()
    return tuple(_profile(row, document["notices"]) for row in document["profiles"])


@cache
def notices() -> Mapping[str, str]:
    """Every explicit text label by language."""
    found: dict[str, str] = _document()["notices"]
    return found


def profile_for(country: str, audience: str, override: str = "auto", day: date | None = None) -> Profile | None:
    """The profile whose explicit text label an answer needs; None if it needs none.

    `override`: "auto" chooses by `country`; otherwise a profile's name, which then holds for every country. `day`: a
    profile not yet in force on it falls back to `default`; None takes the rows as they stand. Raises UnknownProfile.
    """
    if audience != "public":
        return None
    if override not in ("", "auto"):
        chosen = named(override)
    else:
        fitting = [row for row in profiles() if day is None or row.holds(day)]
        place = country.upper()
        chosen = next((row for row in fitting if place in row.jurisdictions), None) or named("default")
    return chosen if chosen.explicit_text else None


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
    return Profile(
        name=row["name"],
        jurisdictions=tuple(row["jurisdictions"]),
        explicit_text=row["explicit_text"],
        since=date.fromisoformat(row["since"]),
        until=date.fromisoformat(row["until"]) if row["until"] else None,
        source=row["source"],
        certainty=row["certainty"],
        note=row["note"],
        notices=texts,
    )
