"""Keyed digests of an answer over its chunks, as received from the provider and as delivered to the caller.

Most of most answers is delivered as it was received: as long as that is so, one hash is both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.keyed_hash import KeyedHash, RunningHash

AHEAD = 65_536
"""Bytes that were received and not delivered yet, of an answer of which nothing has differed so far."""


class Digests:
    """Tell in order what was `received` and what was `delivered`; `as_dict` once nothing more comes."""

    __slots__ = ("_ahead", "_both", "_delivered", "_received")

    def __init__(self, hashes: KeyedHash) -> None:
        self._both: RunningHash = hashes.running()
        self._ahead = b""
        self._received: RunningHash | None = None  # by itself, from the first byte on that was not delivered as it came
        self._delivered: RunningHash | None = None

    def received(self, chunk: bytes) -> None:
        """The provider has said this."""
        if self._received is not None:
            self._received.update(chunk)
            return
        self._ahead = self._ahead + chunk if self._ahead else chunk
        if len(self._ahead) > AHEAD:
            self._part()

    def delivered(self, piece: bytes) -> None:
        """The caller was given this."""
        if self._delivered is None and self._ahead.startswith(piece):
            self._both.update(piece)
            self._ahead = self._ahead[len(piece) :]
            return
        self._part().update(piece)

    def _part(self) -> RunningHash:
        """Two hashes from here on; the one of what is delivered."""
        if self._delivered is None:
            self._delivered, self._received = self._both, self._both.copy()
            self._received.update(self._ahead)
            self._ahead = b""
        return self._delivered

    def as_dict(self) -> dict[str, str]:
        """Both, in hexadecimal digits."""
        if self._ahead:
            self._part()  # not all of it was delivered
        delivered = (self._delivered or self._both).hex()
        return {"response": delivered if self._received is None else self._received.hex(), "delivered": delivered}
