"""The text of the files in a call: from the tenant's cache or from an extractor. One walk per content, per tenant."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from gateway.errors import Unavailable
from gateway.extraction.gathered import Extracted
from gateway.flow import Part, PartKind, Payload
from gateway.services import Services

LAYER = "file"
"""Of the cache: a file's text by its bytes, name and claimed type."""

MOST = 64
"""Files of one call that are read; a call with more is refused policy's benefit: the rest is uninspected."""

TOO_MANY = Extracted("unknown", (), (("file", "more files in one call than the limit"),))
_OFF = {
    PartKind.IMAGE: "a picture, and OCR is off",
    PartKind.AUDIO: "sound and video are not read",
    PartKind.FILE: "reading of files is off",
    PartKind.REFERENCE: "only the provider can read it",
}
_NO_BYTES = "its bytes stand where no file is expected"


async def extract_files(parts: Iterable[Part], tenant: str, services: Services) -> dict[Payload, Extracted]:
    """What is in each file that can be read. Raises Unavailable: an extractor died, hung or is not there."""
    wanted = list(
        dict.fromkeys(part.payload for part in parts if part.payload is not None and _is_read(part, services))
    )
    found = dict.fromkeys(wanted[MOST:], TOO_MANY)
    texts = await asyncio.gather(*(_extracted(payload, tenant, services) for payload in wanted[:MOST]))
    return found | dict(zip(wanted, texts, strict=False))


def unread_of(part: Part, found: dict[Payload, Extracted]) -> tuple[tuple[str, str], ...]:
    """What of an opaque part nobody looked at, as (kind, why); empty for a file that was read whole."""
    if part.payload is None:
        return ((str(part.kind), _OFF[part.kind] if part.kind is not PartKind.FILE else _NO_BYTES),)
    extracted = found.get(part.payload)
    return ((str(part.kind), _OFF[part.kind]),) if extracted is None else extracted.unread


def _is_read(part: Part, services: Services) -> bool:
    options = services.settings.inspection
    if part.kind is PartKind.IMAGE:
        return options.files and options.ocr
    return part.kind is PartKind.FILE and options.files


async def _extracted(payload: Payload, tenant: str, services: Services) -> Extracted:
    name = f"{payload.media_type}\0{payload.name}\0{payload.data}".encode("utf-8", "surrogatepass")
    known: Extracted | None = services.verdicts.get(tenant, LAYER, name)
    if known is not None:
        return known
    answer = await services.extractors.call(
        "extract",
        {"data": payload.data, "name": payload.name, "media_type": payload.media_type},
        services.settings.timeouts.inspect,
        tenant,
    )
    if "failed" in answer:
        raise Unavailable(f"a file in this call could not be read ({answer['failed']}), so the call is refused")
    extracted = Extracted.of(answer)
    services.verdicts.put(tenant, LAYER, name, extracted, 256 + 2 * sum(len(text) for _, text in extracted.texts))
    return extracted
