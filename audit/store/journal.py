"""The journal: what is durable already and not yet in the store. One file beside it, written in place again and again.

A commit into SQLite costs its pages however few leaves it has. Under load a batch is therefore made durable by one write
and one sync here, and the store takes many batches in one transaction later. After a death the log writer reads what
the store has not taken and goes on from there; in good order it leaves no journal behind.

    header   magic(8) ‖ base(8) ‖ root(32) ‖ random(16)      the tree that the journal continues: its leaves and its root
    frame    chain(32) ‖ first(8) ‖ leaves(4) ‖ length(4) ‖ counted(4) ‖ data ‖ JSON ‖ anything up to a multiple of 4096 bytes
    data     `length` bytes: the leaves, as `audit.store.batch` packs them
    JSON     `counted` bytes: subjects that these leaves counted

Integers are big-endian. chain = SHA-256(chain of the frame before, or the header ‖ the frame's bytes after it): a frame that was not written to its end, or is left from before, does not continue the chain, and there the journal ends. Each
frame was durable before anybody heard of it and before the next was written, so none that counts comes after such an end.

Blocks are written past the page cache where the file system lets us: through it a kernel with large folios spends as much on
a batch as all else together.
"""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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

    def after(self, size: int) -> list[Frame]:
        """The frames that a store of `size` leaves has not taken."""
        return [frame for frame in self.frames if frame.first >= size]


def journal_path(store: Path) -> Path:
    """Beside the store. (`-journal` is what SQLite calls a file of its own.)"""
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
        self._buffer[:length] = b"".join((b"" if self._at else self._header, chain, head, data, said))
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
            _sync_folder(path)
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
        _sync_folder(path)


def read_journal(path: Path) -> Left | None:
    """What the journal at `path` holds, None when there is none or nothing in it."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    if len(data) < _HEADER.size or data[:8] != _MAGIC:
        return None
    _, base, root, _ = _HEADER.unpack_from(data)
    frames = list(_frames(data, base))
    return Left(base, root, frames) if frames else None


def _frames(data: bytes, base: int) -> Iterator[Frame]:
    at, chain, due = _HEADER.size, data[: _HEADER.size], base
    while at + _CHAIN + _FRAME.size <= len(data):
        said = data[at : at + _CHAIN]
        first, leaves, length, counted = _FRAME.unpack_from(data, at + _CHAIN)
        start = at + _CHAIN + _FRAME.size
        middle = start + length
        end = middle + counted
        if first != due or end > len(data) or sha256(chain + data[at + _CHAIN : end]).digest() != said:
            return
        rows = [(t, c, p, s, b) for t, c, p, s, b in orjson.loads(data[middle:end])] if counted else []
        yield Frame(first, leaves, data[start:middle], rows)
        at, chain, due = -(-end // _BLOCK) * _BLOCK, said, first + leaves


def _write(handle: int, data: memoryview, at: int) -> None:
    """All of it: the kernel may take less at a time."""
    done = 0
    while done < len(data):
        done += os.pwrite(handle, data[done:], at + done)


def _sync_folder(path: Path) -> None:
    """So that the name of a new file, or its absence, survives a power cut too."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
