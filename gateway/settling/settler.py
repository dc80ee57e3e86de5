"""Settles flows in batches, off the hot path: the inspectors recount, price and fingerprint; one leaf records many.

The same pass inspects what the model wrote, so that the next turn of the conversation finds it in the cache.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog

from audit.canonical import Rendered, RenderedRows, dump
from audit.errors import RecordInvalid
from audit.record import LeafDraft, LeafKind
from gateway.flow import Flow, Span
from gateway.settling.batch import packed
from gateway.settling.exchange import Settling, content_of, settled_before, settling

if TYPE_CHECKING:
    from audit.appender import Appender
    from gateway.services import Services

log = structlog.get_logger("lexgate.settler")

BATCH = 64
BATCH_BYTES = 8_388_608
"""Flows of a batch, and the bytes of their texts: one flow goes in any case."""
PAUSE_SECONDS = 0.5
"""Between two batches, unless a whole one waits: one call of an inspector and one leaf settle many flows."""
DEADLINE_SECONDS = 30.0
LARGEST = 1_048_576
"""Bytes of a flow's texts that are analysed; beyond it the flow is settled as reported, so that nobody waits for it."""
SPAN_BYTES = 160
TRIES = 3
RETRY_SECONDS = 0.2


@dataclass(slots=True)
class Waiting:
    """A flow that waits to be settled. `appender` is the log the flow began with; `result` is there once it is known."""

    settling: Settling | None  # None: settled before
    appender: Appender
    size: int
    result: dict[str, Any] | None = None
    tries: int = 0
    recorded: bool = False


class Settler:
    """A bounded queue and the task that empties it. `services` is asked anew for each batch: it may be reloaded."""

    def __init__(self, services: Callable[[], Services], most_bytes: int = 67_108_864) -> None:
        self._services = services
        self._queue: list[Waiting] = []
        self._bytes = 0
        self._most_bytes = most_bytes
        self._wake = asyncio.Event()
        self._full = asyncio.Event()  # a whole batch waits
        self._task: asyncio.Task[None] | None = None
        self._closing = False

    def start(self) -> None:
        self._task = asyncio.ensure_future(self._run())

    def add(self, flow: Flow) -> None:
        """Queues a flow. When the queue is full its texts are left out: it is settled as reported, not recounted."""
        services = self._services()
        content = content_of(flow)
        result = settled_before(flow, content, services)
        if result is not None:
            self._put(Waiting(None, flow.log, 0, result))
            return
        work = settling(flow, content, services)
        size = len(content) + sum(len(row.get("text", "")) for row in work.item["request"])
        if size > LARGEST or self._bytes + size > self._most_bytes:
            work.item.update(output_text="", delivered_text="", request=[], inspect=False, skipped=True)
            size = 0
        self._bytes += size
        self._put(Waiting(work, flow.log, size))

    def _put(self, waiting: Waiting) -> None:
        self._queue.append(waiting)
        self._wake.set()
        if self._whole:
            self._full.set()

    @property
    def _whole(self) -> bool:
        """Whether a whole batch waits."""
        return len(self._queue) >= BATCH or self._bytes >= BATCH_BYTES

    def _next(self) -> list[Waiting]:
        """The next batch. A flow that was in one that failed goes alone: the others are not to share its fate again."""
        batch: list[Waiting] = []
        size = 0
        for waiting in self._queue[:BATCH]:
            size += waiting.size
            if batch and (waiting.tries or batch[0].tries or size > BATCH_BYTES):
                break
            batch.append(waiting)
        del self._queue[: len(batch)]
        self._bytes -= sum(waiting.size for waiting in batch)
        return batch

    async def close(self) -> None:
        """Settles what waits, then ends."""
        self._closing = True
        self._wake.set()
        self._full.set()
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        while self._queue or not self._closing:
            if not self._queue:
                self._wake.clear()
                await self._wake.wait()
                continue
            await self._settle(self._next())
            tried = bool(self._queue and self._queue[0].tries)
            if not (self._whole or tried or self._closing):
                self._full.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._full.wait(), PAUSE_SECONDS)

    async def _settle(self, batch: list[Waiting]) -> None:
        try:
            if any(waiting.result is None for waiting in batch):
                await self._analyse([(w, w.settling) for w in batch if w.result is None and w.settling is not None])
            await _append(batch)
        except Exception as error:
            log.warning("flows could not be settled yet", flows=len(batch), error=type(error).__name__)
            await asyncio.sleep(RETRY_SECONDS)
            for waiting in batch:
                waiting.tries += 1
                if waiting.tries < TRIES and not waiting.recorded and not waiting.appender.lost.is_set():
                    self._bytes += waiting.size
                    self._queue.append(waiting)

    async def _analyse(self, unknown: list[tuple[Waiting, Settling]]) -> None:
        """Recount, price, fingerprint and inspection of the answers, in an inspector."""
        services = self._services()
        for _, work in unknown:
            work.look_again(services)
        items = [work.item for _, work in unknown]
        answer = await services.inspectors.call("settle", packed(items), DEADLINE_SECONDS)
        for (waiting, work), result, rows in zip(unknown, answer["items"], answer["spans"], strict=True):
            if rows is not None:
                text = work.item["delivered_text"].encode()
                spans = tuple(Span.from_row(row) for row in rows)
                services.verdicts.put(work.tenant, services.texts_version, text, spans, SPAN_BYTES * len(spans))
            waiting.result = result
            if result["meter"]["discrepancy"]:
                services.metrics.count("lexgate_discrepancies", 1, provider=work.item["provider"])
            if "skipped" not in work.item:
                work.remember(result, services)


async def _append(batch: list[Waiting]) -> None:
    """One leaf per log connection: flows of a connection that is gone were closed by the log writer."""
    by_log: dict[int, list[Waiting]] = {}
    for waiting in batch:
        by_log.setdefault(id(waiting.appender), []).append(waiting)
    for some in by_log.values():
        rows = [waiting.result for waiting in some if waiting.result is not None]
        try:
            await some[0].appender.append(_draft(rows))
            for waiting in some:
                waiting.recorded = True  # where another log's leaf fails, these are not tried again
        except RecordInvalid:
            if len(some) == 1:
                log.error("a flow's settlement cannot be recorded", flow=rows[0]["flow"])
            else:  # one of them is at fault: each on its own
                for waiting in some:
                    await _append([waiting])


def _draft(rows: list[dict[str, Any]]) -> LeafDraft:
    """One leaf of many flows. Raises RecordInvalid for what has no canonical form."""
    flows = tuple([row["flow"] for row in rows])
    return LeafDraft(
        kind=LeafKind.SETTLE,
        flow="",
        time_us=time.time_ns() // 1000,
        tenant="",
        user="",
        flows=flows,
        plain_json=True,
        groups={name: RenderedRows(flows, [_body(row, name) for row in rows]) for name in ("pub", "meter", "digest")},
    )


def _body(row: dict[str, Any], name: str) -> bytes:
    said = row[name]
    return said.data if type(said) is Rendered else dump({"flow": row["flow"], **said})
