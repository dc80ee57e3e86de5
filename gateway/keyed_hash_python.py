"""The oracle of `native/keyed.c`, and what runs where it was not built: see keyed_hash.py."""

from __future__ import annotations

from hashlib import blake2b


class KeyedHash:
    """Hashes of `size` bytes under one key, of messages that all begin with `first`."""

    __slots__ = ("_begun",)

    def __init__(self, key: bytes, size: int, first: bytes = b"", /) -> None:
        if not 1 <= len(key) <= 64:
            raise ValueError("a key and a digest of 1 to 64 bytes expected")
        self._begun = blake2b(first, key=key, digest_size=size)

    def digest(self, *pieces: bytes) -> bytes:
        """The hash of the pieces joined."""
        hashed = self._begun.copy()
        for piece in pieces:
            hashed.update(piece)
        return hashed.digest()

    def hex(self, *pieces: bytes) -> str:
        """The same in hexadecimal digits."""
        return self.digest(*pieces).hex()
