"""Who may call: principals by the hash of their key, with their application and limits."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.flow import Principal
from gateway.limits import Limit
from gateway.settings import Application, Settings


@dataclass(frozen=True, slots=True)
class Entry:
    """A principal with its application and the limits that hold for it."""

    principal: Principal
    application: Application
    limits: tuple[Limit, Limit]


class Directory:
    """Principals of the configuration. A key is looked up by its SHA-256, so no comparison's timing tells anything."""

    def __init__(self, settings: Settings) -> None:
        applications = {application.name: application for application in settings.applications}
        bounds = settings.limits
        self._entries: Mapping[str, Entry] = {
            item.key_sha256: Entry(
                Principal(
                    tenant=(application := applications[item.application]).tenant,
                    application=application.name,
                    audience=application.audience,
                    user=item.user,
                    purpose=application.purpose,
                    country=item.country,
                    region=item.region,
                    key_id=item.key_sha256[:16],
                ),
                application,
                (
                    Limit(f"principal:{item.key_sha256[:16]}", bounds.calls_per_minute, bounds.concurrent),
                    Limit(f"tenant:{application.tenant}", bounds.tenant_calls_per_minute, bounds.tenant_concurrent),
                ),
            )
            for item in settings.principals
        }

    def find(self, key: bytes) -> Entry | None:
        """The principal behind a presented key, or None."""
        return self._entries.get(hashlib.sha256(key).hexdigest())

    def limit_names(self) -> list[str]:
        """Every name that is limited, for the limit table."""
        return [limit.name for entry in self._entries.values() for limit in entry.limits]


def presented_key(headers: Mapping[bytes, bytes]) -> bytes:
    """The key where a family's SDK puts it: `x-api-key`, `x-goog-api-key`, else `Authorization: Bearer`."""
    if key := headers.get(b"x-api-key") or headers.get(b"x-goog-api-key"):
        return key
    scheme, _, key = headers.get(b"authorization", b"").partition(b" ")
    return key.strip() if scheme.lower() == b"bearer" else b""
