"""Merkle trees of RFC 6962 section 2.1: hashes, roots, inclusion and consistency proofs.

No storage here: proofs ask a `subtree(level, index)` for the hash over leaves [index * 2^level, (index+1) * 2^level).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

Subtree = Callable[[int, int], bytes]
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """MTH of one leaf: SHA-256(0x00 || entry)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


class Tree:
    """An append-only tree that remembers only the roots of its complete subtrees: O(log n) memory."""

    __slots__ = ("_stack", "size")

    def __init__(self) -> None:
        self.size = 0
        self._stack: list[bytes] = []

    def append(self, hash_: bytes) -> None:
        """Add one leaf hash."""
        n = self.size
        stack = self._stack
        while n & 1:
            hash_ = sha256(b"\x01" + stack.pop() + hash_).digest()
            n >>= 1
        stack.append(hash_)
        self.size += 1

    def append_subtree(self, level: int, hash_: bytes) -> None:
        """Add 2^level leaves at once by their root; the size must be a multiple of 2^level."""
        if self.size & ((1 << level) - 1):
            raise ValueError("a subtree must start at a multiple of its width")
        n = self.size >> level
        while n & 1:
            hash_ = sha256(b"\x01" + self._stack.pop() + hash_).digest()
            n >>= 1
        self._stack.append(hash_)
        self.size += 1 << level

    def roots(self) -> bytes:
        """The roots of the complete subtrees, largest first, 32 bytes each."""
        return b"".join(self._stack)

    def resume(self, size: int, roots: bytes) -> None:
        """Become the tree of `size` leaves whose complete subtrees have these roots."""
        if len(roots) != 32 * size.bit_count():
            raise ValueError("one root of 32 bytes for each complete subtree expected")
        self.size = size
        self._stack = [roots[at : at + 32] for at in range(0, len(roots), 32)]

    def root(self) -> bytes:
        """The root over all leaves appended so far."""
        if not self._stack:
            return EMPTY_ROOT
        hash_ = self._stack[-1]
        for left in reversed(self._stack[:-1]):
            hash_ = node_hash(left, hash_)
        return hash_


def root_of(hashes: Iterable[bytes]) -> bytes:
    """The root of a tree with these leaf hashes."""
    tree = Tree()
    for hash_ in hashes:
        tree.append(hash_)
    return tree.root()


def subtree_of(hashes: Sequence[bytes]) -> Subtree:
    """A `subtree` function over leaf hashes in memory."""

    def subtree(level: int, index: int) -> bytes:
        return root_of(hashes[index << level : (index + 1) << level])

    return subtree


def inclusion_path(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """PATH(index, D[size]) of RFC 6962 section 2.1.1, leaf to root."""
    if not 0 <= index < size:
        raise ValueError("index outside the tree")
    return _path(index, 0, size, subtree)


def _path(index: int, start: int, end: int, subtree: Subtree) -> list[bytes]:
    if end - start == 1:
        return []
    middle = start + _split(end - start)
    if index < middle:
        return [*_path(index, start, middle, subtree), _range(middle, end, subtree)]
    return [*_path(index, middle, end, subtree), _range(start, middle, subtree)]


def consistency_path(first: int, second: int, subtree: Subtree) -> list[bytes]:
    """PROOF(first, D[second]) of RFC 6962 section 2.1.2."""
    if not 0 < first <= second:
        raise ValueError("sizes out of order")
    return _consistency(first, 0, second, True, subtree)


def _consistency(m: int, start: int, end: int, whole: bool, subtree: Subtree) -> list[bytes]:
    if m == end - start:
        return [] if whole else [_range(start, end, subtree)]
    k = _split(end - start)
    if m <= k:
        return [*_consistency(m, start, start + k, whole, subtree), _range(start + k, end, subtree)]
    return [*_consistency(m - k, start + k, end, False, subtree), _range(start, start + k, subtree)]


def _split(n: int) -> int:
    """The largest power of two smaller than n."""
    return 1 << ((n - 1).bit_length() - 1)


def _range(start: int, end: int, subtree: Subtree) -> bytes:
    """MTH(D[start:end]); start is a multiple of the largest power of two that is at most end - start."""
    tree = Tree()
    while start < end:
        level = (end - start).bit_length() - 1
        tree.append_subtree(level, subtree(level, start >> level))
        start += 1 << level
    return tree.root()


def root_from_path(hash_: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that an inclusion path leads to, None when the path has the wrong length (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size:
        return None
    fn, sn = index, size - 1
    for step in path:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            hash_ = node_hash(step, hash_)
            while fn and not fn & 1:
                fn >>= 1
                sn >>= 1
        else:
            hash_ = node_hash(hash_, step)
        fn >>= 1
        sn >>= 1
    return hash_ if sn == 0 else None


def verify_consistency(first: int, second: int, root1: bytes, root2: bytes, path: Sequence[bytes]) -> bool:
    """Whether the tree of `second` leaves extends the one of `first` (RFC 9162 section 2.1.4.2)."""
    if not 0 < first <= second:
        return False
    if first == second:
        return not path and root1 == root2
    steps = list(path)
    if first & (first - 1) == 0:
        steps.insert(0, root1)
    if not steps:
        return False
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn >>= 1
        sn >>= 1
    fr = sr = steps[0]
    for step in steps[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node_hash(step, fr), node_hash(step, sr)
            while fn and not fn & 1:
                fn >>= 1
                sn >>= 1
        else:
            sr = node_hash(sr, step)
        fn >>= 1
        sn >>= 1
    return sn == 0 and fr == root1 and sr == root2
