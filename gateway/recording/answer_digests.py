"""Keyed digests of an answer over its chunks."""

from __future__ import annotations

import hashlib
from typing import Any


class Digests:
    """Of the answer as received from the provider and as delivered to the caller."""

    __slots__ = ("_delivered", "_key", "received")

    def __init__(self, key: bytes) -> None:
        self._key = key
        self.received = hashlib.blake2b(key=key, digest_size=32)
        self._delivered: Any = None

    @property
    def delivered(self) -> Any:
        """Made when something is delivered that has to be looked at by itself: of most whole answers nothing has."""
        if self._delivered is None:
            self._delivered = hashlib.blake2b(key=self._key, digest_size=32)
        return self._delivered

    def delivered_as_received(self) -> None:
        """The answer went on byte for byte, nothing of it had been delivered before, and nothing more will be."""
        self._delivered = self.received

    def as_dict(self) -> dict[str, str]:
        received = self.received.hexdigest()
        return {
            "response": received,
            "delivered": received if self.delivered is self.received else self.delivered.hexdigest(),
        }
