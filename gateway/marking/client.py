"""The data worker's side of marking: one call, one connection, one marked file, or the call is refused.

Jobs wait in the queue of the socket that all marking workers share: a killed one takes only its own job along, and what
waits is taken by the next. Bounded: so many jobs of one data worker at once, and so many of one tenant.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.errors import Denied, Unavailable
from gateway.marking.wire import PREFIX, BadMessage, head_length, pack, read_head
from gateway.marking.worker import job_of
from watermark.marking import Marked, Marking, Origin

MOST = 16
"""Jobs that one data worker has open."""
SHARE = 0.75
"""Of them so many may be one tenant's."""


@dataclass(frozen=True, slots=True)
class Done:
    """A finished job. `ingredients`: for each file that came along its media type, `c2pa` (integrity) and `aigc`;
    `known_by`: prints of the marked file, for the record, which keeps them under the tenant's key.
    """

    marked: Marked
    ingredients: tuple[dict[str, Any], ...]
    known_by: dict[str, Any]


class MarkingClient:
    """Belongs to one event loop. `missing`: why nothing can be marked here, "" where it can."""

    def __init__(
        self, socket: Path, largest: int, seconds: float, missing: str = "", films: tuple[Path, float] | None = None
    ) -> None:
        """`seconds`: how long a call waits for its job. `films`: where jobs of films go, and how long these wait."""
        self._place = (str(socket), seconds)
        self._films = self._place if films is None else (str(films[0]), films[1])
        self._largest = largest
        self._open: Counter[str] = Counter()
        self.missing = missing

    async def mark(self, tenant: str, data: bytes, media_type: str, origin: Origin, marking: Marking) -> Done:
        """The marked file, and what its ingredients say of themselves. Raises Unavailable, also for what failed to be marked; Denied for a type that cannot be."""
        if self.missing:
            raise Unavailable(self.missing)
        if len(data) > self._largest:
            raise Unavailable("an output is larger than can be marked, so it was not delivered")
        if self._open.total() >= MOST or self._open[tenant] >= MOST * SHARE:
            raise Unavailable("marking is overloaded, so the output was not delivered", retry_after=2)
        self._open[tenant] += 1
        socket, seconds = self._films if media_type.startswith("video/") else self._place
        try:
            async with asyncio.timeout(seconds):
                return await self._ask(socket, tenant, data, media_type, origin, marking)
        except TimeoutError:
            raise Unavailable(
                "marking did not finish in time, so the output was not delivered", retry_after=2
            ) from None
        except (OSError, EOFError, BadMessage):
            raise Unavailable(
                "marking stopped in the middle of a job; the output was not delivered", retry_after=1
            ) from None
        finally:
            self._open[tenant] -= 1
            if not self._open[tenant]:
                del self._open[tenant]

    async def _ask(
        self, socket: str, tenant: str, data: bytes, media_type: str, origin: Origin, marking: Marking
    ) -> Done:
        reader, writer = await asyncio.open_unix_connection(socket)
        try:
            bodies = [data, *(each.data for each in origin.ingredients)]
            for piece in pack(job_of(tenant, media_type, origin, marking), bodies):
                writer.write(piece)
                await writer.drain()
            length = head_length(await reader.readexactly(PREFIX))
            head, sizes = read_head(await reader.readexactly(length), 4 * self._largest)
            results = [await reader.readexactly(size) for size in sizes]
        finally:
            writer.close()
        if not head["ok"]:
            raise _refusal(str(head["reason"]), media_type, marking)
        sidecar = results[1] if len(results) > 1 else None
        marked = Marked(results[0], head["media_type"], tuple(head["carries"]), sidecar, bool(head["timestamped"]))
        return Done(marked, tuple(head["ingredients"]), dict(head["known_by"]))


def _refusal(reason: str, media_type: str, marking: Marking) -> Exception:
    if reason == "unsupported":
        return Denied(
            f"an output of type {media_type or 'unknown'} cannot carry the marks that profile {marking.profile} demands",
            rule="lexgate.label.unsupported",
            remedy="ask for a format that can be marked, such as png, jpeg, webp, mp3, wav, flac or mp4",
        )
    return Unavailable("an output could not be marked, so it was not delivered")
