"""Leaves as the store keeps them: one row for those that became durable together, `batch(first, leaves, data)`.

    data   for each leaf the lengths of entry, disclosed, sealed and content (4 bytes each, big-endian) ‖ these, leaf by leaf

A row costs its place in the tree of pages, its binding and its step; a leaf beside others costs its bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

from audit.errors import StoreUnusable
from audit.intake import join
from audit.store.sqlite import Connection

Leaf = tuple[int, bytes, bytes, bytes, bytes]
"""index, entry, disclosed, sealed, content."""
INSERT = "insert into batch values (?, ?, ?)"
_PIECES = 4
_LENGTHS = 4 * _PIECES
_PIECE_LENGTHS = struct.Struct(">IIII")
_ROWS = 16  # of some 64 KB, read at a time: the tables beside them may change meanwhile


def pack(leaves: Sequence[Leaf]) -> bytes:
    """The `data` of leaves that follow one another."""
    return join([one(*leaf[1:]) for leaf in leaves])


def one(entry: bytes, disclosed: bytes, sealed: bytes, content: bytes) -> bytes:
    """One leaf, for `join`: the lengths of its pieces, then these."""
    lengths = _PIECE_LENGTHS.pack(len(entry), len(disclosed), len(sealed), len(content))
    return b"".join((lengths, entry, disclosed, sealed, content))


def pieces_of(leaf: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """The inverse of `one`."""
    return unpack(0, 1, leaf)[0][1:]


def unpack(first: int, count: int, data: bytes) -> list[Leaf]:
    """The inverse of `pack`; StoreUnusable when `data` is not that of `count` leaves."""
    lengths = _lengths(first, count, data)
    at, pieces = _LENGTHS * count, []
    for length in lengths:
        pieces.append(data[at : at + length])
        at += length
    quads = zip(*(pieces[i::_PIECES] for i in range(_PIECES)), strict=True)
    return [(first + i, *quad) for i, quad in enumerate(quads)]


def size_of(connection: Connection) -> int:
    """How many leaves the store has."""
    row = connection.execute("select first + leaves from batch order by first desc limit 1").fetchone()
    return int(row[0]) if row else 0


def leaf_at(connection: Connection, index: int) -> Leaf:
    """One leaf; StoreUnusable when it is not there."""
    found = "select first, leaves, data from batch where first <= ? order by first desc limit 1"
    row = connection.execute(found, (index,)).fetchone()
    if row is None or index >= row[0] + row[1]:
        raise StoreUnusable(f"leaf {index} is missing from the store")
    first, count, data = row
    lengths = _lengths(first, count, data)
    before = _PIECES * (index - first)
    at = _LENGTHS * count + sum(lengths[:before])
    pieces = []
    for length in lengths[before : before + _PIECES]:
        pieces.append(data[at : at + length])
        at += length
    return (index, pieces[0], pieces[1], pieces[2], pieces[3])


def leaves_from(
    connection: Connection, first: int = 0, end: int | None = None, telling: Sequence[bytes] = ()
) -> Iterator[Leaf]:
    """The leaves [first, end) in order. A gap shows in their indices; StoreUnusable when a row cannot be read.

    With `telling`, rows in which none of these bytes stand are passed over.
    """
    row = connection.execute("select max(first) from batch where first <= ?", (first,)).fetchone()
    at = first if row[0] is None else row[0]
    found = "select first, leaves, data from batch where first >= ? order by first limit ?"
    while rows := connection.execute(found, (at, _ROWS)).fetchall():
        for start, count, data in rows:
            if end is not None and start >= end:
                return
            if telling and isinstance(data, bytes) and not any(one in data for one in telling):
                continue
            for leaf in unpack(start, count, data):
                if end is not None and leaf[0] >= end:
                    return
                if leaf[0] >= first:
                    yield leaf
        at = rows[-1][0] + 1


def _lengths(first: int, count: int, data: object) -> tuple[int, ...]:
    if isinstance(data, bytes) and count > 0 and len(data) >= _LENGTHS * count:
        lengths = struct.unpack_from(f">{_PIECES * count}I", data)
        if _LENGTHS * count + sum(lengths) == len(data):
            return lengths
    raise StoreUnusable(f"the leaves from {first} on cannot be read: their row in the store was altered")
