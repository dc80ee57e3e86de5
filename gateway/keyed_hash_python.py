"""The oracle of `native/keyed.c`, and what runs where it was not built: see keyed_hash.py."""

from __future__ import annotations

from hashlib import blake2b


class RunningHash:
    """The hash of a message that comes in pieces."""

    __slots__ = ("_hash",)

    def __init__(self, begun: blake2b) -> None:
        self._hash = begun

    def update(self, piece: bytes, /) -> None:
        """The message goes on."""
        self._hash.update(piece)

    def copy(self) -> RunningHash:
        """Another one that has come as far."""
        return RunningHash(self._hash.copy())

    def hex(self) -> str:
        """The hash of all that came, in hexadecimal digits."""
        return self._hash.hexdigest()


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

    def running(self) -> RunningHash:
        """The hash of a message that comes in pieces."""
        return RunningHash(self._begun.copy())
