"""The log itself: orders leaves of all streams into one tree, durably, and signs what it has.

One process, one thread, one writing connection. The store's transaction is: begin, leaves, tiles, search rows, counters,
checkpoint, commit (which syncs the disk). Under load a batch is made durable in the journal instead, while the store's
transaction stays open and takes many batches. Nobody hears of a leaf before its batch is durable in one or the other. Any
error of either ends the log writer: after a failed sync nobody knows what the disk holds, so a retry would acknowledge
what may be lost.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import orjson

from audit.checkpoint import Checkpoint, sign
from audit.counters import Counters
from audit.errors import AppendRefused, LogForked, StoreUnusable
from audit.head import Head, agreed, read_head, write_head
from audit.intake import Usual, entry_hashes, join
from audit.keys import Keyring
from audit.merkle import EMPTY_ROOT, Tree
from audit.record import LeafDraft, LeafKind, SealedLeaf, seal
from audit.sealing import grow
from audit.store import batch
from audit.store.journal import Journal, Left, journal_path, read_journal, remove_journal
from audit.store.migrate import require_current, revision, upgrade
from audit.store.projector import OpenFlow, Projector, open_flows
from audit.store.reindex import catch_up
from audit.store.sqlite import connect_writer, only_writer
from audit.store.tiles import TileBuilder, restore

_TILE = "insert into tile values (?, ?, ?)"
_STREAM = "update stream set n = ? where writer = ? and epoch = ?"
_OUTCOME = LeafKind.OUTCOME
_OF_A_FLOW = frozenset({LeafKind.INTENT, LeafKind.OUTCOME})
OWN = "log"
"""The writer name of the log's own stream."""
SIGN_EVERY_US = 20_000
"""Checkpoints are signed at most this often (microseconds); a leaf is durable before it is covered."""
FOLD_EVERY_US = 500_000
"""The longest that leaves rest in the journal before the store has them and readers see them."""
FILED_BYTES = 64 * 1024
"""So many bytes of leaves that rest in the journal become one row of the store."""
HEAD_EVERY_US = 1_000_000
"""The high-water mark beside the keys is renewed at most this often, and at the end."""


class Log:
    """An open log. Not thread-safe. Use `open`, then stage leaves and `commit`."""

    def __init__(self, path: Path, keyring: Keyring, origin: str, resources: ExitStack) -> None:
        self._resources = resources
        self._path = path
        self._keyring = keyring
        self._key = keyring.verifier_key(origin)
        self._connection = connect_writer(path)
        resources.callback(self._connection.close)
        self.counters = Counters(self._connection)
        self.origin = origin
        self.generation = 1
        self.size = 0
        self._tree = Tree()  # of what is in the store
        self._tiles = TileBuilder()
        self._projector = Projector()
        self._open: dict[str, OpenFlow] = {}
        self._closed_now: set[str] = set()
        self._newest_flow = ""
        self._streams: dict[tuple[str, int], int] = {}
        self._dirty: set[tuple[str, int]] = set()
        self._leaves: list[bytes] = []  # staged and not durable yet, as `batch.one` says them
        self._resting: list[bytes] = []  # leaves in the journal, not yet in the store's transaction
        self._resting_bytes = 0
        self._hashes: list[bytes] = []  # of leaves in the store's transaction that are not in the tree yet
        self._journal: Journal | None = None
        self._fold_now = False
        self._folded_us = -FOLD_EVERY_US  # these three are times of the clock that is never set
        self._signed = -1
        self._signed_us = -SIGN_EVERY_US
        self._headed = -1
        self._headed_us = -HEAD_EVERY_US
        self._epoch = 0

    @classmethod
    def open(cls, path: Path, keyring: Keyring, origin: str, *, loss: str = "") -> Log:
        """Open the log at `path`, making it if it is new, and close what a death left open.

        `loss` is the reason why a store behind its own signed checkpoint is accepted: it starts a new generation.
        Raises StoreUnusable (locked, other schema, forked, behind, its journal damaged, affected SQLite).
        """
        with ExitStack() as stack:
            stack.enter_context(only_writer(path))
            if not path.exists() or revision(path) is None:  # new, or its making was cut short
                upgrade(path)
            require_current(path)
            log = cls(path, keyring, origin, stack.pop_all())
        try:
            log._start(loss)
        except BaseException:
            log._resources.close()
            raise
        return log

    @property
    def open_flows(self) -> int:
        """How many flows have an intent and no outcome yet."""
        return len(self._open)

    @property
    def unsigned(self) -> bool:
        """Whether there are leaves that no checkpoint covers yet."""
        return self._signed != self.size

    @property
    def behind(self) -> bool:
        """Whether there are leaves that are not in the store yet, so that readers do not see them."""
        return self._tree.size != self.size

    @property
    def overdue(self) -> bool:
        """Whether leaves have rested in the journal for FOLD_EVERY_US."""
        return self.behind and _running_us() - self._folded_us >= FOLD_EVERY_US

    # -- streams ---------------------------------------------------------------------------------------------------

    def open_stream(self, writer: str) -> int:
        """A new epoch for `writer`; durable with the next commit."""
        self._begin()
        self._fold_now = True
        row = self._connection.execute("select max(epoch) from stream where writer = ?", (writer,)).fetchone()
        epoch = (row[0] or 0) + 1
        self._connection.execute("insert into stream values (?, ?, 0, 0)", (writer, epoch))
        self._streams[writer, epoch] = 0
        return epoch

    def close_stream(self, writer: str, epoch: int, reason: str) -> None:
        """End a stream: its open flows are `interrupted`, and a leaf says how many leaves it has."""
        self._fold_now = True
        for flow, opened in list(self._open.items()):
            if opened.owner == (writer, epoch):
                self.counters.release(flow)
                self._own(LeafKind.OUTCOME, flow, {"pub": {"status": "interrupted", "error": "lexgate_interrupted"}})
        count = self._streams.pop((writer, epoch))
        self._own(LeafKind.CLOSE, "", {}, {"writer": writer, "epoch": epoch, "count": count, "reason": reason})
        self._connection.execute(
            "update stream set n = ?, closed = 1 where writer = ? and epoch = ?", (count, writer, epoch)
        )
        self._dirty.discard((writer, epoch))

    # -- leaves ----------------------------------------------------------------------------------------------------

    def append(
        self,
        stream: tuple[str, int],
        n: int,
        leaf: SealedLeaf,
        reservation: str = "",
        keep: Mapping[str, Collection[str]] | None = None,
    ) -> int:
        """Stage one leaf; its index. AppendRefused leaves a `void` leaf in its place, so the stream stays dense."""
        if self._streams.get(stream) != n or b'"k":"%b","n":%d,"t":' % (leaf.kind.encode(), n) not in leaf.entry:
            raise StoreUnusable("a worker's stream is not dense")
        try:
            opened = self._admit(stream, leaf) if leaf.kind in _OF_A_FLOW else None
            if keep:
                self.counters.check_keep(reservation, keep)
        except AppendRefused as refusal:
            void = LeafDraft(LeafKind.VOID, leaf.flow, _now_us(), "", "", {}, plain={"reason": str(refusal)})
            self._stage(stream, seal(void, self._keyring, *stream, n))
            raise
        index = self._stage(stream, leaf)
        if reservation:
            self._begin()
            self.counters.keep(reservation, keep or {})
        self._project(stream, index, leaf, opened)
        return index

    def append_usual(self, stream: tuple[str, int], leaves: Sequence[Usual]) -> int:
        """Stage the first of these leaves, up to one that is not simply the next of its flow: how many that were.

        `append` has the last word on that one.
        """
        n, index, newest = self._streams.get(stream, -1), self.size, self._newest_flow
        opens, closed, projector, holds = self._open, self._closed_now, self._projector, self.counters.holding
        count = 0
        try:
            for number, outcome, flow, time_us, row, leaf in leaves:
                opened = opens.get(flow)
                if number != n + count or (opened is not None and opened.owner != stream):
                    break
                if opened is None:
                    if flow in closed or (flow <= newest and self._is_stored(flow)):
                        break
                    projector.first(index, flow, time_us, row, outcome=outcome)
                    if not outcome:
                        opens[flow] = OpenFlow(flow, index, time_us, stream, row)
                    newest = max(newest, flow)
                elif outcome:
                    projector.outcome(index, opened, row)
                    del opens[flow]
                else:
                    projector.attempt(index, opened, row)
                    opened.row = row
                if outcome:
                    closed.add(flow)
                    if flow in holds:
                        self.counters.release(flow)
                self._leaves.append(leaf)
                index += 1
                count += 1
        finally:  # leaves and their number agree, whatever happens
            if count:
                self.size, self._newest_flow, self._streams[stream] = index, newest, n + count
                self._dirty.add(stream)
        return count

    def add_user_key(self, row: tuple[bytes, str, str, bytes]) -> None:
        """File a wrapped user key. It goes into the store at once: what erasure must find is in no second place."""
        self._begin()
        self._fold_now = True
        self._connection.execute("insert or ignore into user_key values (?, ?, ?, ?)", row)

    def commit(self, *, journal: bool = False) -> None:
        """Make everything staged durable. On return it survives a power cut.

        `journal` lets it rest there: the store has it, and readers see it, with a later commit, FOLD_EVERY_US from the
        last one at most. Streams that begin or end and new user keys go into the store at once.
        """
        now = _running_us()
        if not (journal and not self._fold_now and now - self._folded_us < FOLD_EVERY_US and self._journaled()):
            self._fold(now)

    def file(self) -> None:
        """Put what rests in the journal into the store's open transaction: work that need not wait for its commit.

        Only once there is enough of it: a row costs as much as tens of thousands of its bytes.
        """
        if self._resting_bytes >= FILED_BYTES:
            self._file()

    def _file(self) -> None:
        if self._resting:
            self._begin()
            count, data = len(self._resting), join(self._resting)
            self._connection.execute(batch.INSERT, (self.size - len(self._leaves) - count, count, data))
            self._hashes.append(entry_hashes(count, data))
            self._resting, self._resting_bytes = [], 0

    def sign_now(self, *, mark: bool = False) -> None:
        """Bring everything into the store and sign the tree as it is; with `mark`, renew the high-water mark too."""
        self._signed_us = -SIGN_EVERY_US
        if mark:
            self._headed_us, self._signed = -HEAD_EVERY_US, -1
        if self.unsigned or self.behind:
            self._fold(_running_us())

    def close(self) -> None:
        """End all streams, sign, and let go of the store."""
        try:
            for writer, epoch in list(self._streams):
                if writer != OWN:
                    self.close_stream(writer, epoch, "shutdown")
            self._own(
                LeafKind.CLOSE,
                "",
                {},
                {
                    "writer": OWN,
                    "epoch": self._epoch,
                    "count": self._streams[OWN, self._epoch] + 1,
                    "reason": "shutdown",
                },
            )
            self._connection.execute("update stream set closed = 1 where writer = ? and epoch = ?", (OWN, self._epoch))
            self.sign_now(mark=True)
            remove_journal(self._path)
        finally:
            self._resources.close()

    def abandon(self) -> None:
        """Let go of the store without writing anything: after a store error nothing more may be said."""
        self._resources.close()

    # -- inside ----------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        if not self._connection.in_transaction:
            self._connection.execute("begin immediate")

    def _journaled(self) -> bool:
        """Whether what is staged is durable in the journal now; False when there is no room for it."""
        if not self._leaves:
            return True
        if self._journal is None:
            self._journal = Journal(self._path)
            self._resources.callback(self._journal.close)
            self._journal.restart(self._tree.size, self._tree.root())
        count, data = len(self._leaves), join(self._leaves)
        if not self._journal.write(self.size - count, count, data, self.counters.counted):
            return False
        self._rest(len(data))
        self.counters.counted.clear()
        return True

    def _rest(self, size: int) -> None:
        self._resting += self._leaves
        self._resting_bytes += size
        self._leaves = []

    def _fold(self, now: int) -> None:
        """Commit everything into the store. From then on the journal begins anew."""
        connection = self._connection
        self._begin()
        self._rest(0)
        self._file()
        self._grow(b"".join(self._hashes))
        connection.executemany(_TILE, self._tiles.take())
        connection.executemany(_STREAM, [(self._streams[stream], *stream) for stream in self._dirty])
        self._projector.flush(connection)
        root = self._tree.root()
        connection.execute("insert or replace into meta values ('projected', ?)", (str(self.size),))
        note = self._checkpoint(now, root) if self.unsigned and now - self._signed_us >= SIGN_EVERY_US else ""
        connection.execute("commit")
        self._hashes = []
        self._dirty.clear()
        self._closed_now.clear()
        self.counters.counted.clear()
        self._folded_us, self._fold_now = now, False
        if self._journal is not None:
            self._journal.restart(self.size, root)
        # Only now: a high-water mark above what is durable would refuse the store after a crash.
        if note and now - self._headed_us >= HEAD_EVERY_US:
            self._mark(note, now)

    def _grow(self, hashes: bytes) -> None:
        """Add leaves with these hashes to the tree and its tiles."""
        added = len(hashes) // 32
        self._tree.resume(self._tree.size + added, grow(self._tree.roots(), self._tree.size, hashes))
        self._tiles.extend(hashes)

    def _admit(self, stream: tuple[str, int], leaf: SealedLeaf) -> OpenFlow | None:
        """The open flow that an intent or outcome continues, None for a first leaf; AppendRefused out of order."""
        opened = self._open.get(leaf.flow)
        if opened is not None:
            if opened.owner != stream:
                raise AppendRefused("this flow is another worker's")
            return opened
        if not leaf.flow:
            raise AppendRefused(f"an {leaf.kind.value} names its flow")
        # Flow ids grow with time (UUIDv7): one above all seen so far cannot be known, which saves most lookups.
        if leaf.flow in self._closed_now or (leaf.flow <= self._newest_flow and self._is_stored(leaf.flow)):
            raise AppendRefused("this flow has its outcome already")
        return None

    def _is_stored(self, flow: str) -> bool:
        return self._connection.execute("select 1 from flow where flow = ?", (flow,)).fetchone() is not None

    def _project(self, stream: tuple[str, int], index: int, leaf: SealedLeaf, opened: OpenFlow | None) -> None:
        row, flow, projector = leaf.row, leaf.flow, self._projector
        if row is None:
            if leaf.flows:
                projector.settle(index, leaf.flows)
            return
        if leaf.kind is _OUTCOME:
            if opened is None:
                projector.first(index, flow, leaf.time_us, row, outcome=True)
            else:
                projector.outcome(index, opened, row)
                del self._open[flow]
            self._closed_now.add(flow)
            self.counters.release(flow)
        elif opened is None:
            projector.first(index, flow, leaf.time_us, row, outcome=False)
            self._open[flow] = OpenFlow(flow, index, leaf.time_us, stream, row)
        else:
            projector.attempt(index, opened, row)
            opened.row = row
        if opened is None and flow > self._newest_flow:
            self._newest_flow = flow

    def _stage(self, stream: tuple[str, int], leaf: SealedLeaf) -> int:
        index = self.size
        self.size = index + 1
        self._leaves.append(batch.one(leaf.entry, leaf.disclosed, leaf.sealed, leaf.content))
        self._streams[stream] += 1
        self._dirty.add(stream)
        return index

    def _own(
        self, kind: LeafKind, flow: str, groups: Mapping[str, Mapping[str, Any]], plain: Mapping[str, Any] | None = None
    ) -> int:
        """A leaf that the log itself has to say."""
        stream = (OWN, self._epoch)
        draft = LeafDraft(kind, flow, _now_us(), "", "", groups, plain=plain)
        leaf = seal(draft, self._keyring, *stream, self._streams[stream])
        index = self._stage(stream, leaf)
        self._project(stream, index, leaf, self._open.get(flow))
        return index

    def _checkpoint(self, now: int, root: bytes) -> str:
        head = Checkpoint(self._log_name(), self.size, root)
        note = sign(head, self._key, self._keyring.signer)
        floor = next((opened.seq for opened in self._open.values()), self.size)
        # A clock that was set back must not bring an older checkpoint forward.
        row = self._connection.execute("select max(second) from checkpoint").fetchone()
        second = max(_now_us() // 1_000_000, row[0] or 0)
        self._connection.execute(
            "insert or replace into checkpoint values (?, ?, ?, ?)", (second, self.size, floor, note)
        )
        self._signed, self._signed_us = self.size, now
        return note

    def _mark(self, note: str, now: int) -> None:
        write_head(self._keyring.folder, self.origin, Head(self.generation, note))
        self._headed, self._headed_us = self._signed, now

    def _log_name(self) -> str:
        return self.origin if self.generation == 1 else f"{self.origin}/{self.generation}"

    # -- start -----------------------------------------------------------------------------------------------------

    def _start(self, loss: str) -> None:
        connection = self._connection
        found = dict(connection.execute("select key, value from meta"))
        if found.get("origin", self.origin) != self.origin:
            raise StoreUnusable(f"this store is the log {found['origin']!r}, not {self.origin!r}")
        self.generation = int(found.get("generation", "1"))
        head = read_head(self._keyring.folder, self.origin, self._key)
        left = read_journal(journal_path(self._path))
        wanted = {head.checkpoint.size if head else 0, left.base if left else 0}
        roots = restore(connection, self._tree, self._tiles, wanted)
        self._begin()
        unreadable = self._continue(left, roots, loss) if left is not None else None
        self.size = self._tree.size
        projected = int(found.get("projected", self.size))
        catch_up(connection, self._keyring, projected, self._floor(projected))
        self._newest_flow = connection.execute("select coalesce(max(flow), '') from flow").fetchone()[0]
        marked = roots.get(head.checkpoint.size) if head else None
        lost = agreed(head, self.generation, self.size, marked, loss)
        self._begin()
        if lost is None and unreadable is not None:
            lost = head.note if head else ""
        if lost is not None:
            self.generation = max(self.generation, head.generation if head else 1) + 1
        connection.execute("insert or replace into meta values ('origin', ?)", (self.origin,))
        connection.execute("insert or replace into meta values ('generation', ?)", (str(self.generation),))
        previous = connection.execute("select writer, epoch, n from stream where closed = 0").fetchall()
        self._epoch = self.open_stream(OWN)
        said: dict[str, Any] = {"origin": self.origin, "generation": self.generation, "format": 1}
        if left is not None and left.unwritten is not None and left.unwritten[0] == self.size:
            said["unwritten"] = left.unwritten[1]  # nobody has heard of them, unless the file was damaged
        self._own(LeafKind.OPEN, "", {}, said)
        if lost is not None:
            self._own(LeafKind.LOSS, "", {}, {"lost": lost, "reason": loss, "kept": self.size - 1})
        self._recover([(w, e, n) for w, e, n in previous])
        self.sign_now(mark=True)
        remove_journal(self._path)

    def _continue(self, left: Left, roots: Mapping[int, bytes], loss: str) -> int | None:
        """Stage what a death left in the journal; the first leaf of it that is lost, None when none is.

        LogForked when the journal is not this store's or was damaged, and no loss is accepted.
        """
        unreadable = left.unreadable(self._tree.size)
        if unreadable is not None and not loss:
            raise LogForked(
                f"the journal beside the store was damaged: leaves from {unreadable} on were acknowledged and cannot be"
                " read. Keep a copy of the file. `lexgate restore --accept-loss REASON` goes on with what can be read,"
                " records that the rest is lost, and starts a new generation"
            )
        if not left.frames:
            return unreadable
        if left.base > self._tree.size or roots.get(left.base, EMPTY_ROOT) != left.root:
            if loss:
                return self._tree.size
            raise LogForked(
                f"the journal beside the store continues a tree of {left.base} leaves that this store does not have: it is"
                " an older copy, or was altered. If the loss is real and accepted, `lexgate restore --accept-loss REASON`"
                " records it and starts a new generation"
            )
        counts: dict[tuple[str, int], int] = {}
        for frame in left.after(self._tree.size):
            if frame.first != self._tree.size:
                raise LogForked(
                    f"the store ends within a batch of its journal, at leaf {self._tree.size}: it was altered"
                )
            leaves = batch.unpack(frame.first, frame.leaves, frame.data)
            self._grow(entry_hashes(frame.leaves, frame.data))
            for leaf in leaves:
                with suppress(ValueError, KeyError, TypeError):  # a worker's doing, which `audit verify` tells of
                    entry = orjson.loads(leaf[1])
                    counts[entry["w"], entry["e"]] = entry["n"] + 1
            self._connection.execute(batch.INSERT, (frame.first, frame.leaves, frame.data))
            for count in frame.counted:
                self.counters.count(*count)
        self._connection.executemany(_STREAM, [(n, *stream) for stream, n in counts.items()])
        return unreadable

    def _recover(self, streams: list[tuple[str, int, int]]) -> None:
        """Close what a death left open: flows as interrupted, streams with the count that was committed."""
        self._open = dict(open_flows(self._connection, self._floor(self.size)))
        for flow in list(self._open):
            self._own(LeafKind.OUTCOME, flow, {"pub": {"status": "interrupted", "error": "lexgate_interrupted"}})
        for writer, epoch, n in streams:
            self._streams[writer, epoch] = n
            self.close_stream(writer, epoch, "found open at start")

    def _floor(self, leaves: int) -> int:
        """A leaf below which no flow is open in what the first `leaves` leaves say: of a checkpoint over no more."""
        found = "select floor from checkpoint where size <= ? order by second desc limit 1"
        row = self._connection.execute(found, (leaves,)).fetchone()
        return int(row[0]) if row else 0


def _running_us(clock: Callable[[], int] = time.monotonic_ns) -> int:
    """What intervals are measured by: nobody sets this clock."""
    return clock() // 1000


def _now_us(clock: Callable[[], int] = time.time_ns) -> int:
    return clock() // 1000
