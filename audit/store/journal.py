"""The journal: what is durable already and not yet in the store. One file beside it, written in place again and again.

A commit into SQLite costs its pages however few leaves it has. Under load a batch is therefore made durable by one write
and one sync here, and the store takes many batches in one transaction later. After a death the log writer reads what
the store has not taken and goes on from there; in good order it leaves no journal behind.

    header   magic(8) ‖ base(8) ‖ root(32) ‖ random(16)      the tree that the journal continues: its leaves and its root
    frame    chain(32) ‖ first(8) ‖ leaves(4) ‖ length(4) ‖ counted(4) ‖ data ‖ JSON ‖ anything up to a multiple of 4096 bytes
    data     `length` bytes: the leaves, as `audit.store.batch` packs them
    JSON     `counted` bytes: subjects that these leaves counted

Integers are big-endian. chain = SHA-256(chain of the frame before, or the header ‖ the frame's bytes after it): a frame that was not written to its end, or is left from before, does not continue the chain, and there the journal ends. Each
frame was durable before anybody heard of it and before the next was written, so none that counts comes after such an end:
where one does, the file was damaged, and leaves that somebody relies on cannot be read. Only of the last frame nobody can
tell whether it was never written whole or damaged later.

Blocks are written past the page cache where the file system lets us: through it a kernel with large folios spends as much on
a batch as all else together.
"""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import orjson

SIZE = 8 * 1024 * 1024
"""Bytes of the file. A batch that does not fit goes into the store at once."""
_MAGIC = b"LXGJRNL1"
_HEADER = struct.Struct(">8sQ32s16s")
_FRAME = struct.Struct(">QIII")
_CHAIN = 32
_BLOCK = 4096
_LARGEST = 1024 * 1024
"""Bytes of a batch that is journaled; what is larger goes into the store at once."""
_READS = 5
"""How often a journal that seems damaged is read again: the log writer may be writing it."""

Count = tuple[str, str, str, str, int]
"""tenant, counter, period, subject, bucket."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One batch that was made durable."""

    first: int
    leaves: int
    data: bytes
    counted: list[Count]


@dataclass(frozen=True, slots=True)
class Left:
    """What is in a journal: it continues the tree of `base` leaves with this root."""

    base: int
    root: bytes
    frames: list[Frame]
    beyond: tuple[tuple[int, int], ...] = ()
    """first and leaves of frames that were durable and that the chain does not reach: what stands before them is damaged."""
    unwritten: tuple[int, int] | None = None
    """first and leaves of a last frame that is not whole. Nobody has heard of it, or it was damaged."""

    def after(self, size: int) -> list[Frame]:
        """The frames that a store of `size` leaves has not taken."""
        return [frame for frame in self.frames if frame.first + frame.leaves > size]

    def unreadable(self, size: int) -> int | None:
        """The first leaf that was durable, is not in a store of `size` leaves, and cannot be read; None when all can."""
        if not any(first + leaves > size for first, leaves in self.beyond):
            return None
        return max(size, sum((self.frames[-1].first, self.frames[-1].leaves)) if self.frames else size)


def journal_path(store: Path) -> Path:
    """Beside the store itself, also where its name is a link. (`-journal` is what SQLite calls a file of its own.)"""
    store = store.resolve()
    return store.with_name(store.name + ".journal")


class Journal:
    """The log writer's end. Any OSError must end it: what the disk holds is then unknown."""

    def __init__(self, store: Path) -> None:
        path = journal_path(store)
        _allocate(path)
        self._handle = _open_direct(path)
        self._buffer = mmap.mmap(-1, _LARGEST)  # aligned, as direct writes want it
        self._at = 0
        self._chain = b""
        self._header = b""

    def restart(self, size: int, root: bytes) -> None:
        """The store has the tree of `size` leaves with this root: what is written from now on continues it."""
        self._header = self._chain = _HEADER.pack(_MAGIC, size, root, os.urandom(16))
        self._at = 0

    def write(self, first: int, leaves: int, data: bytes, counted: Sequence[Count]) -> bool:
        """Make a batch durable. False when there is no room for it: nothing was written then."""
        said = orjson.dumps(counted) if counted else b""
        head = _FRAME.pack(first, leaves, len(data), len(said))
        start = 0 if self._at else _HEADER.size
        length = start + _CHAIN + len(head) + len(data) + len(said)
        blocks = -(-length // _BLOCK) * _BLOCK
        if blocks > _LARGEST or self._at + blocks > SIZE:
            return False
        digest = sha256(self._chain)
        for piece in (head, data, said):
            digest.update(piece)
        chain = digest.digest()
        before = b"".join((b"" if self._at else self._header, chain, head))
        self._buffer[: len(before)] = before
        self._buffer[len(before) : len(before) + len(data)] = data
        self._buffer[length - len(said) : length] = said
        with memoryview(self._buffer) as whole, whole[:blocks] as some:
            _write(self._handle, some, self._at)
        os.fdatasync(self._handle)
        self._at += blocks
        self._chain = chain
        return True

    def close(self) -> None:
        """Let go of the file and leave it there, for the next start to read."""
        os.close(self._handle)


def _allocate(path: Path) -> None:
    """Give the file all its blocks now, so that a later sync writes data only."""
    handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        missing = SIZE - os.fstat(handle).st_size
        if missing > 0:
            _write(handle, memoryview(bytes(missing)), SIZE - missing)
            os.fsync(handle)
            sync_folder(path.parent)
    finally:
        os.close(handle)


def _open_direct(path: Path) -> int:
    """Past the page cache where that works: some file systems refuse it when opened, some only when written to."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_DIRECT)
    except OSError:
        return os.open(path, os.O_RDWR)
    try:
        with mmap.mmap(-1, _BLOCK) as block:
            os.pwrite(handle, block, 0)
    except OSError:
        os.close(handle)
        return os.open(path, os.O_RDWR)
    return handle


def remove_journal(store: Path) -> None:
    """The store has everything: its journal is of no more use."""
    path = journal_path(store)
    if path.exists():
        path.unlink()
        sync_folder(path.parent)


def read_journal(path: Path) -> Left | None:
    """What the journal at `path` holds, None when there is none or nothing in it."""
    for _ in range(_READS):
        data = _read(path)
        left = _left(data)
        if left is None or not left.beyond or data == _read(path):
            return left
    return replace(left, beyond=()) if left else None  # it is being written: what was read is of several moments


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _left(data: bytes) -> Left | None:
    if len(data) < _HEADER.size:
        return None
    magic, base, root, _ = _HEADER.unpack_from(data)
    at, chain, due = _HEADER.size, data[: _HEADER.size], base
    frames: list[Frame] = []
    found = _frame(data, at)
    while magic == _MAGIC and found is not None and found.first == due and found.continues(chain):
        frames.append(found.frame())
        at, chain, due = found.next, found.chain, found.first + found.leaves
        found = _frame(data, at)
    beyond = tuple(_beyond(data, at, chain, due if frames else 0))  # before a first frame not even `base` is sure
    torn = found is not None and magic == _MAGIC and found.first == due and not beyond
    if not (frames or beyond or torn):
        return None
    return Left(base, root, frames, beyond, (found.first, found.leaves) if found is not None and torn else None)


@dataclass(frozen=True, slots=True)
class _Found:
    """What stands at a place in the file and looks like a frame."""

    chain: bytes
    first: int
    leaves: int
    body: bytes
    """All that the chain covers: integers, data, counted."""
    middle: int
    """Where in `body` the data ends."""
    next: int
    """Where in the file the next frame stands."""

    def after(self, chain: bytes) -> bytes:
        """What its chain is when it follows `chain`."""
        return sha256(chain + self.body).digest()

    def continues(self, chain: bytes) -> bool:
        return self.after(chain) == self.chain

    def frame(self) -> Frame:
        said = self.body[self.middle :]
        rows = [(t, c, p, s, b) for t, c, p, s, b in orjson.loads(said)] if said else []
        return Frame(self.first, self.leaves, self.body[_FRAME.size : self.middle], rows)


def _frame(data: bytes, at: int) -> _Found | None:
    head = at + _CHAIN
    if head + _FRAME.size > len(data):
        return None
    first, leaves, length, counted = _FRAME.unpack_from(data, head)
    end = head + _FRAME.size + length + counted
    if not leaves or end > len(data):
        return None
    following = -(-end // _BLOCK) * _BLOCK
    return _Found(data[at:head], first, leaves, data[head:end], _FRAME.size + length, following)


def _beyond(data: bytes, at: int, chain: bytes, due: int) -> Iterator[tuple[int, int]]:
    """Frames after the broken one at `at` that provably followed another, from leaf `due` on: they were durable.

    What is left from before the journal began anew stands there too, and tells of leaves below `due`.
    """
    broken = _frame(data, at)
    before = [data[at : at + _CHAIN]]  # chains that one may continue: what is said there, or what it must have been
    if broken is not None:
        before.append(broken.after(chain))
    for start in range((at // _BLOCK + 1) * _BLOCK, len(data), _BLOCK):
        found = _frame(data, start)
        if found is not None and found.first >= due:
            if any(found.continues(one) for one in reversed(before)):
                yield found.first, found.leaves
            before.append(found.chain)


def _write(handle: int, data: memoryview, at: int) -> None:
    """All of it: the kernel may take less at a time."""
    done = 0
    while done < len(data):
        done += os.pwrite(handle, data[done:], at + done)


def sync_folder(folder: Path) -> None:
    """So that the name of a new file, or its absence, survives a power cut too."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
