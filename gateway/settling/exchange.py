"""What an inspector needs to settle a flow: the texts as the provider saw and wrote them, and what it reported.

Content counted once is not counted again: messages whose tokens are known go as numbers, and a whole settlement that
was made of the same content is taken from the cache.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from audit.canonical import Rendered, Template
from audit.errors import RecordInvalid
from gateway.flow import CLASS, Flow, PartKind, Span
from gateway.protocols.request import DecodedRequest, Segment
from gateway.services import Services

COUNTED = frozenset({PartKind.TEXT, PartKind.TOOL_CALL, PartKind.TOOL_RESULT})
"""Parts whose text the model reads as text."""
DAY_US = 86_400_000_000
"""Prices are dated by the day."""
SETTLED = "settled"
METER = ("first_byte_ms", "flow", "latency_ms")
"""What a meter says that is the flow's own, in sorted order."""


@dataclass(frozen=True, slots=True)
class Settling:
    """A flow to be settled. `counted`: cache names of the messages that go as text, None where tokens are known."""

    item: dict[str, Any]
    tenant: str
    tokenizer: str
    counted: tuple[bytes | None, ...]
    content: bytes

    def look_again(self, services: Services) -> None:
        """The answer may have come back in a next turn, and been inspected there, while this waited."""
        item = self.item
        if item["inspect"] and item["delivered_text"]:
            known = services.verdicts.get(self.tenant, services.texts_version, item["delivered_text"].encode())
            if known is not None:
                item.update(inspect=False, known_entities=entities(known))

    def remember(self, result: dict[str, Any], services: Services) -> None:
        """Keeps what was counted, for the next turn and for the same content."""
        for name, tokens in zip(self.counted, result["rows"], strict=False):
            if name is not None:
                services.verdicts.put(self.tenant, self.tokenizer, name, tokens)
        with contextlib.suppress(RecordInvalid):  # it has no canonical form: whoever records it says so
            services.verdicts.put(self.tenant, SETTLED, self.content, Settled.of(result), size=len(self.content))


class Settled(NamedTuple):
    """What was settled of some content, written for a record, with holes for a flow's own id and times."""

    pub: Template
    meter: Template
    digest: Template

    @classmethod
    def of(cls, result: Mapping[str, Any]) -> Settled:
        """Raises RecordInvalid for what has no canonical form."""
        meter = {name: value for name, value in result["meter"].items() if name not in METER}
        return cls(Template(result["pub"], ("flow",)), Template(meter, METER), Template(result["digest"], ("flow",)))

    def __repr__(self) -> str:
        """Without what it says."""
        return "Settled()"


def content_of(flow: Flow) -> bytes:
    """The name of everything a settlement depends on but the flow's own times: equal content settles equally."""
    report, provider = flow.report, flow.provider
    if provider is None:
        raise RuntimeError("only a forwarded flow is settled")
    return orjson.dumps(
        [
            flow.time_us // DAY_US, flow.digests.get("forwarded"), provider.name, provider.price_provider,
            provider.tokenizer, flow.endpoint.protocol, flow.endpoint.path, flow.labels, flow.uninspected, flow.files,
            makes_media(flow),
            report and [
                report.finish, report.tool_names, bool(report.reasoning_text), report.provider_text,
                report.delivered_text, report.usage and report.usage.as_dict(),
            ],
        ]
    )  # fmt: skip


def settled_before(flow: Flow, content: bytes, services: Services) -> dict[str, Any] | None:
    """The result, if the same content was settled before; with this flow's own id and times."""
    settled = services.verdicts.get(flow.who.tenant, SETTLED, content)
    if settled is None:
        return None
    id_ = b'"%b"' % flow.id.encode()
    times = [b"null" if value is None else b"%d" % value for value in _times(flow).values()]
    return {
        "flow": flow.id,
        "pub": Rendered(settled.pub.fill(id_)),
        "meter": Rendered(settled.meter.fill(times[1], id_, times[0])),
        "digest": Rendered(settled.digest.fill(id_)),
    }


def _times(flow: Flow) -> dict[str, int | None]:
    timing = flow.timing
    return {
        "latency_ms": round((timing.ended - timing.started) * 1000),
        "first_byte_ms": round((timing.first_byte - timing.started) * 1000) if timing.first_byte else None,
    }


def settling(flow: Flow, content: bytes, services: Services) -> Settling:
    """What is to be settled of a flow that was forwarded."""
    report, provider, request = flow.report, flow.provider, flow.request
    if provider is None or request is None:
        raise RuntimeError("only a forwarded flow is settled")
    tenant = flow.who.tenant
    tokenizer = f"tokens:{provider.tokenizer or request.model}"
    rows, counted = _rows(flow, request, tokenizer, services)
    delivered = report.delivered_text if report else ""
    known = services.verdicts.get(tenant, services.texts_version, delivered.encode()) if delivered else ()
    item = {
        "flow": flow.id,
        "tenant": tenant,
        "provider": provider.name,
        "price_provider": provider.price_provider or provider.name,
        "tokenizer": provider.tokenizer,
        "model": request.model,
        "protocol": request.protocol,
        "request": rows,
        "tools": bool(request.caller_tools or request.provider_tools or request.json_mode),
        "opaque": bool(flow.uninspected or flow.files or request.references or request.previous or not rows),
        "output_text": report.provider_text if report else "",
        "delivered_text": delivered,
        "inspect": known is None,
        "known_entities": entities(known or ()),
        "finish": report.finish if report else None,
        "tool_names": list(report.tool_names) if report else [],
        "thinking": bool(report and report.reasoning_text),
        "media": makes_media(flow),
        "reported": report.usage.as_dict() if report and report.usage else None,
        "at": flow.time_us,
        "labels": list(flow.labels),
        "fingerprint_key": services.fingerprint_key(tenant).hex(),
        **_times(flow),
    }
    return Settling(item, tenant, tokenizer, counted, content)


def makes_media(flow: Flow) -> bool:
    """Whether the answer is, or is known to hold, something that is no text: of that no tokens can be counted."""
    request, outputs = flow.request, flow.outputs
    return (request is not None and bool(request.makes)) or (outputs is not None and bool(outputs.made))


def entities(spans: Sequence[Span]) -> dict[str, int]:
    """How many entities of each label."""
    return dict(sorted(Counter(span.label for span in spans if span.label != CLASS).items()))


def _rows(
    flow: Flow, request: DecodedRequest, tokenizer: str, services: Services
) -> tuple[list[dict[str, Any]], tuple[bytes | None, ...]]:
    """One row a message as the provider saw it: its role, and its tokens if known, else its text and a name for them.

    Messages with known tokens that follow one another are one row with their sum: a long conversation has a few rows.
    """
    tenant, redacted = flow.who.tenant, flow.redacted
    changed = redacted.changed if redacted is not None else {}
    rows: list[dict[str, Any]] = []
    names: list[bytes | None] = []
    for number, segment in enumerate(request.segments):
        if segment.role:
            name = changed.get(number, segment.content)
            tokens = services.verdicts.get(tenant, tokenizer, name)
            if tokens is not None and rows and names[-1] is None:
                rows[-1]["tokens"] += tokens
                continue
            if tokens is not None:
                rows.append({"role": segment.role, "tokens": tokens})
                names.append(None)
                continue
            sent = segment
            if redacted is not None and number in changed:
                sent = redacted.places[number].read(name)
            rows.append({"role": segment.role, "text": _text(sent)})
            names.append(name)
    return rows, tuple(names)


def _text(segment: Segment) -> str:
    return "\n".join(part.text for part in segment.parts() if part.kind in COUNTED)
