"""The log-writer process: one Unix socket, many data workers, one `Log`.

Group commit: while one batch syncs to disk, the frames of the next gather in the socket buffers; what one turn of the
event loop has read becomes one batch. When several flows are under way and leaves arrive densely, the commit waits up
to 2.5 ms for more of them, as PostgreSQL's commit_delay and commit_siblings do: each commit costs its write and
its sync however few leaves it has. While a crowd of leaves arrives, batches go into the journal, and the store has them
up to 500 ms later; a lone call's leaves go into the store at once. Everything runs in one thread, because nothing here is
worth doing while a commit is under way.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections import deque
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import orjson

from audit.counters import CounterUse
from audit.errors import AppendRefused, AuditError, LogUnavailable
from audit.intake import Usual, take
from audit.keys import Keyring
from audit.projection import COLUMNS, TAGS, Row
from audit.record import LeafKind, SealedLeaf
from audit.sequencer import OWN, SIGN_EVERY_US, Log
from audit.store import batch
from audit.store.sqlite import Error as SqliteError
from audit.wire import Frame, FrameProtocol, pack_acks, pack_json, unpack_append, unpack_key

_RESERVED = frozenset({LeafKind.OPEN, LeafKind.CLOSE, LeafKind.VOID, LeafKind.LOSS})
"""Kinds that only the log itself may write."""
_KINDS = {kind.value: kind for kind in LeafKind if kind not in _RESERVED}
_OF_A_FLOW = frozenset({LeafKind.INTENT.value, LeafKind.OUTCOME.value})
_COLUMNS = len(COLUMNS)
_WIDTH = _COLUMNS + len(TAGS)
_LATEST_US = 1 << 53
_ROWS, _ROW_BYTES = 1024, 1024
"""Rows of search that are remembered, and the most bytes of one's JSON: some 3 MB where all are different and long."""
_COMPANY = 4
"""A commit waits only while this many flows are open and this many leaves have come within _RECENT_S."""
_RECENT_S = 0.004
_CROWD = 8
"""So many leaves within _BUSY_S go by way of the journal."""
_BUSY_S = 0.02
_DELAY_S = 0.0025
"""The longest that a leaf waits for company before its commit begins."""


async def run(
    store_path: Path,
    keyring: Keyring,
    socket: Path,
    origin: str,
    ready: Callable[[], None],
    *,
    drain_s: float = 10.0,
) -> None:
    """Serve the log until SIGTERM; then wait up to `drain_s` seconds for workers to leave, close streams, sign, return.

    Raises StoreUnusable when the store cannot be opened, and AuditError when it fails while running: the process must
    then end with a non-zero status. SIGINT is ignored: Ctrl-C reaches the whole process group, and the supervisor
    decides the order in which it ends.
    """
    log = Log.open(store_path, keyring, origin)
    service = _Service(log)
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopping.set)
    loop.add_signal_handler(signal.SIGINT, lambda: None)
    try:
        _prepare(socket, keyring, origin)
        before = os.umask(0o177)
        try:
            server = await loop.create_unix_server(lambda: _Connection(service), str(socket))
        finally:
            os.umask(before)
        ready()
        try:
            await _either(stopping, service.failed)
            server.close()
            if not service.failed.is_set():
                await service.drain(drain_s)
        finally:
            server.close()
        service.finish()
    except BaseException:
        log.abandon()
        raise
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
        loop.remove_signal_handler(signal.SIGINT)


def _prepare(socket: Path, keyring: Keyring, origin: str) -> None:
    """Clear the way for the socket, and publish the verifier key."""
    socket.unlink(missing_ok=True)
    (keyring.folder / "log.vkey").write_text(f"{keyring.verifier_key(origin)}\n")


async def _either(*events: asyncio.Event) -> None:
    tasks = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


def _sound(head: list[Any]) -> list[Any]:
    """The head of an append, of the right types; ValueError or TypeError otherwise.

    What is staged is committed with the leaves of others: nothing in it may make that fail, or leave a flow untold.
    """
    kind, flow, flows, time_us, row, keys, reservation, _keep = head
    if (
        type(time_us) is not int
        or not 0 <= time_us < _LATEST_US
        or type(flow) is not str
        or type(reservation) is not str
    ):
        raise ValueError("head")
    if row is not None:
        _texts_of(row)
    if (row is not None and len(row) == _WIDTH) is not (kind in _OF_A_FLOW):
        raise ValueError("row")
    if flows:
        _texts(*flows)
    for key in keys:
        _texts(*key)
    return head


def _texts_of(row: Row) -> None:
    """TypeError unless a row holds texts, and lists of texts."""
    "".join(row[:_COLUMNS])  # the cheapest way to ask whether all of them are texts
    for texts in row[_COLUMNS:]:
        "".join(texts)


def _texts(*values: object) -> None:
    if not all(type(value) is str for value in values):
        raise TypeError("texts expected")


class _Service:
    """What the connections share: the log, and when to commit."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.failed = asyncio.Event()
        self.connections: set[_Connection] = set()
        self.leaving: list[_Connection] = []
        self.empty = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._waiting = False
        self.rows: dict[bytes, Row] = {}
        self._arrivals: deque[float] = deque(maxlen=_CROWD)
        self._delayed: asyncio.TimerHandle | None = None
        self._signing: asyncio.TimerHandle | None = None
        self._error: Exception | None = None

    def read_row(self, json: bytes) -> Row | None:
        """A row out of its JSON, None when it is none. Kept: calls of one kind share theirs."""
        try:
            said = orjson.loads(json)
            _texts_of(said)
        except (ValueError, TypeError):
            return None
        if type(said) is not list or len(said) != _WIDTH:
            return None
        row = tuple(said)
        if len(json) <= _ROW_BYTES:
            if len(self.rows) >= _ROWS:
                self.rows.clear()
            self.rows[json] = row
        return row

    def changed(self) -> None:
        """Something was staged: commit once everything that is readable now has been read, or company has come."""
        if not self._waiting:
            self._waiting = True
            if self._in_company():
                self._delayed = self._loop.call_later(_DELAY_S, self._commit)
            else:
                self._loop.call_soon(self._gathered)

    def appended(self, leaves: int) -> None:
        """Leaves were staged: they count as company for others."""
        self._arrivals.extend([self._loop.time()] * min(leaves, _CROWD))
        self.changed()

    def _gathered(self) -> None:
        """All that was readable has been read."""
        if self._in_company():
            self._delayed = self._loop.call_later(_DELAY_S, self._commit)
        else:
            self._commit()

    def _in_company(self) -> bool:
        """Whether waiting for others is worth it. A lone caller never waits: it has one flow open, or none."""
        arrivals = self._arrivals
        dense = len(arrivals) >= _COMPANY and self._loop.time() - arrivals[-_COMPANY] <= _RECENT_S
        return dense and self.log.open_flows >= _COMPANY

    def _commit(self) -> None:
        self._waiting, self._delayed = False, None
        if self.failed.is_set():
            return
        arrivals = self._arrivals
        crowd = len(arrivals) == _CROWD and self._loop.time() - arrivals[0] <= _BUSY_S
        try:
            self.log.commit(journal=crowd)
            for connection in self.connections:
                connection.committed()
            for connection in self.leaving:
                connection.hang_up()
            self.leaving.clear()
            self.log.file()
        except Exception as error:  # whatever it is, nobody knows how much of the batch was done
            self.fail(error)
            return
        self._sign_soon()

    def _sign_soon(self) -> None:
        if (self.log.unsigned or self.log.behind) and self._signing is None:
            self._signing = self._loop.call_later(SIGN_EVERY_US / 1e6, self._sign)

    def _sign(self) -> None:
        """Brings what rests in the journal into the store and signs it. While leaves keep coming, it waits its time."""
        self._signing = None
        if self.failed.is_set():
            return
        busy = bool(self._arrivals) and self._loop.time() - self._arrivals[-1] <= _BUSY_S
        try:
            if not busy or self.log.overdue:
                self.log.sign_now()
        except Exception as error:  # as above
            self.fail(error)
            return
        self._sign_soon()

    def fail(self, error: Exception) -> None:
        """The store failed: nothing more is acknowledged, every worker loses its connection, the process ends."""
        self._error = error
        self.failed.set()
        for connection in list(self.connections):
            connection.broken("store failed")

    async def drain(self, seconds: float) -> None:
        """Wait for the workers to leave by themselves."""
        if self.connections:
            self.empty.clear()
            with contextlib.suppress(TimeoutError):  # those still there are cut off, and their flows interrupted
                await asyncio.wait_for(_either(self.empty, self.failed), seconds)

    def finish(self) -> None:
        """Close the log; raises when it had failed."""
        for timer in (self._signing, self._delayed):
            if timer is not None:
                timer.cancel()
        if self._error is not None:
            raise AuditError(f"the store failed: {type(self._error).__name__}") from self._error
        self._waiting = True  # what closing stages is committed by the log's own close
        for connection in list(self.connections):
            connection.broken("shutting down")
        self.log.close()


class _Connection(FrameProtocol):
    """One data worker's connection: its stream, and the answers that wait for the commit."""

    def __init__(self, service: _Service) -> None:
        super().__init__()
        self._service = service
        self._stream: tuple[str, int] | None = None
        self._arrived = 0
        self._acks: list[int] = []
        self._answers: list[bytes] = []
        self._reserved: set[str] = set()
        self._gone = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._service.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave("connection lost")

    def broken(self, reason: str) -> None:
        super().broken(reason)
        self._leave(reason)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._arrived:
            self._service.appended(self._arrived)
            self._arrived = 0

    def many_received(self, buffer: bytes, at: int) -> int:
        service = self._service
        if self._stream is None or self._gone or service.failed.is_set():
            return at
        leaves, end = take(buffer, at, service.rows, service.read_row)
        if leaves:
            self._guarded(self._append_usual, self._stream, leaves)
        return end

    def frame_received(self, kind: int, body: bytes) -> None:
        if self._gone or self._service.failed.is_set():
            return
        if kind == Frame.APPEND and self._stream is not None:
            self._guarded(self._append, self._stream, body)
        else:
            self._guarded(self._handle, kind, body)

    def _guarded(self, step: Callable[..., None], *arguments: Any) -> None:
        """Do what a worker asks for; it pays for what it sends, and the log for its own errors."""
        try:
            step(*arguments)
        except (SqliteError, OSError) as error:
            self._service.fail(error)
        except Exception as error:  # what a worker sends may be anything
            # A worker that does not keep the protocol is treated as dead; the log and the other workers go on.
            self.broken(f"protocol: {type(error).__name__}")

    def _handle(self, kind: int, body: bytes) -> None:
        log = self._service.log
        if kind == Frame.HELLO and self._stream is None:
            writer = orjson.loads(body)["writer"]
            if not writer or writer == OWN or not writer.isascii():
                raise ValueError("writer name")
            self._stream = (writer, log.open_stream(writer))
            self._answers.append(pack_json(Frame.WELCOME, {"epoch": self._stream[1]}))
            self._service.changed()
        elif self._stream is None:
            raise ValueError("no hello")
        elif kind == Frame.RESERVE:
            self._reserve(orjson.loads(body))
        elif kind == Frame.RELEASE:
            flow = orjson.loads(body)["flow"]
            self._reserved.discard(flow)
            log.counters.release(flow)
        elif kind == Frame.BYE:
            self._leave("bye")
            self._service.leaving.append(self)
        else:
            raise ValueError("frame type")

    def _append_usual(self, stream: tuple[str, int], leaves: list[Usual]) -> None:
        log = self._service.log
        self._arrived += len(leaves)
        while leaves:
            index = log.size
            count = log.append_usual(stream, leaves)
            pairs = [0] * (2 * count)
            pairs[::2] = range(leaves[0][0], leaves[0][0] + count)
            pairs[1::2] = range(index, index + count)
            self._acks += pairs
            if count < len(leaves):
                n, outcome, flow, time_us, row, leaf = leaves[count]
                kind = LeafKind.OUTCOME if outcome else LeafKind.INTENT
                self._stage(stream, n, SealedLeaf(kind, flow, (), time_us, *batch.pieces_of(leaf), row, ()))
                count += 1
            leaves = leaves[count:]

    def _append(self, stream: tuple[str, int], body: bytes) -> None:
        n, head, entry, disclosed, sealed, content = unpack_append(body)
        kind, flow, flows, time_us, row, keys, reservation, keep = _sound(head)
        leaf = SealedLeaf(_KINDS[kind], flow, flows, time_us, entry, disclosed, sealed, content, row, ())
        for key in keys:
            self._service.log.add_user_key(unpack_key(key))
        self._arrived += 1
        self._stage(stream, n, leaf, reservation, keep)

    def _stage(
        self,
        stream: tuple[str, int],
        n: int,
        leaf: SealedLeaf,
        reservation: str = "",
        keep: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        try:
            index = self._service.log.append(stream, n, leaf, reservation, keep)
        except AppendRefused as refusal:
            self._answers.append(pack_json(Frame.REFUSED, {"n": n, "reason": str(refusal)}))
            return
        if reservation:
            self._reserved.discard(reservation)
        self._acks += (n, index)

    def _reserve(self, request: dict[str, Any]) -> None:
        flow, tenant, now_us = request["flow"], request["tenant"], request["now_us"]
        uses = [CounterUse(counter, period, frozenset(subjects)) for counter, period, subjects in request["uses"]]
        _texts(flow, tenant, *(text for use in uses for text in (use.counter, use.period, *use.subjects)))
        states = self._service.log.counters.reserve(flow, tenant, uses, now_us)
        self._reserved.add(flow)
        answer = {"id": request["id"], "states": [(s.counter, s.before, s.new) for s in states]}
        self.send(pack_json(Frame.STATES, answer))

    def committed(self) -> None:
        """A batch is durable: tell this worker what of it was its own."""
        if not (self._acks or self._answers) or self._gone:
            return
        answers, self._answers = self._answers, []
        if self._acks:
            answers.append(pack_acks(self._acks))
            self._acks = []
        try:
            self.send(b"".join(answers))
            self.flush()
        except LogUnavailable:
            self._leave("connection lost")

    def hang_up(self) -> None:
        """The worker said goodbye and its stream is closed, durably."""
        if self._transport is not None:
            self._transport.close()

    def _leave(self, reason: str) -> None:
        """The worker is gone: free what it held, close what it left open."""
        if self._gone:
            return
        self._gone = True
        service = self._service
        service.connections.discard(self)
        if not service.connections:
            service.empty.set()
        for flow in self._reserved:
            service.log.counters.release(flow)
        if self._stream is not None and not service.failed.is_set():
            try:
                service.log.close_stream(*self._stream, reason)
                service.changed()
            except Exception as error:  # as in `_commit`
                service.fail(error)
