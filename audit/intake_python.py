"""What `native/intake.c` does, in Python: its oracle in the tests, and what runs where it was not built."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING

from audit.merkle import leaf_hash
from audit.wire import APPEND, MAX_FRAME

if TYPE_CHECKING:
    from audit.intake import Usual
    from audit.projection import Row

_FRAME = struct.Struct(">IBQIIII")
_LENGTHS = struct.Struct(">IIII")
_HEAD = re.compile(rb'\["(intent|outcome)","([ !#-\[\]-~]+)",\[\],(0|[1-9][0-9]{0,15}),(.*),\[\],"",null\]', re.DOTALL)
_LATEST_US = 1 << 53


def take(
    buffer: bytes, at: int, rows: dict[bytes, Row], read: Callable[[bytes], Row | None]
) -> tuple[list[Usual], int]:
    """See `intake`."""
    if not 0 <= at <= len(buffer):
        raise ValueError("a place within the buffer expected")
    taken: list[Usual] = []
    while len(buffer) - at >= _FRAME.size:
        length, type_, n, head, entry, disclosed, sealed = _FRAME.unpack_from(buffer, at)
        end, pieces = at + 4 + length, at + _FRAME.size + head
        if length > MAX_FRAME or end > len(buffer) or type_ != APPEND or pieces + entry + disclosed + sealed > end:
            break
        found = _HEAD.fullmatch(buffer, at + _FRAME.size, pieces)
        if found is None or int(found[3]) >= _LATEST_US:
            break
        if b'"k":"%b","n":%d,"t":' % (found[1], n) not in buffer[pieces : pieces + entry]:
            break
        row = rows.get(found[4]) or read(found[4])
        if row is None:
            break
        lengths = _LENGTHS.pack(entry, disclosed, sealed, end - pieces - entry - disclosed - sealed)
        leaf = lengths + buffer[pieces:end]
        taken.append((n, found[1] == b"outcome", found[2].decode(), int(found[3]), row, leaf))
        at = end
    return taken, at


def join(leaves: list[bytes]) -> bytes:
    """See `intake`."""
    if any(len(leaf) < _LENGTHS.size for leaf in leaves):
        raise ValueError("leaves with their lengths before them expected")
    return b"".join([leaf[: _LENGTHS.size] for leaf in leaves] + [leaf[_LENGTHS.size :] for leaf in leaves])


def entry_hashes(count: int, data: bytes) -> bytes:
    """See `intake`."""
    at = _LENGTHS.size * count
    lengths = struct.unpack_from(f">{4 * count}I", data) if 0 <= at <= len(data) else ()
    if len(lengths) != 4 * count or at + sum(lengths) != len(data):
        raise ValueError("a row of so many leaves expected")
    hashes = []
    for i in range(0, len(lengths), 4):
        hashes.append(leaf_hash(data[at : at + lengths[i]]))
        at += sum(lengths[i : i + 4])
    return b"".join(hashes)
