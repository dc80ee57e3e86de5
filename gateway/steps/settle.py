"""Step 12: after the last byte. Recount, price and fingerprint, recorded together for many flows in one settle leaf."""

from __future__ import annotations

from gateway.flow import Flow
from gateway.services import Services


async def settle(flow: Flow, services: Services) -> None:
    """Remembers what the answer said, for its children, and hands the flow to the settler; nothing waits for it."""
    services.lineage.remember(flow)
    services.settler.add(flow)
