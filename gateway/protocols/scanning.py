"""One pass over a JSON object's bytes: what two readers could understand differently, and where its members stand.

`check(body, depth, most)` gives flags; it stops early at TOO_DEEP and TOO_MANY. `members(body)` gives for each member of
the object (key, key_end, start, end, items): byte ranges of the key with its quotes and of the value, and for an array
the ranges of its items. Both take a text that a JSON parser has accepted; they raise ValueError for others.
`nodes(body, most)` counts objects, arrays and members (`most` + 1 for more), of any bytes: what parsing them would make.

The C extension `native/scan.c` does both at about 10 GB/s; where it was not built, `scanning_python` does.
"""

from __future__ import annotations

from collections.abc import Callable

DUPLICATE, ESCAPED_KEY, LONG_NUMBER, NUL, TOO_DEEP, TOO_MANY = 1, 2, 4, 8, 16, 32

Member = tuple[int, int, int, int, list[tuple[int, int]] | None]

check: Callable[[bytes, int, int], int]
members: Callable[[bytes], list[Member]]
nodes: Callable[[bytes, int], int]

try:
    from gateway.protocols._scan import check, members, nodes
except ImportError:  # no compiler was there when this was installed
    from gateway.protocols.scanning_python import check, members, nodes

__all__ = [
    "DUPLICATE",
    "ESCAPED_KEY",
    "LONG_NUMBER",
    "NUL",
    "TOO_DEEP",
    "TOO_MANY",
    "Member",
    "check",
    "members",
    "nodes",
]
