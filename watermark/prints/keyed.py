"""Prints under a tenant's key: which bit stands where, and which bits are turned over, only the key tells.

The same permutation and mask for all prints of one key, so two of them differ in as many bits as before and near ones are
still found; prints under different keys have nothing in common. This hides prints from those who know neither the key nor
what was printed. It is no encryption: who knows some twenty prints before and after (one picture of one's own, and the
file in which its prints are kept) can work out the permutation and read the others of that tenant.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import shake_256

PRINT = 32
"""Bytes of a print."""
_BITS = 8 * PRINT


def keyed(prints: Sequence[bytes], key: bytes) -> tuple[bytes, ...]:
    """Prints of 32 bytes, in their order, under a key; distances between them are kept."""
    import numpy as np  # data workers, which have most outputs' prints made elsewhere, hardly come here

    dice = shake_256(b"lexgate prints" + key).digest(8 * _BITS + PRINT)
    order = np.argsort(np.frombuffer(dice, "<u8", _BITS), kind="stable")
    mask = np.frombuffer(dice, np.uint8, PRINT, 8 * _BITS)
    table = np.frombuffer(b"".join(prints), np.uint8).reshape(-1, PRINT)
    moved = np.packbits(np.unpackbits(table, axis=1)[:, order], axis=1) ^ mask
    return tuple(row.tobytes() for row in moved)
