"""The keys of issuers of tokens, read as the gateway reads them: from files always, from the network only if asked."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.doctor.finding import Finding, good, problem

if TYPE_CHECKING:
    from gateway.settings import Issuer, Settings


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an issuer's keys are."""

    check: str
    option: str  # of the issuer, which names the place
    mend: str


_FILE = _Place("issuers", "jwks_file", "Put a JWK set with its public keys there (RFC 7517).")
_URL = _Place(
    "reach",
    "jwks_url",
    "Check name resolution, the way out, jwks_url and the issuer's ca. Redirects are not followed.",
)


def issuers(settings: Settings) -> Iterator[Finding]:
    """Issuers whose keys are in a file."""
    yield from _look(settings, _FILE)


def behind_urls(settings: Settings) -> Iterator[Finding]:
    """Issuers whose keys are behind a URL, one after the other."""
    yield from _look(settings, _URL)


def _look(settings: Settings, place: _Place) -> Iterator[Finding]:
    there = [issuer for issuer in settings.issuers if getattr(issuer, place.option)]
    if there:
        yield from asyncio.run(_all(there, place))


async def _all(issuers: list[Issuer], place: _Place) -> list[Finding]:
    return [await _keys(issuer, place) for issuer in issuers]


async def _keys(issuer: Issuer, place: _Place) -> Finding:
    from gateway.identity.key_set import FAILURES, read_keys, why  # an HTTP client that nobody else here needs

    try:
        keys = await read_keys(issuer)
    except FAILURES as error:
        where = getattr(issuer, place.option)
        told = f"The keys of issuer {issuer.issuer} cannot be read from {where} ({why(error)})."
        return problem(place.check, told, place.mend)
    return good(place.check, f"Issuer {issuer.issuer} shows {len(keys)} keys.")
