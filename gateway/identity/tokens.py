"""Signed tokens of callers (JWT, RFC 7519; best practices of RFC 8725): verified once, then known until they expire.

A token is believed when its issuer is configured, its algorithm is one of the issuer's (never `none`, never a shared
secret), its signature holds under the issuer's key of that id, and issuer, audience and times are right. Everything
else is refused; before the signature holds the refusal says nothing of what the token says.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from joserfc import jwt
from joserfc.errors import ClaimError, ExpiredTokenError, JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from gateway.errors import Unauthenticated
from gateway.identity.claims import principal_of
from gateway.identity.directory import Entry, limits_of
from gateway.identity.key_set import KeySet, PublicKey, source_of
from gateway.identity.port import NOT_VALID, TokenVerifier
from gateway.settings import Application, Issuer, Settings

LONGEST = 16_384
KNOWN = 10_000
"""Verified tokens that a worker remembers; beyond it the oldest are forgotten and verified again."""
TYPES = frozenset({"jwt", "at+jwt", "jose"})
"""What a token may say that it is (`typ`; RFC 8725 §3.11): not a logout token, a proof or another statement of the issuer."""
_CURVE = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}


@dataclass(frozen=True, slots=True)
class Known:
    """A verified token: whom it stands for, until when (Unix time), under which keys of the issuer."""

    entry: Entry
    until: float
    keys: KeySet
    version: int


class Tokens:
    """Tokens of the configured issuers. One object per configuration and worker."""

    def __init__(
        self, settings: Settings, clock: Callable[[], float] = time.time, before: TokenVerifier | None = None
    ) -> None:
        """`before`: those of the configuration that this one replaces. Keys that were read from the same place are kept."""
        self._applications: Mapping[str, Application] = {item.name: item for item in settings.applications}
        self._bounds = settings.limits
        self._clock = clock
        kept = {keys.source: keys for _, keys in before._issuers.values()} if isinstance(before, Tokens) else {}
        self._issuers: dict[str, tuple[Issuer, KeySet]] = {
            issuer.issuer: (issuer, kept.get(source_of(issuer)) or KeySet(issuer)) for issuer in settings.issuers
        }
        self._known: dict[bytes, Known] = {}  # by SHA-256 of the token
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begins to read and keep the issuers' keys."""
        self._tasks = [asyncio.ensure_future(keys.keep()) for _, keys in self._issuers.values()]

    def close(self) -> None:
        for task in self._tasks:
            task.cancel()

    def known(self, token: bytes) -> Entry | None:
        """Whom a token stands for that was verified before and still holds: a look-up, nothing more."""
        digest = hashlib.sha256(token).digest()
        known = self._known.get(digest)
        if known is None:
            return None
        if self._clock() >= known.until or known.version != known.keys.version or not known.keys.usable:
            del self._known[digest]
            return None
        return known.entry

    async def verify(self, token: bytes) -> Entry:
        """Whom a token stands for. Raises Unauthenticated, or Unavailable while the issuer's keys cannot be had."""
        header, claims = _parts(token)
        issuer, keys = self._issuers.get(str(claims.get("iss")), (None, None))
        algorithm, key_id = header.get("alg"), header.get("kid")
        if issuer is None or keys is None or algorithm not in issuer.algorithms or "crit" in header:
            raise Unauthenticated(NOT_VALID)
        if (key_id is not None and not isinstance(key_id, str)) or not _for_access(header):
            raise Unauthenticated(NOT_VALID)
        key = await keys.key(key_id)
        if key is None or not _fits(key, algorithm):
            raise Unauthenticated(NOT_VALID)
        version = keys.version
        entry, until = self._believed(token, key, algorithm, issuer)
        self._remember(token, Known(entry, until, keys, version))
        return entry

    def _believed(self, token: bytes, key: PublicKey, algorithm: str, issuer: Issuer) -> tuple[Entry, float]:
        try:
            claims = jwt.decode(token.decode("ascii"), key, algorithms=[algorithm]).claims
        except (JoseError, ValueError, TypeError):
            raise Unauthenticated(NOT_VALID) from None
        rules = jwt.JWTClaimsRegistry(
            now=int(self._clock()),
            leeway=issuer.leeway_seconds,
            iss={"essential": True, "value": issuer.issuer},
            aud={"essential": True, "values": list(issuer.audiences)},
            exp={"essential": True},
        )
        try:
            rules.validate(claims)
        except ExpiredTokenError:
            raise Unauthenticated("the token has expired") from None
        except ClaimError as error:
            raise Unauthenticated(f"the token's claim {error.claim} is missing or not what it must be") from None
        if claims["exp"] > self._clock() + issuer.longest_seconds + issuer.leeway_seconds:
            raise Unauthenticated("the token holds for longer than this gateway accepts")
        principal, application = principal_of(claims, issuer, self._applications)
        entry = Entry(principal, application, limits_of(principal, self._bounds))
        return entry, float(claims["exp"]) + issuer.leeway_seconds

    def _remember(self, token: bytes, known: Known) -> None:
        if len(self._known) >= KNOWN:
            for old in list(self._known)[: KNOWN // 10]:
                del self._known[old]
        self._known[hashlib.sha256(token).digest()] = known


def _parts(token: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, neither of them believed yet. Raises Unauthenticated."""
    head, _, rest = token.partition(b".")
    try:
        if len(token) > LONGEST:
            raise Unauthenticated("the token is larger than a token may be")
        header, claims = (orjson.loads(_decoded(part)) for part in (head, rest.partition(b".")[0]))
    except (ValueError, binascii.Error):
        raise Unauthenticated(NOT_VALID) from None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise Unauthenticated(NOT_VALID)
    return header, claims


def _decoded(part: bytes) -> bytes:
    return base64.b64decode(part + b"=" * (-len(part) % 4), altchars=b"-_", validate=True)


def _for_access(header: Mapping[str, Any]) -> bool:
    """Whether the token does not say that it is something else than one that callers present."""
    kind = header.get("typ", "JWT")
    return isinstance(kind, str) and kind.lower().removeprefix("application/") in TYPES


def _fits(key: PublicKey, algorithm: str) -> bool:
    """Whether a key is of the kind that this algorithm signs with, and not meant for another."""
    if key.alg not in {None, algorithm}:
        return False
    if algorithm[:2] in {"RS", "PS"}:
        return isinstance(key, RSAKey)
    if algorithm in _CURVE:
        return isinstance(key, ECKey) and key.curve_name == _CURVE[algorithm]
    return isinstance(key, OKPKey)
