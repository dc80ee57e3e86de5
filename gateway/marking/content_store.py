"""Marked files that wait to be fetched, behind links that are signed, short-lived and tell nothing.

Where a provider answers with a link, the caller gets one of ours instead. The file lies sealed (AES-256-GCM) in a folder
of the store until its time is over. A link holds its file's name, its end and a keyed hash over both and the tenant;
whatever is wrong with one, the answer is the same. Bounded: so many bytes, and at most half of them one tenant's.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hmac
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.errors import Unavailable

FOLDER = "content"
PATH = "/v1/content/"
_ID, _ENDS, _MAC, _NONCE = 16, 5, 16, 12
_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Content:
    """A file that was asked for by its link."""

    media_type: str
    tenant: str
    data: bytes = field(repr=False)
    about: Mapping[str, Any] = field(default_factory=dict, compare=False)  # what was kept with it


class ContentStore:
    """Safe to use from several threads and processes. `key(purpose, context)` gives 32 bytes."""

    def __init__(
        self,
        folder: Path,
        key: Callable[[str, str], bytes],
        most_bytes: int,
        seconds: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._folder = folder
        self._key = key
        self._most = most_bytes
        self._seconds = seconds
        self._clock = clock

    def put(
        self, tenant: str, media_type: str, data: bytes, *, name: bytes = b"", about: Mapping[str, Any] | None = None
    ) -> str:
        """Keeps a file; the token of its link. Raises Unavailable when there is no room for it.

        `name`: 16 bytes by which it can be had again without its link; then it takes the place of one of this name.
        """
        self._folder.mkdir(mode=0o700, exist_ok=True)
        if name:
            self.drop(tenant, name)
        name, ends = name or os.urandom(_ID), int(self._clock()) + self._seconds
        bound = name + ends.to_bytes(_ENDS, "big")
        head = orjson.dumps([tenant, media_type, about or {}])
        nonce = os.urandom(_NONCE)
        plain = len(head).to_bytes(2, "big") + head + data
        sealed = nonce + AESGCM(self._key("content", "")).encrypt(nonce, plain, bound)
        owner = self._owner(tenant)
        self._make_room(owner, len(sealed))
        path = self._folder / f"{owner}-{name.hex()}-{ends}"
        draft = path.with_suffix(".new")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(sealed)
            draft.replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)
            raise Unavailable("a marked output could not be kept, so it was not delivered", retry_after=60) from None
        return _written(bound + self._mac(tenant, bound))

    def get(self, token: str) -> Content | None:
        """The file behind a link; None for any other link: forged, over, or of a file that is gone."""
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except (binascii.Error, ValueError):
            return None
        if len(raw) != _ID + _ENDS + _MAC or _written(raw) != token:
            return (
                None  # a decoder passes over foreign characters, and over the last four bits: no other way to write one
            )
        bound, mac = raw[: _ID + _ENDS], raw[_ID + _ENDS :]
        ends = int.from_bytes(bound[_ID:], "big")
        if ends < self._clock():
            return None
        content = self._read(f"-{bound[:_ID].hex()}-{ends}", bound)
        if content is None or not hmac.compare_digest(self._mac(content.tenant, bound), mac):
            return None
        return content

    def kept(self, tenant: str, name: bytes) -> Content | None:
        """A file of this tenant by its name; None where there is none, or its time is over."""
        for path in self._named(tenant, name):
            ends = int(path.name.rpartition("-")[2])
            if ends >= self._clock():
                content = self._read(f"-{name.hex()}-{ends}", name + ends.to_bytes(_ENDS, "big"))
                if content is not None and content.tenant == tenant:
                    return content
        return None

    def drop(self, tenant: str, name: bytes) -> None:
        """Forgets a file of this tenant by its name."""
        for path in self._named(tenant, name):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    def _named(self, tenant: str, name: bytes) -> list[Path]:
        found = self._folder.glob(f"{self._owner(tenant)}-{name.hex()}-*") if self._folder.exists() else ()
        return sorted(path for path in found if path.name.rpartition("-")[2].isdigit())

    def _read(self, ending: str, bound: bytes) -> Content | None:
        try:
            path = next((path for path in self._folder.iterdir() if path.name.endswith(ending)), None)
            sealed = path.read_bytes() if path is not None else b""
            plain = AESGCM(self._key("content", "")).decrypt(sealed[:_NONCE], sealed[_NONCE:], bound)
        except (OSError, InvalidTag, ValueError):
            return None
        length = int.from_bytes(plain[:2], "big")
        tenant, media_type, *about = orjson.loads(plain[2 : 2 + length])
        return Content(media_type, tenant, plain[2 + length :], about[0] if about else {})

    def _make_room(self, owner: str, size: int) -> None:
        """Forgets what is over. Raises Unavailable where what is left leaves no room."""
        total, own, now = size, size, self._clock()
        for entry in os.scandir(self._folder):
            ends = entry.name.rpartition("-")[2]
            with contextlib.suppress(OSError):
                if (ends.isdigit() and int(ends) < now) or (
                    not ends.isdigit() and entry.stat().st_mtime < now - self._seconds
                ):
                    (self._folder / entry.name).unlink(missing_ok=True)
                    continue
                weight = entry.stat().st_size
                total += weight
                own += weight if entry.name.startswith(owner) else 0
        if total > self._most or own > self._most * _SHARE:
            raise Unavailable("too many marked outputs wait to be fetched; this one was not delivered", retry_after=60)

    def _owner(self, tenant: str) -> str:
        return hmac.digest(self._key("content-owner", tenant), b"", "sha256")[:4].hex()

    def _mac(self, tenant: str, bound: bytes) -> bytes:
        return hmac.digest(self._key("content-link", tenant), bound, "sha256")[:_MAC]


def _written(raw: bytes) -> str:
    """The one way in which a link's bytes are written."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
