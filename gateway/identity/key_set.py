"""An issuer's public keys (RFC 7517): read from a URL or a file, read again now and then, and when a key id is unknown.

Whoever presents tokens with invented key ids causes at most one reading per `refetch_seconds`. Keys that cannot be read
again are used for `stale_seconds`; after that tokens are refused, because a withdrawn key must not live for ever.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from gateway.errors import Unavailable
from gateway.settings import Issuer

PublicKey = RSAKey | ECKey | OKPKey

MOST_BYTES = 1_048_576
MOST_KEYS = 256
FETCH_S = 10.0
SHORTEST_RSA_BITS = 2048
RETRY_S = 1.0
"""After a reading that failed, the next one."""
LOOK_S = 0.5
"""How often the file of an issuer is looked at."""
KINDS: Mapping[str, type[PublicKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
CURVES = frozenset({"P-256", "P-384", "P-521", "Ed25519", "Ed448"})

FAILURES = (OSError, ValueError, aiohttp.ClientError)
"""What reading an issuer's keys may raise; TimeoutError is an OSError."""

log = structlog.get_logger("lexgate.identity")


class KeySet:
    """The keys of one issuer in one worker. `version` changes when the keys do."""

    def __init__(self, issuer: Issuer, clock: Callable[[], float] = time.monotonic) -> None:
        self._issuer = issuer
        self._clock = clock
        self._keys: Mapping[str, PublicKey] = {}
        self._document = b""
        self._read_at: float | None = None
        self._tried_at: float | None = None
        self._reading: asyncio.Task[None] | None = None
        self._file_state: tuple[int, int, int] | None = None
        self._complaint = ""
        self.version = 0

    @property
    def source(self) -> tuple[object, ...]:
        return source_of(self._issuer)

    @property
    def usable(self) -> bool:
        """Whether there are keys, and they were read (or seen unchanged) not too long ago."""
        return self._read_at is not None and self._clock() - self._read_at <= self._issuer.stale_seconds

    async def key(self, key_id: str | None) -> PublicKey | None:
        """The key of that id, or the only one when the token names none. Raises Unavailable while no keys are usable."""
        missing = not self.usable or self._find(key_id) is None
        if missing and (self._is_reading or self._may_ask()):  # one that runs may have been begun by a call like this
            await self.read()
        if not self.usable:
            raise Unavailable("the keys of the token's issuer are not available", retry_after=1)
        return self._find(key_id)

    async def read(self) -> None:
        """Reads the keys anew; whoever asks meanwhile waits for the same reading. A failure is logged."""
        if self._reading is None or self._reading.done():
            self._tried_at = self._clock()
            self._reading = asyncio.ensure_future(self._read())
        await asyncio.shield(self._reading)

    @property
    def _is_reading(self) -> bool:
        return self._reading is not None and not self._reading.done()

    async def keep(self) -> None:
        """Reads now, then for ever: a URL every `refresh_seconds`, a file when it was replaced."""
        path = Path(self._issuer.jwks_file)
        while True:
            await self.read()
            if self._issuer.jwks_url:
                failing = self._read_at is None or self._read_at < (self._tried_at or 0.0)
                await asyncio.sleep(min(self._issuer.refresh_seconds, RETRY_S if failing else float("inf")))
                continue
            await asyncio.sleep(LOOK_S)
            while self._read_at is not None and _state(path) == self._file_state is not None:
                self._read_at = self._clock()
                await asyncio.sleep(LOOK_S)

    def _may_ask(self) -> bool:
        wait = self._issuer.refetch_seconds if self.usable else min(RETRY_S, self._issuer.refetch_seconds)
        return self._tried_at is None or self._clock() - self._tried_at >= wait

    def _find(self, key_id: str | None) -> PublicKey | None:
        if key_id is None:
            return next(iter(self._keys.values())) if len(self._keys) == 1 else None
        return self._keys.get(key_id)

    async def _read(self) -> None:
        try:
            self._file_state = _state(Path(self._issuer.jwks_file))
            document = await read_document(self._issuer)
            keys = keys_of(document) if document != self._document else self._keys
        except FAILURES as error:
            complaint = why(error)
            if self._complaint != complaint:  # said once, not with every reading
                self._complaint = complaint
                log.error("the keys of an issuer cannot be read", issuer=self._issuer.issuer, error=complaint)
            return
        self._read_at, self._complaint = self._clock(), ""
        if document != self._document:
            self._keys, self._document = keys, document
            self.version += 1
            log.info("keys of an issuer in force", issuer=self._issuer.issuer, keys=len(keys))


async def read_keys(issuer: Issuer) -> dict[str, PublicKey]:
    """The keys of an issuer as they are now, by id. Raises one of FAILURES."""
    return keys_of(await read_document(issuer))


async def read_document(issuer: Issuer) -> bytes:
    """The issuer's JWK set as it is written. Raises one of FAILURES."""
    if issuer.jwks_url:
        return await _fetched(issuer)
    return await asyncio.to_thread(_from_file, Path(issuer.jwks_file))


async def _fetched(issuer: Issuer) -> bytes:
    """The document behind the URL: no redirects, no proxies of the environment, no cookies. Raises ValueError."""
    trust = ssl.create_default_context(cafile=issuer.ca or None)
    async with (
        asyncio.timeout(FETCH_S),
        aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=trust), cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
        ) as session,
        session.get(issuer.jwks_url, allow_redirects=False, headers={"accept": "application/json"}) as answer,
    ):
        if answer.status != 200:
            raise ValueError(f"status {answer.status}")
        document = bytearray()
        async for piece in answer.content.iter_any():  # a document comes in as many pieces as the network likes
            document += piece
            if len(document) > MOST_BYTES:
                break
        return _bounded(bytes(document))


def _from_file(path: Path) -> bytes:
    with path.open("rb") as file:
        return _bounded(file.read(MOST_BYTES + 1))


def why(error: BaseException) -> str:
    """What went wrong, in words of ours or, of foreign code, its kind."""
    return str(error) if type(error) is ValueError else type(error).__name__


def source_of(issuer: Issuer) -> tuple[object, ...]:
    """Where an issuer's keys come from and how they are kept; equal for issuers that can share them."""
    return (
        *(issuer.issuer, issuer.jwks_url, issuer.jwks_file, issuer.ca),
        *(issuer.refresh_seconds, issuer.refetch_seconds, issuer.stale_seconds),
    )


def keys_of(document: bytes) -> dict[str, PublicKey]:
    """The keys for signatures in a JWK set, by id. What is no such key is left out. Raises ValueError."""
    listed = orjson.loads(document)
    entries = listed.get("keys") if isinstance(listed, dict) else None
    if not isinstance(entries, list) or len(entries) > MOST_KEYS:
        raise ValueError("not a JWK set")
    keys: dict[str, PublicKey] = {}
    for number, entry in enumerate(entries):
        if isinstance(entry, dict) and (key := _public_key(entry)) is not None:
            keys.setdefault(entry["kid"] if isinstance(entry.get("kid"), str) else f"\0{number}", key)
    if not keys:
        raise ValueError("no usable key in the JWK set")
    return keys


def _public_key(entry: dict[str, Any]) -> PublicKey | None:
    """A key that can verify a signature, None for any other: secrets, keys for encryption, short and odd ones."""
    kind = KINDS.get(str(entry.get("kty")))
    if kind is None or entry.get("use", "sig") != "sig" or "d" in entry:
        return None
    if kind is not RSAKey and entry.get("crv") not in CURVES:
        return None
    try:
        key = kind.import_key({name: value for name, value in entry.items() if name != "key_ops"})
        public = key.public_key
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return None if kind is RSAKey and public.key_size < SHORTEST_RSA_BITS else key  # type: ignore[union-attr]


def _bounded(document: bytes) -> bytes:
    if len(document) > MOST_BYTES:
        raise ValueError("larger than a set of keys may be")
    return document


def _state(path: Path) -> tuple[int, int, int] | None:
    """What changes when a file is replaced."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino, status.st_size
