"""What was inspected before need not be inspected again: chats resend their history with every turn.

Memory only. Keys are keyed hashes of tenant, engine version and content: a tenant cannot learn from timing what another
tenant sent, and a memory dump of keys tells nobody what was asked.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import Any

from gateway.keyed_hash import KeyedHash

_PREFIXES = 1024
_OVERHEAD = 512
"""Bytes an entry costs beside what is told of its value: key, dictionary slots, the value's own objects."""


class VerdictCache:
    """Least recently used entries leave when the bytes are used up. Belongs to one event loop."""

    def __init__(self, key: bytes, max_bytes: int) -> None:
        self._key = hashlib.blake2b(key, digest_size=32).digest()  # any length of key
        self._max = max_bytes
        self._bytes = 0
        self._entries: OrderedDict[bytes, tuple[Any, int]] = OrderedDict()
        self._prefixes: dict[tuple[str, str], KeyedHash] = {}
        self.hits = 0
        self.misses = 0

    def get(self, tenant: str, version: str, content: bytes) -> Any | None:
        """The verdict put for exactly this tenant, version and content, or None."""
        name = self._name(tenant, version, content)
        entry = self._entries.get(name)
        if entry is None:
            self.misses += 1
            return None
        self.hits += 1
        self._entries.move_to_end(name)
        return entry[0]

    def put(self, tenant: str, version: str, content: bytes, verdict: Any, size: int = 0) -> None:
        """Keep a verdict (not None); `size` is about how many bytes it takes beside the fixed overhead."""
        cost = size + _OVERHEAD
        if cost > self._max:
            return
        name = self._name(tenant, version, content)
        before = self._entries.pop(name, None)
        if before is not None:
            self._bytes -= before[1]
        self._entries[name] = (verdict, cost)
        self._bytes += cost
        while self._bytes > self._max:
            _, (_, freed) = self._entries.popitem(last=False)
            self._bytes -= freed

    def _name(self, tenant: str, version: str, content: bytes) -> bytes:
        prefix = self._prefixes.get((tenant, version))
        if prefix is None:
            prefix = self._prefix(tenant, version)
        return prefix.digest(content)

    def _prefix(self, tenant: str, version: str) -> KeyedHash:
        """The hash begun with tenant and version; their lengths first, so that no two triples give the same bytes."""
        if len(self._prefixes) >= _PREFIXES:
            self._prefixes.clear()
        first = f"{len(tenant)}\0{len(version)}\0{tenant}{version}\0".encode()
        prefix = self._prefixes[tenant, version] = KeyedHash(self._key, 24, first)
        return prefix

    @property
    def used_bytes(self) -> int:
        """About how much memory the entries hold."""
        return self._bytes
