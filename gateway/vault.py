"""The vault: what placeholders stand for in responses that a provider keeps, so that a later call may continue them.

Only calls whose provider keeps state need it (`previous_response_id`): all others carry their conversation themselves.
One SQLite file in `run_dir`, shared by the data workers. A row is found by a keyed hash of tenant, principal and
response id, and sealed with AES-256-GCM under a key of its tenant: another principal's response reads exactly like one
that was never given. Bounded: so many responses a principal, so many days, so many bytes of values each.
"""

from __future__ import annotations

import hmac
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.redaction.placeholder import Restorable

FILE = "vault.db"
DAYS = 30
"""How long a response can be continued; OpenAI keeps one as long."""
MOST = 2_000
"""Responses kept for one principal; the oldest go first."""
MOST_BYTES = 262_144
"""Bytes of the values of one response; the oldest of a conversation go first."""
_BUSY_SECONDS = 2.0
_NONCE = 12
_SCHEMA = """
CREATE TABLE IF NOT EXISTS vault (name BLOB PRIMARY KEY, owner BLOB NOT NULL, kept_at INTEGER NOT NULL, sealed BLOB NOT NULL)
    WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS vault_owner ON vault (owner, kept_at);
CREATE INDEX IF NOT EXISTS vault_age ON vault (kept_at);
"""


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier response: who keeps it, which call gave it, and what the placeholders in it stand for."""

    provider: str
    flow: str
    placeholders: Mapping[str, Restorable] = field(repr=False)
    model: str = ""  # "" in what earlier versions of this gateway kept


class Vault:
    """Safe to use from several threads and processes. `key(purpose, tenant)` gives 32 bytes."""

    def __init__(self, folder: Path, key: Callable[[str, str], bytes], clock: Callable[[], float] = time.time) -> None:
        """Opens the file, making it if there is none. Raises sqlite3.Error, OSError."""
        self._key = key
        self._clock = clock
        self._lock = threading.Lock()
        path = folder / FILE
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self._database = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        self._prepare()

    def _prepare(self) -> None:
        """Workers start together, and SQLite does not wait for one that turns the file into a write-ahead log."""
        ends = time.monotonic() + _BUSY_SECONDS
        while True:
            try:
                self._database.execute("PRAGMA journal_mode=WAL")
                self._database.execute(
                    "PRAGMA synchronous=OFF"
                )  # lost with the machine: then the caller sends all again
                self._database.executescript(_SCHEMA)
            except sqlite3.OperationalError:
                if time.monotonic() > ends:
                    raise
                time.sleep(0.02)
            else:
                return

    def close(self) -> None:
        with self._lock:
            self._database.close()

    def keep(self, tenant: str, principal: str, response: str, earlier: Earlier) -> None:
        """Keeps what a response's placeholders stand for. Raises sqlite3.Error."""
        name, owner = self._name(tenant, principal, response), self._name(tenant, principal, "")
        values = {text: [known.label, known.value] for text, known in _newest(earlier.placeholders).items()}
        nonce = os.urandom(_NONCE)
        sealed = nonce + self._cipher(tenant).encrypt(
            nonce, orjson.dumps([earlier.provider, earlier.flow, values, earlier.model]), name
        )
        now = int(self._clock() * 1_000_000)
        with self._lock:
            run = self._database.execute
            run("INSERT OR REPLACE INTO vault VALUES (?, ?, ?, ?)", (name, owner, now, sealed))
            run("DELETE FROM vault WHERE kept_at < ?", (now - DAYS * 86_400_000_000,))
            run(
                "DELETE FROM vault WHERE owner = ? AND kept_at <= "
                "(SELECT kept_at FROM vault WHERE owner = ? ORDER BY kept_at DESC LIMIT 1 OFFSET ?)",
                (owner, owner, MOST),
            )

    def find(self, tenant: str, principal: str, response: str) -> Earlier | None:
        """What is known of this principal's response; None for any other. Raises sqlite3.Error."""
        name = self._name(tenant, principal, response)
        oldest = int(self._clock() * 1_000_000) - DAYS * 86_400_000_000
        with self._lock:
            found = self._database.execute(
                "SELECT sealed FROM vault WHERE name = ? AND kept_at >= ?", (name, oldest)
            ).fetchone()
        if found is None:
            return None
        try:
            plain = self._cipher(tenant).decrypt(found[0][:_NONCE], found[0][_NONCE:], name)
        except InvalidTag:
            return None  # not what this gateway has written
        provider, flow, values, *model = orjson.loads(plain)
        placeholders = {text: Restorable(label, value) for text, (label, value) in values.items()}
        return Earlier(provider, flow, placeholders, *model)

    def _name(self, tenant: str, principal: str, response: str) -> bytes:
        fields = [part.encode() for part in (tenant, principal, response)]
        message = b"".join(len(part).to_bytes(4, "big") + part for part in fields)
        return hmac.digest(self._key("vault-name", tenant), message, "sha256")

    def _cipher(self, tenant: str) -> AESGCM:
        return AESGCM(self._key("vault", tenant))


def _newest(placeholders: Mapping[str, Restorable]) -> dict[str, Restorable]:
    """As many of the last placeholders as may be kept."""
    kept: dict[str, Restorable] = {}
    size = 0
    for text, known in reversed(list(placeholders.items())):
        size += len(text) + len(known.value.encode())
        if size > MOST_BYTES:
            break
        kept[text] = known
    return dict(reversed(list(kept.items())))
