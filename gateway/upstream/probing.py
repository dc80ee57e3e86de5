"""Active probes: connecting to a provider now and then, so that an outage is seen before a caller waits for it.

A probe opens a connection as a call would (proxy, TLS, certificate) and closes it: it sends nothing, so there is nothing
to record. It tells whether a provider can be reached, not whether it answers well.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from gateway.errors import LexgateError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.services import Services
    from gateway.settings import Provider

LOOK_S = 0.25


class Prober:
    """Probes the providers that ask for it (`probe_seconds`), one probe at a time each."""

    def __init__(self, services: Callable[[], Services]) -> None:
        self._services = services
        self._due: dict[str, float] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.ensure_future(self._run())

    async def close(self) -> None:
        """Ends every probe."""
        tasks = [*self._running.values(), *([self._task] if self._task else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            services = self._services()
            now = services.health.clock()
            for provider in services.settings.providers:
                if provider.probe_seconds and now >= self._due.get(provider.name, now):
                    self._begin(provider, services, now)
            await asyncio.sleep(LOOK_S)

    def _begin(self, provider: Provider, services: Services, now: float) -> None:
        running = self._running.get(provider.name)
        if running is None or running.done():
            self._due[provider.name] = now + provider.probe_seconds
            self._running[provider.name] = asyncio.ensure_future(probe(provider, services))


async def probe(provider: Provider, services: Services) -> None:
    """One probe; its result goes to the provider's breaker."""
    reached = False
    with contextlib.suppress(LexgateError):
        await services.upstream.reach(provider)
        reached = True
    services.health.probed(provider, reached=reached)
