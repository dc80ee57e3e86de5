"""The journal: what is durable already and not yet in the store. One file beside it, written in place again and again.

A commit into SQLite costs its pages however few leaves it has. Under load a batch is therefore made durable by one write
and one sync here, and the store takes many batches in one transaction later. After a death the log writer reads what
the store has not taken and goes on from there; in good order it leaves no journal behind.

    header   magic(8) ‖ base(8) ‖ root(32) ‖ random(16)      the tree that the journal continues: its leaves and its root
    frame    first(8) ‖ leaves(4) ‖ length(4) ‖ chain(32) ‖ body
    body     lengths of entry, disclosed, sealed, content of each leaf (4 × 4 bytes each) ‖ these ‖ JSON of what was counted

Integers are big-endian. chain = SHA-256(chain of the frame before, or the header ‖ first ‖ leaves ‖ length ‖ body): a frame
that was not written to its end, or is left from before, does not continue the chain, and there the journal ends. Each
frame was durable before anybody heard of it and before the next was written, so none that counts comes after such an end.
"""

from __future__ import annotations

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
_FRAME = struct.Struct(">QII")
_CHAIN = 32

Leaf = tuple[int, bytes, bytes, bytes, bytes]
"""index, entry, disclosed, sealed, content: a row of the table `leaf`."""
Count = tuple[str, str, str, str, int]
"""tenant, counter, period, subject, bucket."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One batch that was made durable."""

    leaves: list[Leaf]
    counted: list[Count]


@dataclass(frozen=True, slots=True)
class Left:
    """What is in a journal: it continues the tree of `base` leaves with this root."""

    base: int
    root: bytes
    frames: list[Frame]

    def after(self, size: int) -> list[Frame]:
        """The frames that a store of `size` leaves has not taken."""
        return [frame for frame in self.frames if frame.leaves[0][0] >= size]


def journal_path(store: Path) -> Path:
    """Beside the store. (`-journal` is what SQLite calls a file of its own.)"""
    return store.with_name(store.name + ".journal")


class Journal:
    """The log writer's end. Any OSError must end it: what the disk holds is then unknown."""

    def __init__(self, store: Path) -> None:
        self._path = journal_path(store)
        self._handle = os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            self._allocate()
        except BaseException:
            os.close(self._handle)
            raise
        self._at = 0
        self._chain = b""
        self._header = b""

    def restart(self, size: int, root: bytes) -> None:
        """The store has the tree of `size` leaves with this root: what is written from now on continues it."""
        self._header = self._chain = _HEADER.pack(_MAGIC, size, root, os.urandom(16))
        self._at = 0

    def write(self, leaves: Sequence[Leaf], counted: Sequence[Count]) -> bool:
        """Make a batch durable. False when there is no room for it: nothing was written then."""
        pieces = [piece for leaf in leaves for piece in leaf[1:]]
        lengths = struct.pack(f">{len(pieces)}I", *map(len, pieces))
        said = orjson.dumps(counted) if counted else b""
        body = b"".join((lengths, *pieces, said))
        head = _FRAME.pack(leaves[0][0], len(leaves), len(body))
        chain = sha256(b"".join((self._chain, head, body))).digest()
        frame = b"".join((b"" if self._at else self._header, head, chain, body))
        if self._at + len(frame) > SIZE:
            return False
        _write(self._handle, frame, self._at)
        os.fdatasync(self._handle)
        self._at += len(frame)
        self._chain = chain
        return True

    def close(self) -> None:
        """Let go of the file and leave it there, for the next start to read."""
        os.close(self._handle)

    def _allocate(self) -> None:
        """Give the file all its blocks now, so that a later sync writes data only."""
        missing = SIZE - os.fstat(self._handle).st_size
        if missing > 0:
            _write(self._handle, bytes(missing), SIZE - missing)
            os.fsync(self._handle)
            _sync_folder(self._path)


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
    while at + _FRAME.size + _CHAIN <= len(data):
        head = data[at : at + _FRAME.size]
        first, leaves, length = _FRAME.unpack(head)
        body = data[at + _FRAME.size + _CHAIN : at + _FRAME.size + _CHAIN + length]
        said = data[at + _FRAME.size : at + _FRAME.size + _CHAIN]
        if first != due or sha256(b"".join((chain, head, body))).digest() != said:
            return
        yield _frame(first, leaves, body)
        at, chain, due = at + _FRAME.size + _CHAIN + length, said, first + leaves


def _frame(first: int, count: int, body: bytes) -> Frame:
    lengths = struct.unpack_from(f">{4 * count}I", body)
    at, pieces = 16 * count, []
    for length in lengths:
        pieces.append(body[at : at + length])
        at += length
    leaves: list[Leaf] = [
        (first + i, pieces[4 * i], pieces[4 * i + 1], pieces[4 * i + 2], pieces[4 * i + 3]) for i in range(count)
    ]
    counted = [(t, c, p, s, b) for t, c, p, s, b in orjson.loads(body[at:])] if at < len(body) else []
    return Frame(leaves, counted)


def _write(handle: int, data: bytes, at: int) -> None:
    """All of it: the kernel may take less at a time."""
    rest = memoryview(data)
    while rest:
        written = os.pwrite(handle, rest, at)
        rest, at = rest[written:], at + written


def _sync_folder(path: Path) -> None:
    """So that the name of a new file, or its absence, survives a power cut too."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
