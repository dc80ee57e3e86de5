"""Content codings of answers (RFC 9110 §8.4.1): gzip and deflate, undone piece by piece with a bound on expansion.

The gateway asks for `identity`; a provider that compresses nonetheless is understood, because everything that inspects an
answer needs its text. Other codings are refused.
"""

from __future__ import annotations

import zlib

from gateway.errors import UpstreamFailed

STEP_BYTES = 65_536
"""Most bytes made at once: what an expanding body may occupy before somebody has consumed it."""
FREE_BYTES = 4 << 20
EXPANSION = 250
"""Beyond FREE_BYTES of text, a body may be at most this many times larger than what was sent for it."""

_GZIP, _ZLIB, _RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS


def decompressor(coding: str) -> Decompressor | None:
    """What undoes `coding`; None when there is nothing to undo. Raises UpstreamFailed for a coding we do not know."""
    coding = coding.strip().lower()
    if coding in ("", "identity"):
        return None
    if coding in ("gzip", "x-gzip"):
        return Decompressor(several=True)
    if coding == "deflate":
        return Decompressor(several=False)
    raise UpstreamFailed("the provider's answer has a content coding that was not asked for")


class Decompressor:
    """One body. Give it bytes with `feed`, then `read` until it returns none, `finish` at the end."""

    __slots__ = ("_made", "_rest", "_several", "_taken", "_zlib")

    def __init__(self, *, several: bool) -> None:
        self._several = several  # gzip: a body may be several members, one after the other (RFC 1952 §2.2)
        self._zlib: zlib._Decompress | None = None
        self._rest = b""
        self._taken = self._made = 0

    def feed(self, data: bytes) -> None:
        self._taken += len(data)
        self._rest += data

    def read(self) -> bytes:
        """At most STEP_BYTES; empty when more has to be fed first. Raises UpstreamFailed."""
        while True:
            fed = self._rest
            if self._zlib is None or self._zlib.eof:
                if not fed:
                    return b""
                self._zlib = self._next()
            try:
                out = self._zlib.decompress(fed, STEP_BYTES)  # also of nothing: a full step may have held output back
            except zlib.error:
                raise UpstreamFailed("the provider's answer is not compressed as it says") from None
            self._rest = self._zlib.unused_data if self._zlib.eof else self._zlib.unconsumed_tail
            if out:
                self._count(len(out))
                return out
            if not self._zlib.eof:  # all that was fed has been looked at, and more is needed
                return b""

    def _count(self, made: int) -> None:
        self._made += made
        if self._made > FREE_BYTES and self._made > EXPANSION * self._taken:
            raise UpstreamFailed("the provider's answer expands beyond what is allowed")

    def _next(self) -> zlib._Decompress:
        if self._several:
            return zlib.decompressobj(_GZIP)
        if self._zlib is not None:
            raise UpstreamFailed("the provider's answer is not compressed as it says")
        # RFC 9110 means zlib by "deflate"; some servers send bare deflate, told apart by the method nibble.
        return zlib.decompressobj(_ZLIB if self._rest[0] & 0x0F == 8 else _RAW)

    def finish(self) -> None:
        """The body has ended. Raises UpstreamFailed when the compressed data has not."""
        if self._zlib is not None and not self._zlib.eof:
            raise UpstreamFailed("the provider's compressed answer ended early")
