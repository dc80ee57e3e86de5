"""Keyed digests of an answer over its chunks."""

from __future__ import annotations

import hashlib


class Digests:
    """Of the answer as received from the provider and as delivered to the caller."""

    __slots__ = ("delivered", "received")

    def __init__(self, key: bytes) -> None:
        self.received = hashlib.blake2b(key=key, digest_size=32)
        self.delivered = hashlib.blake2b(key=key, digest_size=32)

    def delivered_as_received(self) -> None:
        """The answer went on byte for byte, and nothing of it had been delivered before."""
        self.delivered = self.received.copy()

    def as_dict(self) -> dict[str, str]:
        return {"response": self.received.hexdigest(), "delivered": self.delivered.hexdigest()}
