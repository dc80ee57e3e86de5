"""The policy input: what is known of a call, as the canonical document that a decision is made from and replayed by."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from gateway.deciding.counters import FACTS
from gateway.flow import Flow
from gateway.settings import Provider, Settings

SCHEMA = "lexgate/input@1"
SUBJECT_CLASSES = ("pi", "spi", "health", "financial", "geo", "biometric", "identifier", "genomic", "omic")


def document(
    flow: Flow, provider: Provider, settings: Settings, counters: Mapping[str, int], new_subjects: Mapping[str, int]
) -> dict[str, Any]:
    """The facts of sending this call to this provider. `counters` are before the call, `new_subjects` what it adds."""
    who, request, content = flow.who, flow.request, flow.classification
    if request is None or content is None:
        raise RuntimeError("facts are known after classify")
    now = datetime.fromtimestamp(flow.time_us // 60_000_000 * 60, UTC)
    return {
        "schema": SCHEMA,
        "now": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "caller": {
            "tenant": who.tenant,
            "application": who.application,
            "audience": who.audience,
            "user": who.user,
            "purpose": who.purpose,
            "country": who.country,
            "region": who.region,
        },
        "organisation": {
            "name": settings.organisation.name,
            "country": settings.organisation.country,
            "ciio": settings.organisation.ciio,
            "hipaa": settings.organisation.hipaa,
        },
        "destination": {
            "provider": provider.name,
            "model": request.model,
            "country": provider.jurisdiction,
            "retention_days": provider.retention_days,
            "training": provider.training,
            "certifications": sorted(provider.certifications),
            "covered_person": provider.covered_person,
        },
        "request": {
            "protocol": request.protocol,
            "stream": request.stream,
            "json_mode": request.json_mode,
            "tools": len(request.caller_tools),
            "provider_tools": sorted(request.provider_tools),
            "references": sorted(request.references),
            "uninspected": sorted(content.uninspected),
            "files": sorted(flow.files),
            "provenance": sorted(request.provenance),
        },
        "data": {
            "grade": content.grade,
            "categories": sorted(content.categories),
            "entities": dict(sorted(content.entities.items())),
            "subjects": {name: len(content.subjects.get(name, ())) for name in SUBJECT_CLASSES},
            "new_subjects": {name: new_subjects.get(name, 0) for name in SUBJECT_CLASSES},
            "important": content.important,
            "minors": content.minors,
            "unredactable": dict(sorted(content.unredactable.items())),
        },
        "counters": {name: counters.get(name, 0) for name in FACTS},
        "mechanisms": mechanisms(settings, who.tenant, who.country, provider.jurisdiction, now.date()),
        "attempt": flow.attempt,
    }


def mechanisms(settings: Settings, tenant: str, origin: str, destination: str, today: date) -> list[str]:
    """Transfer mechanisms that the tenant has in place for this border on this day."""
    return sorted(
        {
            transfer.mechanism
            for transfer in settings.transfers
            if transfer.tenant == tenant
            and transfer.from_ == origin
            and ("*" in transfer.to or destination in transfer.to)
            and (transfer.valid_until is None or today <= transfer.valid_until)
        }
    )
