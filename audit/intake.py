"""What arrives at the log writer in the usual form, many leaves at once: cut out of the frames, packed, hashed.

`take(buffer, at, rows, read)`: the appends that stand from `at` on in `buffer` (frames of `audit.wire`), up to the first
frame that is not whole or not of the usual form (an intent or outcome without flows to settle, new keys, or a
reservation that ends), and where that one stands. The row of each is the one that `rows` has for its JSON, else what
`read` makes of it; None from there ends the run. `join(leaves)`: a row's data, as `audit.store.batch` says. `entry_hashes(count,
data)`: the RFC 6962 hashes of the leaves in such a row, 32 bytes each.

The C extension `native/intake.c` does it; where it was not built, `intake_python` does the same.
"""

from __future__ import annotations

from collections.abc import Callable

from audit.projection import Row

Usual = tuple[int, bool, str, int, Row, bytes]
"""n, whether it is an outcome, flow, time_us, row, leaf: the lengths of its pieces, then these."""

take: Callable[[bytes, int, dict[bytes, Row], Callable[[bytes], Row | None]], tuple[list[Usual], int]]
join: Callable[[list[bytes]], bytes]
entry_hashes: Callable[[int, bytes], bytes]

try:
    from audit._intake import entry_hashes, join, take
except ImportError:  # no compiler was there when this was installed
    from audit.intake_python import entry_hashes, join, take

__all__ = ["Usual", "entry_hashes", "join", "take"]
