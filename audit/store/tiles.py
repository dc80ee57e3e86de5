"""C2SP tlog-tiles over the store: full tiles are kept, partial ones computed from what stands below them."""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable

from audit.merkle import Subtree, Tree, leaf_hash, root_of
from audit.sealing import grow
from audit.store.batch import leaves_from, size_of
from audit.store.sqlite import Connection

WIDTH = 256  # hashes in a full tile
_HASH = 32
_HEIGHT = 8  # levels of the tree in one tile level


class TileBuilder:
    """Gathers hashes into tiles as the tree grows; `take` gives the tiles that have become full."""

    __slots__ = ("_full", "_levels")

    def __init__(self) -> None:
        self._levels: list[tuple[int, bytearray]] = [(0, bytearray())]  # per level: tiles done, the growing tile
        self._full: list[tuple[int, int, bytes]] = []

    def append(self, hash_: bytes, level: int = 0) -> None:
        """Add the hash of a leaf, or above level 0 the root of a full tile below."""
        if level == len(self._levels):
            self._levels.append((0, bytearray()))
        done, tile = self._levels[level]
        tile += hash_
        if len(tile) == WIDTH * _HASH:
            data = bytes(tile)
            self._full.append((level, done, data))
            self._levels[level] = (done + 1, bytearray())
            self.append(grow(b"", 0, data), level + 1)  # a full tile is one complete subtree

    def extend(self, hashes: bytes) -> None:
        """Add the hashes of many leaves."""
        at = 0
        while at < len(hashes):
            tile = self._levels[0][1]
            room = WIDTH * _HASH - len(tile)
            if len(hashes) - at < room:
                tile += hashes[at:]
                return
            tile += hashes[at : at + room - _HASH]
            self.append(hashes[at + room - _HASH : at + room])
            at += room

    def resume(self, level: int, done: int, hashes: Iterable[bytes]) -> None:
        """Go on where the stored log ends: `done` full tiles at `level`, then `hashes`."""
        while level >= len(self._levels):
            self._levels.append((0, bytearray()))
        self._levels[level] = (done, bytearray(b"".join(hashes)))

    def take(self) -> list[tuple[int, int, bytes]]:
        """The (level, index, hashes) that became full since the last time."""
        full, self._full = self._full, []
        return full


class TileReader:
    """Hashes of the tree out of one connection (writer's or reader's)."""

    __slots__ = ("_cache", "_connection", "size")

    def __init__(self, connection: Connection, size: int) -> None:
        self._connection = connection
        self._cache: dict[tuple[int, int], bytes] = {}
        self.size = size

    def tile(self, level: int, index: int) -> bytes:
        """The hashes of a tile, as many as the tree has of it (none: empty)."""
        cached = self._cache.get((level, index))
        if cached is not None:
            return cached
        row = self._connection.execute("select hashes from tile where level = ? and idx = ?", (level, index)).fetchone()
        whole = ((index + 1) * WIDTH) << (_HEIGHT * level)
        data = bytes(row[0]) if row and whole <= self.size else self._compute(level, index)
        if len(self._cache) > 1024:
            self._cache.clear()
        self._cache[level, index] = data
        return data

    def subtree(self, level: int, index: int) -> bytes:
        """The hash over leaves [index * 2^level, (index + 1) * 2^level); see `audit.merkle.Subtree`."""
        tile_level, height = divmod(level, _HEIGHT)
        first = index << height
        hashes = split(self.tile(tile_level, first // WIDTH))
        start = first % WIDTH
        return root_of(hashes[start : start + (1 << height)])

    def entries(self, index: int, width: int = WIDTH) -> bytes:
        """An entry bundle: up to `width` entries, each with its 16-bit length."""
        return b"".join(struct.pack(">H", len(entry)) + entry for entry in self._entries(index)[:width])

    def _entries(self, index: int) -> list[bytes]:
        first, last = index * WIDTH, min((index + 1) * WIDTH, self.size)
        return [leaf[1] for leaf in leaves_from(self._connection, first, last)]

    def _compute(self, level: int, index: int) -> bytes:
        if level == 0:
            return b"".join(map(leaf_hash, self._entries(index)))
        below = min((index + 1) * WIDTH, self.size >> (_HEIGHT * level))
        return b"".join(root_of(split(self.tile(level - 1, i))) for i in range(index * WIDTH, below))


def split(hashes: bytes) -> list[bytes]:
    """A tile's hashes one by one."""
    return [hashes[i : i + _HASH] for i in range(0, len(hashes), _HASH)]


def restore(connection: Connection, tree: Tree, tiles: TileBuilder, sizes: Collection[int]) -> dict[int, bytes]:
    """Bring `tree` and `tiles` to the state of the stored log; the roots it had at `sizes` that it has reached."""
    size = size_of(connection)
    reader = TileReader(connection, size)
    level = max(0, (size.bit_length() - 1) // _HEIGHT)
    for current in range(level, -1, -1):
        count = size >> (_HEIGHT * current)
        done, rest = divmod(count, WIDTH)
        hashes = split(reader.tile(current, done)) if rest else []
        tiles.resume(current, done, hashes)
        for hash_ in hashes:
            tree.append_subtree(_HEIGHT * current, hash_)
    return {wanted: _root_at(wanted, reader.subtree) for wanted in sizes if 0 < wanted <= size}


def _root_at(size: int, subtree: Subtree) -> bytes:
    """The root when the log had `size` leaves."""
    tree = Tree()
    while tree.size < size:
        level = (size - tree.size).bit_length() - 1
        tree.append_subtree(level, subtree(level, tree.size >> level))
    return tree.root()
