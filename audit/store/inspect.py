"""Checks of a store that need more than public artefacts: ciphertext, disclosed groups, and the search projection."""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from audit.canonical import dump
from audit.errors import StoreUnusable
from audit.head import read_head
from audit.keys import Keyring
from audit.record import OPEN_GROUPS, commit, place_of, salt_of, sealed_hash, segments_of
from audit.sealing import root
from audit.search.leaves import LeafReader, StoredLeaf
from audit.store.batch import leaves_from, size_of
from audit.store.journal import journal_path, read_journal
from audit.store.migrate import require_current
from audit.store.reindex import differences
from audit.store.sqlite import Connection, Error, connect_reader
from audit.verify import Verification, verify_log


def verify_store(path: Path, keyring: Keyring, vkey: str = "", *, marked: bool = True) -> Verification:
    """Check the whole log of a store and all that stands beside it. StoreUnusable when it cannot be read.

    `marked`: also hold it against the high-water mark beside the keys.
    """
    require_current(path)
    try:
        return _verified(path, keyring, vkey, marked)
    except Error as error:
        raise StoreUnusable(f"SQLite cannot read the store: {error}") from error


def _verified(path: Path, keyring: Keyring, vkey: str, marked: bool) -> Verification:
    with closing(connect_reader(path)) as connection:
        row = connection.execute("select value from meta where key = 'origin'").fetchone()
        if row is None:
            raise StoreUnusable("the store has no log yet")
        own = keyring.verifier_key(row[0])
        # The mark first, then the snapshot: the log writer marks only what is committed, so the snapshot has it.
        head = read_head(keyring.folder, row[0], own) if marked else None
        connection.execute("begin")
        notes = [note for (note,) in connection.execute("select note from checkpoint order by size")]
        notes += [head.note] if head is not None else []
        key = vkey or str(own)
        reader = LeafReader(connection, keyring)
        beside = _Beside(reader)
        result = verify_log(
            _entries(connection, beside), key, notes, lambda level, index: _tile(connection, level, index), beside.check
        )
        if beside.looked:
            result.steps.append(f"{beside.looked} groups beside the leaves are what was committed to, or erased")
        _journal(path, size_of(connection), result)
        if beside.unread:
            result.problems.extend(beside.unread)
            return result
        found = differences(connection, keyring, path.parent)
        result.problems.extend(found)
        if not found:
            result.steps.append("the search tables are what the log says")
        return result


def _journal(path: Path, size: int, result: Verification) -> None:
    """What the journal has beyond the store's `size` leaves."""
    left = read_journal(journal_path(path))
    if left is None:
        return
    if waiting := sum(frame.leaves for frame in left.after(size)):
        result.steps.append(
            f"{waiting} more leaves are durable in the journal: the log writer will put them into the store"
        )
    unreadable = left.unreadable(size)
    if unreadable is not None:
        result.problems.append(f"the journal was damaged: leaves from {unreadable} on cannot be read")
    if left.unwritten is not None:
        first, leaves = left.unwritten
        result.steps.append(
            f"the journal ends with a batch of {leaves} leaves, from {first} on, that was not written whole: unless the"
            " file was altered, nobody has heard of them"
        )


def _entries(connection: Connection, beside: _Beside) -> Iterator[tuple[int, bytes]]:
    try:
        for row in leaves_from(connection):
            leaf = StoredLeaf(*row)
            beside.leaf = leaf
            yield leaf.index, leaf.data
    except StoreUnusable as error:
        beside.unread.append(str(error))


def _tile(connection: Connection, level: int, index: int) -> bytes | None:
    row = connection.execute("select hashes from tile where level = ? and idx = ?", (level, index)).fetchone()
    return bytes(row[0]) if row else None


class _Beside:
    """What is stored beside an entry: does it fit what the entry commits to?"""

    leaf: StoredLeaf

    def __init__(self, reader: LeafReader) -> None:
        self._reader = reader
        self.looked = 0
        self.unread: list[str] = []

    def check(self, index: int, entry: Mapping[str, Any]) -> Collection[str]:
        leaf = self.leaf
        hashes = entry.get("d", {})
        try:
            segments = segments_of(leaf.sealed)
            if (segments or "s" in hashes) and _b64(sealed_hash(segments, settle="f" in entry)) != hashes.get("s"):
                return [f"leaf {index}: its encrypted groups were altered"]
            return self._groups(index, entry)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            return [f"leaf {index}: what stands beside it cannot be read ({type(error).__name__})"]

    def _groups(self, index: int, entry: Mapping[str, Any]) -> list[str]:
        if "f" in entry:
            return self._settled(index, entry)
        opened = self._reader.open(self.leaf, entry.get("id", ""))
        problems = [
            f"leaf {index}: group {name} is missing"
            for name, group in opened.items()
            if group.body is None and name in OPEN_GROUPS
        ]
        for name, group in opened.items():
            if group.body is not None and group.salt is not None:
                self.looked += 1
                if _b64(commit(group.salt, group.body)) != entry["c"][name]:
                    problems.append(f"leaf {index}: group {name} is not what was committed to")
        return problems

    def _settled(self, index: int, entry: Mapping[str, Any]) -> list[str]:
        """A settle leaf: what is open of all its flows at once, by its root; what is hidden flow by flow."""
        problems, leaf, flows = [], self.leaf, entry["f"]
        stated = {name: self._reader.commitments(leaf, name) for name in entry["c"]}
        for name, hashes in stated.items():
            if _b64(root(b"".join(hashes))) != entry["c"][name]:
                problems.append(f"leaf {index}: group {name} is not what was committed to")
            elif name in OPEN_GROUPS:
                self.looked += len(flows)
        hidden = [name for name in stated if name not in OPEN_GROUPS]
        place = place_of(entry["w"], entry["e"], entry["n"])
        for position, flow in enumerate(flows if hidden else ()):
            key, said = self._reader.hidden(leaf, flow, position)
            for name in hidden:
                if key is None or name not in said:
                    continue  # erased
                self.looked += 1
                if commit(salt_of(key, place, name, flow), dump(said[name])) != stated[name][position]:
                    problems.append(f"leaf {index}: group {name} is not what was committed to")
        return problems


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
