"""Whether providers can be reached: as a call would, through the provider's proxy, with a handshake for https.

Nothing is asked of a provider and no key of ours is sent to it. The keys of issuers are read, as the gateway reads them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from gateway.doctor.finding import Finding, good, problem
from gateway.doctor.issuers import behind_urls
from gateway.errors import LexgateError
from gateway.settings import Provider, Settings
from gateway.upstream.http1 import Http1Client
from gateway.upstream.port import Upstream


def reach(settings: Settings) -> Iterator[Finding]:
    """Tries every provider, then every issuer whose keys are behind a URL, one after the other."""
    yield from asyncio.run(_providers(settings))
    yield from behind_urls(settings)


async def _providers(settings: Settings) -> list[Finding]:
    client = Http1Client(settings.timeouts)
    try:
        return [await _provider(provider, client) for provider in settings.providers]
    finally:
        await client.close()


async def _provider(provider: Provider, client: Upstream) -> Finding:
    place = f"{provider.base_url} through {provider.proxy}" if provider.proxy else provider.base_url
    try:
        await client.reach(provider)
    except LexgateError as error:
        return problem(
            "reach", f"{error.message.capitalize()} ({place}).",
            "Check name resolution, the way out, base_url, and the provider's proxy and ca.",
        )  # fmt: skip
    return good("reach", f"Provider {provider.name} can be reached at {place}.")
