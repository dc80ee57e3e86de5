"""Who may call: principals by the hash of their key or by their certificate, with their application and limits."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from gateway.admission.limits import Limit
from gateway.flow import Principal
from gateway.identity.issued_keys import Issued
from gateway.settings import Application, Certificate, Limits, Settings
from gateway.settings import Principal as Configured


@dataclass(frozen=True, slots=True)
class Entry:
    """A principal with its application and the limits that hold for it, until a moment in Unix time."""

    principal: Principal
    application: Application
    limits: tuple[Limit, Limit]
    until: float = math.inf


class Directory:
    """Principals of the configuration and of the issued keys; what was revoked is in neither.

    A key is looked up by its SHA-256, so no comparison's timing tells anything.
    """

    def __init__(self, settings: Settings, issued: Issued = Issued()) -> None:
        self._applications = {application.name: application for application in settings.applications}
        self._bounds = settings.limits
        entries: dict[bytes, Entry] = {}
        for item in (*settings.principals, *issued.keys):
            application = self._applications.get(item.application)
            until = issued.ends.get(item.key_sha256[:16], math.inf)
            if application is not None and until > time.time():
                entry = _entry(item, application, item.key_sha256[:16], self._bounds)
                entries[bytes.fromhex(item.key_sha256)] = replace(entry, until=until)
        self._entries: Mapping[bytes, Entry] = entries
        self._certificates: Mapping[str, Entry] = {
            item.subject: _entry(item, self._applications[item.application], _named(item.subject), self._bounds)
            for item in settings.certificates
        }

    def find(self, key: bytes) -> Entry | None:
        """The principal behind a presented key, or None."""
        entry = self._entries.get(hashlib.sha256(key).digest())
        return None if entry is None or (entry.until != math.inf and entry.until <= time.time()) else entry

    def certified(self, names: Iterable[str]) -> Entry | None:
        """The principal that a verified client certificate stands for: the first of its names that is configured."""
        return next((entry for name in names if (entry := self._certificates.get(name)) is not None), None)


def limits_of(principal: Principal, bounds: Limits) -> tuple[Limit, Limit]:
    """What holds for one principal, and for its tenant."""
    return (
        Limit(f"principal:{principal.key_id}", bounds.calls_per_minute, bounds.concurrent),
        Limit(f"tenant:{principal.tenant}", bounds.tenant_calls_per_minute, bounds.tenant_concurrent),
    )


def _entry(item: Configured | Certificate, application: Application, key_id: str, bounds: Limits) -> Entry:
    principal = Principal(
        tenant=application.tenant,
        application=application.name,
        audience=application.audience,
        user=item.user,
        purpose=application.purpose,
        country=item.country,
        region=item.region,
        key_id=key_id,
    )
    return Entry(principal, application, limits_of(principal, bounds))


def _named(subject: str) -> str:
    return hashlib.sha256(subject.encode()).hexdigest()[:16]


def presented_key(headers: Mapping[bytes, bytes]) -> bytes:
    """The key where a family's SDK puts it: `x-api-key`, `x-goog-api-key`, else `Authorization: Bearer`."""
    if key := headers.get(b"x-api-key") or headers.get(b"x-goog-api-key"):
        return key
    scheme, _, key = headers.get(b"authorization", b"").partition(b" ")
    return key.strip() if scheme.lower() == b"bearer" else b""
