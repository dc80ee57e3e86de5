"""Settles flows in batches, off the hot path: the inspectors recount, price and fingerprint; one leaf records many.

The same pass inspects what the model wrote, so that the next turn of the conversation finds it in the cache.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog

from audit.errors import AuditError
from audit.record import LeafDraft, LeafKind
from gateway.errors import LexgateError
from gateway.flow import Flow, Span
from gateway.settlement_item import settlement_item

if TYPE_CHECKING:
    from audit.appender import Appender
    from gateway.services import Services

log = structlog.get_logger("lexgate.settler")

BATCH = 64
PAUSE_SECONDS = 0.05
"""Between two batches, so that one leaf settles many flows under load."""
DEADLINE_SECONDS = 30.0
TRIES = 3


@dataclass(frozen=True, slots=True)
class Waiting:
    """A flow that waits to be settled. `item` is what the inspector gets; `appender` is the log the flow began with."""

    item: dict[str, Any]
    tenant: str
    appender: Appender
    size: int
    tries: int = 0


class Settler:
    """A bounded queue and the task that empties it. `services` is asked anew for each batch: it may be reloaded."""

    def __init__(self, services: Any, most_bytes: int = 67_108_864) -> None:
        self._services = services
        self._queue: list[Waiting] = []
        self._bytes = 0
        self._most_bytes = most_bytes
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closing = False

    def start(self) -> None:
        self._task = asyncio.ensure_future(self._run())

    def add(self, flow: Flow) -> None:
        """Queues a flow. When the queue is full its texts are left out: it is settled as reported, not recounted."""
        item = settlement_item(flow, self._services())
        size = len(item["output_text"]) + sum(len(row["text"]) for row in item["request"])
        if self._bytes + size > self._most_bytes:
            item |= {"output_text": "", "request": [], "skipped": True}
            size = 0
        self._bytes += size
        self._queue.append(Waiting(item, flow.who.tenant, flow.log, size))
        self._wake.set()

    async def close(self) -> None:
        """Settles what waits, then ends."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        while self._queue or not self._closing:
            if not self._queue:
                self._wake.clear()
                await self._wake.wait()
                continue
            batch, self._queue = self._queue[:BATCH], self._queue[BATCH:]
            self._bytes -= sum(waiting.size for waiting in batch)
            await self._settle(batch)
            if not self._closing:
                await asyncio.sleep(PAUSE_SECONDS)

    async def _settle(self, batch: list[Waiting]) -> None:
        services = self._services()
        try:
            items = [waiting.item for waiting in batch]
            answer = await services.inspectors.call("settle", {"items": items}, DEADLINE_SECONDS)
            self._remember(batch, answer, services)
            await _append(batch, answer["items"])
        except (LexgateError, AuditError) as error:
            log.warning("flows could not be settled yet", flows=len(batch), error=type(error).__name__)
            await asyncio.sleep(PAUSE_SECONDS * 4)
            for waiting in batch:
                if waiting.tries + 1 < TRIES and not waiting.appender.lost.is_set():
                    self._bytes += waiting.size
                    again = Waiting(waiting.item, waiting.tenant, waiting.appender, waiting.size, waiting.tries + 1)
                    self._queue.append(again)

    def _remember(self, batch: list[Waiting], answer: dict[str, Any], services: Services) -> None:
        for waiting, rows in zip(batch, answer["spans"], strict=True):
            if rows is not None:
                text = waiting.item["delivered_text"].encode()
                spans = tuple(Span.from_row(row) for row in rows)
                services.verdicts.put(waiting.tenant, services.detectors, text, spans)


async def _append(batch: list[Waiting], settled: list[dict[str, Any]]) -> None:
    """One leaf per log connection: flows of a connection that is gone were closed by the log writer."""
    by_log: dict[int, list[int]] = {}
    for index, waiting in enumerate(batch):
        by_log.setdefault(id(waiting.appender), []).append(index)
    for indices in by_log.values():
        rows = [settled[index] for index in indices]
        draft = LeafDraft(
            kind=LeafKind.SETTLE,
            flow="",
            time_us=time.time_ns() // 1000,
            tenant="",
            user="",
            flows=tuple(row["flow"] for row in rows),
            groups={
                group: {"flows": [{"flow": row["flow"], **row[group]} for row in rows]}
                for group in ("pub", "meter", "digest")
            },
        )
        await batch[indices[0]].appender.append(draft)
