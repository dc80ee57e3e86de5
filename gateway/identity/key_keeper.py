"""Issue, rotate, revoke: each change is a leaf of the log first, then the file of issued keys is replaced.

A leaf names the key by its id (16 hex digits of its SHA-256) and whoever changed it by theirs; keys and users are not in
it. Workers see the new file within a fraction of a second; calls that run go on.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import IO, Any

from audit.appender import Appender
from audit.errors import AuditError, LogUnavailable
from audit.keys import Keyring
from audit.record import LeafDraft, LeafKind, seal
from audit.sequencer import Log
from gateway.errors import BadRequest, NotFound, Unavailable
from gateway.identity.issued_keys import Issued, give_to_owner, new_key, pruned, read, write
from gateway.processes.writer import SOCKET
from gateway.settings import Principal, Settings

LOCK_S = 10.0
LONGEST_GRACE_S = 30 * 86_400
WRITER = "keys"


@dataclass(frozen=True, slots=True)
class CallerKey:
    """What may be told of a caller's key. Times are Unix seconds; `ends` None: it holds until it is revoked."""

    key_id: str
    tenant: str
    application: str
    user: str
    country: str
    region: str
    source: str  # configuration | issued
    created: int | None
    ends: float | None

    def as_dict(self, now: float) -> dict[str, Any]:
        """For an answer; `active`: whether it opens the gateway now."""
        told = {name: getattr(self, name) for name in self.__slots__}
        return told | {"active": self.ends is None or self.ends > now}


class KeyKeeper:
    """Changes callers' keys. `tenants` None: of all tenants; otherwise others' keys do not exist."""

    def __init__(self, settings: Settings, keyring: Keyring) -> None:
        self._settings = settings
        self._keyring = keyring
        self._path = settings.issued_keys_path
        self._tenants = {application.name: application.tenant for application in settings.applications}

    def listed(self, tenants: frozenset[str] | None = None) -> list[CallerKey]:
        """Every key, those of the configuration first. Raises ConfigurationError when the file cannot be read."""
        issued = read(self._path)
        found = [self._told(item, issued, "configuration") for item in self._settings.principals]
        found += [self._told(item, issued, "issued") for item in issued.keys]
        return [key for key in found if key is not None and (tenants is None or key.tenant in tenants)]

    async def issue(
        self,
        by: str,
        *,
        application: str,
        user: str,
        country: str,
        region: str = "",
        lasts_s: float | None = None,
        tenants: frozenset[str] | None = None,
    ) -> tuple[str, CallerKey]:
        """A new key and what may be told of it; the key itself is known only now. Raises BadRequest, Unavailable."""
        tenant = self._tenants.get(application)
        if tenant is None or (tenants is not None and tenant not in tenants):
            raise BadRequest("there is no such application", param="application")
        async with self._changing() as issued:
            now = time.time()
            value, made = new_key(now, application=application, user=user, country=country, region=region)
            await self._record("issue", made, by)
            after = issued.with_key(made, None if lasts_s is None else now + lasts_s)
            write(self._path, after)
            return value, self._known(made, after)

    async def rotate(
        self, by: str, key_id: str, *, grace_s: float, tenants: frozenset[str] | None = None
    ) -> tuple[str, CallerKey]:
        """A new key for the same principal; the old one holds for `grace_s` seconds more.

        Raises NotFound, BadRequest for a key that has ended (whoever rotates all keys must not bring a revoked one back),
        Unavailable.
        """
        async with self._changing() as issued:
            old = self._principal(key_id, issued, tenants)
            now = time.time()
            if issued.ends.get(key_id, now + 1) <= now:
                raise BadRequest("the key has ended: issue another one", param="key_id")
            value, made = new_key(
                now, application=old.application, user=old.user, country=old.country, region=old.region
            )
            await self._record("rotate", made, by, replaces=key_id)
            after = issued.with_key(made).ending(key_id, now + grace_s)
            write(self._path, after)
            return value, self._known(made, after)

    async def revoke(self, by: str, key_id: str, *, tenants: frozenset[str] | None = None) -> CallerKey:
        """The key is refused from now on, wherever it came from. Raises NotFound, Unavailable."""
        async with self._changing() as issued:
            old = self._principal(key_id, issued, tenants)
            await self._record("revoke", old, by)
            after = issued.ending(key_id, time.time())
            write(self._path, after)
            return self._known(old, after)

    # --- inside ---

    def _principal(self, key_id: str, issued: Issued, tenants: frozenset[str] | None) -> Principal:
        for item in (*self._settings.principals, *issued.keys):
            tenant = self._tenants.get(item.application)
            if item.key_sha256[:16] == key_id and tenant is not None and (tenants is None or tenant in tenants):
                return item
        raise NotFound("there is no key with this id")

    def _told(self, item: Principal, issued: Issued, source: str) -> CallerKey | None:
        tenant = self._tenants.get(item.application)
        if tenant is None:  # its application is no longer configured: it opens nothing
            return None
        return CallerKey(
            key_id=item.key_sha256[:16],
            tenant=tenant,
            application=item.application,
            user=item.user,
            country=item.country,
            region=item.region,
            source=source,
            created=getattr(item, "created", None),
            ends=issued.ends.get(item.key_sha256[:16]),
        )

    def _known(self, item: Principal, issued: Issued) -> CallerKey:
        source = "issued" if any(key.key_sha256 == item.key_sha256 for key in issued.keys) else "configuration"
        told = self._told(item, issued, source)
        if told is None:
            raise NotFound("there is no key with this id")
        return told

    def _lock(self) -> IO[str]:
        try:
            return self._path.with_suffix(".lock").open("w")
        except OSError as error:
            said = os.strerror(error.errno or 0)
            raise Unavailable(f"the file of issued keys cannot be changed in {self._path.parent}: {said}") from None

    @contextlib.asynccontextmanager
    async def _changing(self) -> AsyncIterator[Issued]:
        """What the file says, while nobody else changes it. Raises Unavailable when somebody does not let go of it."""
        with self._lock() as lock:
            give_to_owner(lock.fileno(), self._path.parent)
            ends = time.monotonic() + LOCK_S
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > ends:
                        raise Unavailable("the file of issued keys is being changed by another process") from None
                await asyncio.sleep(0.02)
            try:
                yield pruned(read(self._path))
            except OSError as error:
                raise Unavailable(
                    f"the file of issued keys cannot be written: {os.strerror(error.errno or 0)}"
                ) from None

    async def _record(self, action: str, key: Principal, by: str, **more: str) -> None:
        """The change's leaf, durable on return. Raises Unavailable: then nothing was changed."""
        said = {
            "action": action,
            "key_id": key.key_sha256[:16],
            "application": key.application,
            "tenant": self._tenants[key.application],
            "by": by,
            **more,
        }
        draft = LeafDraft(LeafKind.KEY, "", time.time_ns() // 1000, "", "", {"pub": said})
        try:
            await append_leaf(self._settings, self._keyring, draft)
        except AuditError as error:
            raise Unavailable("the change of the key could not be recorded, so nothing was changed") from error


async def append_leaf(settings: Settings, keyring: Keyring, draft: LeafDraft) -> None:
    """Appends one leaf through the running log writer, or to the store itself when none runs. Raises AuditError."""
    writer = f"{WRITER}-{os.getpid()}"
    try:
        appender = await Appender.connect(settings.run_path / SOCKET, keyring, writer)
    except LogUnavailable:
        await asyncio.to_thread(_append_alone, settings, keyring, writer, draft)
        return
    try:
        await appender.append(draft)
    finally:
        await appender.close()


def _append_alone(settings: Settings, keyring: Keyring, writer: str, draft: LeafDraft) -> None:
    """Raises StoreUnusable when another process has the store."""
    log = Log.open(settings.store_path, keyring, settings.log_origin)
    try:
        stream = (writer, log.open_stream(writer))
        leaf = seal(draft, keyring, *stream, 0)
        for key in leaf.user_keys:
            log.add_user_key((key.id, key.tenant, key.user, key.wrapped))
        log.append(stream, 0, leaf)
        log.commit()
    except BaseException:
        log.abandon()
        raise
    log.close()
