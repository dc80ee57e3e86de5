"""The log as a data worker sees it: seal here, send, return when durable.

Each connection is an *epoch* of this writer with its own dense stream of leaves. When the connection is lost the epoch
is over: `lost` is set, everything pending fails with LogUnavailable, the worker aborts its flows (the log writer marks
them `interrupted`) and connects anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from audit.counters import CounterState, CounterUse
from audit.errors import AppendRefused, AuditError, LogUnavailable, RecordInvalid
from audit.framing import Framer, Written
from audit.keys import Keyring
from audit.record import LeafDraft
from audit.sealing import leaf_hash
from audit.wire import Frame, FrameProtocol, pack_json, unpack_acks

_ACKS = int(Frame.ACKS)
MAX_PENDING = 20_000  # leaves sent and not yet durable; beyond this the log writer is not keeping up at all


class Receipt(NamedTuple):
    """A durable leaf: where it stands in the log, and its entry."""

    index: int  # type: ignore[assignment]  # not a tuple's search for an item: nobody asks a receipt that
    entry: bytes

    @property
    def leaf_hash(self) -> bytes:
        """Its RFC 6962 leaf hash."""
        return leaf_hash(self.entry)


class Appender:
    """One epoch of one writer. Use from the event loop it was made in."""

    def __init__(self, keyring: Keyring, writer: str, link: _Link, epoch: int) -> None:
        self._framer = link.framer = Framer(keyring, writer, epoch)
        self._link = link
        self.writer = writer
        self.epoch = epoch
        self.lost = link.lost

    @classmethod
    async def connect(cls, socket: Path, keyring: Keyring, writer: str) -> Appender:
        """Connect to the log writer and begin a new epoch; LogUnavailable when there is none."""
        loop = asyncio.get_running_loop()
        try:
            _, link = await loop.create_unix_connection(_Link, str(socket))
        except OSError as error:
            raise LogUnavailable("the log writer does not answer") from error
        link.send(pack_json(Frame.HELLO, {"writer": writer}))
        welcome = await link.welcome
        return cls(keyring, writer, link, welcome["epoch"])

    @property
    def is_lost(self) -> bool:
        """Whether this epoch is over."""
        return self._link.is_lost

    @property
    def sent(self) -> int:
        """How many leaves this epoch has sent."""
        return self._link.n

    @property
    def oldest_pending(self) -> int | None:
        """Number of the first leaf that is sent and not yet durable; None when there is none."""
        return next(iter(self._link.pending), None)

    def append(
        self,
        draft: LeafDraft,
        *,
        reservation: str = "",
        keep: Mapping[str, Collection[str]] | None = None,
    ) -> asyncio.Future[Receipt]:
        """Record `draft`; done when it is durable.

        `reservation` names the flow whose reservation ends with this leaf: what `keep` names of it is counted in the
        same transaction, the rest is freed. Raises RecordInvalid before anything is sent, AppendRefused when the
        writer refuses this leaf (the stream goes on), LogUnavailable when the epoch is over; each at once, or in place of
        the receipt.
        """
        link = self._link
        link.require()
        written = self._framer.written(draft)
        if written is not None:
            return link.gather((draft, written, reservation, keep))
        link.seal()  # what was gathered comes first: leaves are numbered in the order in which they came
        waiter: asyncio.Future[Receipt] = link.loop.create_future()
        link.send(link.sealed(draft, reservation, keep, waiter))
        return waiter

    async def reserve(
        self, flow: str, tenant: str, uses: Sequence[CounterUse], now_us: int
    ) -> tuple[CounterState, ...]:
        """Reserve `uses` for `flow` (replacing what it had reserved); where each counter stands without them."""
        if self._link.lost.is_set():
            raise LogUnavailable("the log writer is gone")
        plain = [(use.counter, use.period, sorted(use.subjects)) for use in uses]
        return await self._link.ask({"flow": flow, "tenant": tenant, "uses": plain, "now_us": now_us})

    async def release(self, flow: str) -> None:
        """Free the reservation of `flow`, if it has one."""
        if self._link.lost.is_set():
            raise LogUnavailable("the log writer is gone")
        self._link.send(pack_json(Frame.RELEASE, {"flow": flow}))

    def abort(self) -> None:
        """Give this epoch up at once: nothing more is sent, and what is pending fails with LogUnavailable.

        For a writer that does not answer: it closes the flows of this epoch itself when it sees the end.
        """
        self._link.abort()

    async def close(self) -> None:
        """Wait for what is pending and leave; returns when the stream's end is recorded.

        Flows still open become `interrupted`.
        """
        link = self._link
        link.seal()
        if link.pending:
            await asyncio.wait([waiter for waiter, _ in link.pending.values()])
        link.leave()
        await link.lost.wait()


class _Link(FrameProtocol):
    """The connection: matches answers to who waits for them.

    Leaves of the usual kind are gathered until the turn of the loop is over, and then sealed together: many hashes side by
    side cost less than one after another. Until then they have no number.
    """

    framer: Framer

    def __init__(self) -> None:
        super().__init__()
        self.loop = self._loop
        self.lost = asyncio.Event()
        self.is_lost = False
        self.welcome: asyncio.Future[dict[str, Any]] = self.loop.create_future()
        self.n = 0  # the number of the next leaf
        self.pending: dict[int, tuple[asyncio.Future[Receipt], bytes]] = {}  # who waits for a leaf, and its entry
        self._gathered: list[Written] = []
        self._gatherers: list[asyncio.Future[Receipt]] = []
        self._asked: dict[int, asyncio.Future[tuple[CounterState, ...]]] = {}
        self._questions = 0

    def require(self) -> None:
        """Raises LogUnavailable unless a leaf can be sent."""
        if self.is_lost or self._transport is None or self._transport.is_closing():
            raise LogUnavailable("the log writer is gone")
        if len(self.pending) + len(self._gathered) >= MAX_PENDING:
            raise LogUnavailable("the log writer does not keep up")

    def gather(self, leaf: Written) -> asyncio.Future[Receipt]:
        """Send it with the others of this turn of the loop."""
        waiter: asyncio.Future[Receipt] = self.loop.create_future()
        if not (self._gathered or self._outgoing):
            self.loop.call_soon(self.flush)
        self._gathered.append(leaf)
        self._gatherers.append(waiter)
        return waiter

    def sealed(
        self,
        draft: LeafDraft,
        reservation: str,
        keep: Mapping[str, Collection[str]] | None,
        waiter: asyncio.Future[Receipt],
    ) -> bytes:
        """The frame of the next leaf, sealed by itself."""
        entry, frame = self.framer.sealed(draft, self.n, reservation, keep)
        self.pending[self.n] = (waiter, entry)
        self.n += 1
        return frame

    def seal(self) -> None:
        """Seal what was gathered, to be sent."""
        if self._gathered:
            leaves, waiters = self._gathered, self._gatherers
            self._gathered, self._gatherers = [], []
            self._seal(leaves, waiters)

    def _seal(self, leaves: list[Written], waiters: list[asyncio.Future[Receipt]]) -> None:
        while leaves:
            n = self.n
            try:
                frames, entries = self.framer.frames(leaves, n)
            except Exception as error:  # whatever it is: nothing of it was sent, so the stream stays dense
                if len(leaves) == 1:
                    _fail(waiters[0], _unsealable(error))
                    return
                for leaf, waiter in zip(leaves, waiters, strict=True):  # one is at fault, the others go
                    self._seal([leaf], [waiter])
                return
            done = len(entries)
            self.n = n + done
            self.pending.update(zip(range(n, n + done), zip(waiters, entries, strict=False), strict=False))
            self._outgoing.append(frames)
            if done < len(leaves):  # this one is of another kind
                draft, groups, reservation, keep = leaves[done]
                try:
                    odd = self.sealed(draft._replace(groups=groups), reservation, keep, waiters[done])
                    self._outgoing.append(odd)
                except Exception as error:
                    _fail(waiters[done], _unsealable(error))
            leaves, waiters = leaves[done + 1 :], waiters[done + 1 :]

    def send(self, frame: bytes) -> None:
        """Send it behind what was gathered."""
        self.seal()
        super().send(frame)

    def flush(self) -> None:
        """Seal what was gathered, and write."""
        self.seal()
        super().flush()

    def ask(self, request: dict[str, Any]) -> asyncio.Future[tuple[CounterState, ...]]:
        self._questions += 1
        answer: asyncio.Future[tuple[CounterState, ...]] = self.loop.create_future()
        self._asked[self._questions] = answer
        self.send(pack_json(Frame.RESERVE, request | {"id": self._questions}))
        return answer

    def leave(self) -> None:
        """Say goodbye; the writer hangs up when the end of the stream is durable."""
        if self._transport is not None and not self._transport.is_closing():
            self.send(pack_json(Frame.BYE, {}))

    def abort(self) -> None:
        """End the connection now; whoever waits is told at once, not when the loop gets to it."""
        self._outgoing = []
        if self._transport is not None:
            self._transport.abort()
        self.connection_lost(None)

    def frame_received(self, kind: int, body: bytes) -> None:
        if self.is_lost:
            return
        if kind == _ACKS:
            pairs, pending = unpack_acks(body), self.pending
            for n, index in zip(pairs[::2], pairs[1::2], strict=True):
                waiter, entry = pending.pop(n)
                if not waiter.done():
                    waiter.set_result(tuple.__new__(Receipt, (index, entry)))  # a call of Python less than by its name
            return
        document = orjson.loads(body)
        if kind == Frame.STATES:
            answer = self._asked.pop(document["id"])
            if not answer.done():
                answer.set_result(tuple(CounterState(*state) for state in document["states"]))
        elif kind == Frame.REFUSED:
            waiter, _ = self.pending.pop(document["n"])
            _fail(waiter, AppendRefused(document["reason"]))
        elif kind == Frame.WELCOME:
            self.welcome.set_result(document)

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_lost = True
        self.lost.set()
        appended = [waiter for waiter, _ in self.pending.values()]
        waiting: list[asyncio.Future[Any]] = [self.welcome, *appended, *self._gatherers, *self._asked.values()]
        self.pending.clear()
        self._gathered, self._gatherers = [], []
        self._asked.clear()
        for waiter in waiting:
            _fail(waiter, LogUnavailable("the log writer is gone"))


def _unsealable(error: Exception) -> RecordInvalid:
    return RecordInvalid(f"the leaf cannot be sealed: {type(error).__name__}")


def _fail(waiter: asyncio.Future[Any], error: AuditError) -> None:
    if not waiter.done():
        waiter.set_exception(error)
        waiter.exception()  # seen: nobody may be waiting any more
