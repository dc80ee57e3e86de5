"""Keys of callers that were issued by command or API: a file beside the store, replaced whole, read by every worker.

The file holds SHA-256 only, never a key. It also says from when on a key is refused, whether it was issued here or
stands in the configuration. Whoever changes it holds its lock; a reader sees the old file or the new one.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.errors import BadRequest, ConfigurationError
from gateway.settings import Principal

PREFIX = "lxk"
MOST_KEYS = 20_000
LONGEST_BYTES = 64 * 1024 * 1024


class IssuedKey(Principal):
    """One issued key. `created` is Unix time in seconds."""

    created: int


class _Document(BaseModel):
    """The file."""

    model_config = ConfigDict(extra="forbid")
    version: Literal[1] = 1
    keys: tuple[IssuedKey, ...] = Field((), max_length=MOST_KEYS)
    ends: dict[str, float] = Field({}, description="from when on a key is refused, by key id")


@dataclass(frozen=True, slots=True)
class Issued:
    """What the file says: issued keys, and by key id from when on (Unix time) a key is refused."""

    keys: tuple[IssuedKey, ...] = ()
    ends: Mapping[str, float] = field(default_factory=dict)

    def with_key(self, key: IssuedKey, ends: float | None = None) -> Issued:
        issued = Issued((*self.keys, key), self.ends)
        return issued if ends is None else issued.ending(key.key_sha256[:16], ends)

    def ending(self, key_id: str, ends: float) -> Issued:
        """The key is refused from then on; an end that is known already is never put off."""
        return Issued(self.keys, {**self.ends, key_id: min(ends, self.ends.get(key_id, ends))})


def new_key(now: float, *, application: str, user: str, country: str, region: str = "") -> tuple[str, IssuedKey]:
    """A new key of 256 random bits, and what is kept of it. Raises BadRequest for a principal that cannot be one."""
    value = f"{PREFIX}_{secrets.token_urlsafe(32)}"
    digest = sha256(value.encode()).hexdigest()
    try:
        return value, IssuedKey(
            key_sha256=digest, application=application, user=user, country=country, region=region, created=int(now)
        )
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        raise BadRequest(f"{first['loc'][0]}: {first['msg'].removeprefix('Value error, ')}") from None


def read(path: Path) -> Issued:
    """What the file says; nothing when there is none. Raises ConfigurationError when it cannot be read as such."""
    try:
        if path.stat().st_size > LONGEST_BYTES:
            raise ConfigurationError(f"{path}: larger than a file of issued keys may be")
        document = _Document.model_validate(orjson.loads(path.read_bytes()))
    except FileNotFoundError:
        return Issued()
    except (OSError, ValueError, ValidationError) as error:
        raise ConfigurationError(f"{path}: not a file of issued keys ({type(error).__name__})") from None
    return Issued(document.keys, MappingProxyType(document.ends))


def write(path: Path, issued: Issued) -> None:
    """Replaces the file in one step, durably (mode 0600). Raises OSError."""
    document: dict[str, Any] = {
        "version": 1,
        "keys": [key.model_dump(mode="json") for key in issued.keys],
        "ends": dict(issued.ends),
    }
    draft = path.with_suffix(f".{os.getpid()}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            give_to_owner(descriptor, path.parent)
            file.write(orjson.dumps(document, option=orjson.OPT_INDENT_2))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def give_to_owner(descriptor: int, folder: Path) -> None:
    """A file that root makes belongs to the owner of its folder: the gateway, which runs as somebody else, reads it."""
    if os.geteuid() == 0:
        owner = folder.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


class IssuedKeysFile:
    """The file as a worker watches it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self.last = Issued()

    def has_changed(self) -> bool:
        """Whether the file is another one than was read last. One that has gone is no change: its revocations hold."""
        now = _signature(self._path)
        return now is not None and now != self._seen

    def read(self) -> Issued:
        """What the file says now; of one that has gone, what it said last. Raises ConfigurationError."""
        now = _signature(self._path)
        if now is not None or self._seen is None:
            self._seen = now
            self.last = read(self._path)
        return self.last


def _signature(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino, status.st_size


def pruned(issued: Issued, now: float | None = None, keep_s: float = 90 * 86_400.0) -> Issued:
    """Without issued keys that ended long ago. Ends of other keys stay: they keep configured ones out."""
    moment = time.time() if now is None else now
    gone = {
        key.key_sha256[:16] for key in issued.keys if issued.ends.get(key.key_sha256[:16], moment) < moment - keep_s
    }
    if not gone:
        return issued
    keys = tuple(key for key in issued.keys if key.key_sha256[:16] not in gone)
    return Issued(keys, {key_id: end for key_id, end in issued.ends.items() if key_id not in gone})
