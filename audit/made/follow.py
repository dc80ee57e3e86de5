"""Fills the index of what was made from the log, behind it and off everybody's path; and forgets what was erased.

A flow's `digest` group says of the text that it answered `fingerprint` (64-bit marks, URL-safe base64, little endian) and
`text` (a keyed digest), and in `outputs`, for each output that is no text, its `index`, `exact` (a keyed digest of its bytes), `payload`
(of its invisible mark, hex), `known_by`: `prints` (of a picture or a sound, 256 bits each, under the tenant's key, hex).
An entry is filed under the user key that seals the group: when that key is destroyed, the entries go with the next look.
"""

from __future__ import annotations

import binascii
import fcntl
import os
import re
import struct
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from audit.datakeys import KEY_ID
from audit.keys import Keyring
from audit.made.index import Entry, Made, clear, connect_index, erase, index_path, put_all
from audit.search.leaves import LeafReader, StoredLeaf
from audit.store.batch import leaves_from, size_of
from audit.store.sqlite import Connection, connect_reader

_PAYLOAD = re.compile(r"[0-9a-f]{1,16}")
BATCH = 1000
"""Leaves in one transaction: each writes a page for nearly every mark, and the more marks the fewer of them."""
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_SETTLE, _OUTPUTS = b'"k":"settle"', b'"outputs":[{'
"""What tells of outputs: settle leaves of texts, and the outcomes that say in the open which others there were."""


def follow(store: Path, keyring: Keyring, seconds: float) -> int:
    """Index what the log has more than the index, for at most about `seconds`; how many leaves it is still behind.

    When another process does this already, only the distance is told. Raises StoreUnusable when there is no store.
    """
    path = index_path(store)
    ends = time.monotonic() + seconds
    with closing(connect_reader(store)) as log, _only_follower(path) as ours:
        if not ours:
            return size_of(log) - _position(path)
        with closing(connect_index(path)) as index:
            _same_log(log, index)
            _forget(log, index)
            while (behind := size_of(log) - _at(index)) > 0 and time.monotonic() < ends:
                _batch(log, index, keyring)
            return behind


def rebuild(store: Path, keyring: Keyring) -> None:
    """Build the index anew."""
    with _only_follower(index_path(store)) as ours:
        if ours:
            with closing(connect_index(index_path(store))) as index:
                clear(index)
    while follow(store, keyring, 60.0) > 0:
        time.sleep(0.05)


def erase_flows(store: Path, flows: list[str]) -> int:
    """Remove the entries of flows; how many outputs that were. Waits for a follower that is at work."""
    path = index_path(store)
    if not path.exists():
        return 0
    with closing(connect_index(path)) as index:
        return erase(index, flows=flows)


def _batch(log: Connection, index: Connection, keyring: Keyring) -> None:
    at = _at(index)
    end = min(at + BATCH, size_of(log))
    reader = LeafReader(log, keyring)  # of this batch alone: it remembers keys, and one may be destroyed meanwhile
    entries: list[Entry] = []
    for row in leaves_from(log, at, end, (_SETTLE, _OUTPUTS)):
        _, entry, disclosed, sealed, _ = row
        if sealed and (_SETTLE in entry or _OUTPUTS in disclosed):
            entries += _entries(reader, StoredLeaf(*row))
    index.execute("begin immediate")
    put_all(index, entries)
    index.execute("update meta set value = ? where key = 'leaves'", (str(end),))
    index.execute("commit")


def _entries(reader: LeafReader, leaf: StoredLeaf) -> Iterator[Entry]:
    flows = leaf.entry["f"] if leaf.is_settle else [leaf.entry.get("id", "")]
    for position, (flow, segment) in enumerate(zip(flows, leaf.segments, strict=True)):
        owner = reader.tenant_of(segment[:KEY_ID])
        if not owner:
            continue
        _, groups = reader.hidden(leaf, flow, position)
        if "digest" in groups:
            yield from entries_of(flow, owner, segment[:KEY_ID], groups["digest"])


def entries_of(flow: str, tenant: str, key_id: bytes, digest: Mapping[str, Any], key: bytes = b"") -> Iterator[Entry]:
    """What one flow's record says of what it made. What cannot be read is left out: the record has it still."""
    marks, exact = _marks(digest.get("fingerprint")), _digests(digest.get("text"))
    if marks or exact:
        yield Entry(Made(flow, 0, tenant), key_id, marks, exact)
    for output in outputs_of(digest):
        yield Entry(
            Made(flow, output["index"], tenant),
            key_id,
            exact=_digests(output.get("exact")),
            payload=_payload(output.get("payload")),
            prints=prints_of(output),
        )


def outputs_of(digest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The outputs that are no text, as the group says them."""
    found = digest.get("outputs")
    rows = [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
    return [row for row in rows if type(row.get("index")) is int]


def prints_of(output: Mapping[str, Any]) -> list[bytes]:
    """The prints of one output, under its tenant's key."""
    known = output.get("known_by")
    found = known.get("prints") if isinstance(known, dict) else None
    prints = [print_ for one in found for print_ in _digests(one)] if isinstance(found, list) else []
    return [print_ for print_ in prints if len(print_) == 32]


def _payload(text: Any) -> int | None:
    return int(text, 16) if isinstance(text, str) and _PAYLOAD.fullmatch(text) else None


def _marks(text: Any) -> tuple[int, ...]:
    try:
        raw = binascii.a2b_base64(text.encode().translate(_URL_SAFE) + b"=" * (-len(text) % 4)) if text else b""
        return struct.unpack(f"<{len(raw) // 8}Q", raw)
    except (AttributeError, binascii.Error, struct.error, TypeError, ValueError):
        return ()


def _digests(text: Any) -> list[bytes]:
    try:
        return [bytes.fromhex(text)] if text else []
    except (TypeError, ValueError):
        return []


def _same_log(log: Connection, index: Connection) -> None:
    """Empty an index of another log, or of one that has lost leaves since."""
    found = dict(log.execute("select key, value from meta where key in ('origin', 'generation')"))
    name = f"{found.get('origin', '')}/{found.get('generation', '1')}"
    row = index.execute("select value from meta where key = 'log'").fetchone()
    if (row is not None and row[0] != name) or _at(index) > size_of(log):
        clear(index)
    index.execute("insert or replace into meta values ('log', ?)", (name,))


def _forget(log: Connection, index: Connection) -> None:
    """Erase the entries of users whose keys were destroyed."""
    held = [bytes(row[0]) for row in index.execute("select distinct key_id from made")]
    alive = "select 1 from user_key where id = ? and length(wrapped) > 0"
    gone = [key_id for key_id in held if log.execute(alive, (key_id,)).fetchone() is None]
    if gone:
        erase(index, key_ids=gone)


def _at(index: Connection) -> int:
    return int(index.execute("select value from meta where key = 'leaves'").fetchone()[0])


def _position(path: Path) -> int:
    if not path.exists():
        return 0
    with closing(connect_reader(path)) as index:
        row = index.execute("select value from meta where key = 'leaves'").fetchone()
        return int(row[0]) if row else 0


@contextmanager
def _only_follower(path: Path) -> Iterator[bool]:
    handle = os.open(f"{path}.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(handle)
