"""Step 12: after the last byte. Recount, price and fingerprint, recorded together for many flows in one settle leaf."""

from __future__ import annotations

from gateway.flow import Flow
from gateway.services import Services


async def settle(flow: Flow, services: Services) -> None:
    """Hands the flow to the settler, for which nothing waits, and remembers what its answer said, for its children."""
    services.settler.add(flow)
    services.lineage.remember(flow)
