"""Keyed BLAKE2b (RFC 7693) of many messages under one key, without an object for each hash.

`KeyedHash(key, size, first=b"")`: hashes of `size` bytes (1 to 64) under a key of 1 to 64 bytes, of messages that all begin
with `first`. `digest(*pieces)` is the hash of the pieces joined, `hex(*pieces)` the same in hexadecimal digits, `running()`
the hash of a message that comes in pieces: `update(piece)`, `copy()`, and `hex()`, after which it may go on.

The C extension `native/keyed.c` does it; where it was not built, `keyed_hash_python` does the same.
"""

from __future__ import annotations

try:
    from gateway._keyed import KeyedHash, RunningHash
except ImportError:  # no compiler was there when this was installed
    from gateway.keyed_hash_python import KeyedHash, RunningHash  # type: ignore[assignment]

__all__ = ["KeyedHash", "RunningHash"]
