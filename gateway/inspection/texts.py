"""Texts and their spans, from the tenant's cache or from an inspector: one walk per content."""

from __future__ import annotations

from typing import Any

from gateway.flow import Span
from gateway.services import Services

SPAN_BYTES = 160
"""About what one span takes in the cache."""


async def inspect_texts(texts: dict[str, tuple[Span, ...]], tenant: str, services: Services) -> None:
    """Fills in the spans of every text, from the cache or from an inspector."""
    cache, version = services.verdicts, services.version_for(services.texts_version, tenant)
    unknown = []
    for text in texts:
        spans = cache.get(tenant, version, text.encode())
        if spans is None:
            unknown.append(text)
        else:
            texts[text] = spans
    if not unknown:
        return
    payload: dict[str, Any] = {"texts": unknown}
    if (own := services.own_detectors(tenant)) is not None:
        payload["own"] = own
    answer = await services.inspectors.call("inspect", payload, services.settings.timeouts.inspect, tenant)
    for text, rows in zip(unknown, answer["spans"], strict=True):
        texts[text] = spans = tuple(Span.from_row(row) for row in rows)
        cache.put(tenant, version, text.encode(), spans, SPAN_BYTES * len(spans))
