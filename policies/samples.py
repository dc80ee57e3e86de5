"""Input documents that every bundle must be able to decide: what `policy check` runs, and what tests start from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from policies.facts import SCHEMA, SUBJECT_CLASSES, US_CLASSES

_PAIRS: Final = (
    ("DE", "DE"), ("DE", "US"), ("DE", "FR"), ("CN", "CN"), ("CN", "US"), ("CN", "HK"), ("US", "CN"), ("US", "US"),
    ("GB", "US"), ("JP", "US"), ("RU", "NL"), ("VN", "SG"), ("", "US"), ("DE", ""),
)  # fmt: skip


def neutral() -> dict[str, Any]:
    """A clean call that stays at home: no personal data, nothing unusual. Each call gives a fresh document."""
    return {
        "schema": SCHEMA,
        "now": "2026-11-24T12:00:00Z",
        "caller": {
            "tenant": "acme", "application": "crm", "audience": "internal", "user": "li.wei", "purpose": "support",
            "country": "DE", "region": "",
        },
        "organisation": {"name": "Example AG", "country": "DE", "ciio": False, "hipaa": False},
        "destination": {
            "provider": "demo", "model": "smollm2-135m", "country": "DE", "retention_days": None, "training": None,
            "certifications": [], "covered_person": False,
        },
        "request": {
            "protocol": "openai_chat", "stream": False, "json_mode": False, "tools": 0, "provider_tools": [],
            "references": [], "uninspected": [], "files": [], "provenance": [],
        },
        "data": {
            "grade": "L1", "categories": [], "entities": {}, "subjects": dict.fromkeys(SUBJECT_CLASSES, 0),
            "new_subjects": dict.fromkeys(SUBJECT_CLASSES, 0), "important": False, "minors": False, "ages": [],
            "role": "", "foreign_origin": False, "citizens": [], "collecting": True, "government_related": False,
            "pseudonymised": False, "phi": False, "unredactable": {},
        },
        "counters": {
            "cn_pi_ytd": 0, "cn_spi_ytd": 0, **{f"us_{name}_12m": 0 for name in US_CLASSES},
            "days_since_first_transfer": None,
        },
        "mechanisms": [],
        "attempt": 1,
    }  # fmt: skip


def changed(document: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The document with `changes` merged in, object by object; lists and values are replaced."""
    merged = dict(document)
    for key, value in changes.items():
        old = merged.get(key)
        deep = isinstance(value, Mapping) and isinstance(old, Mapping) and key != "entities"
        merged[key] = changed(old, value) if deep else value  # type: ignore[arg-type]
    return merged


def samples() -> Iterator[dict[str, Any]]:
    """Some dozens of documents: pairs of jurisdictions with no, ordinary, sensitive, secret and unread content."""
    for origin, destination in _PAIRS:
        for content in _contents():
            places = {"caller": {"country": origin}, "destination": {"country": destination}}
            yield changed(changed(neutral(), places), content)


def _contents() -> Iterator[dict[str, Any]]:
    every = dict.fromkeys(SUBJECT_CLASSES, 5)
    yield {}
    yield {"data": {"grade": "L3", "categories": ["personal"], "entities": {"PERSON": 2, "EMAIL": 1},
                    "subjects": {"pi": 2}, "new_subjects": {"pi": 2}}}  # fmt: skip
    yield {"data": {"grade": "L4", "categories": ["personal", "health"], "entities": {"CN_ID": 5, "MEDICAL_ID": 5},
                    "subjects": every, "new_subjects": every, "minors": True, "ages": [7, 40]},
           "counters": {"cn_pi_ytd": 999_999, "cn_spi_ytd": 9_999, "us_health_12m": 20_000}}  # fmt: skip
    yield {"data": {"grade": "L4", "entities": {"API_KEY": 1, "PRIVATE_KEY": 1}}, "caller": {"audience": "public"}}
    yield {"data": {"grade": "L5", "important": True},
           "request": {"uninspected": ["image"], "references": ["file_id"], "provider_tools": ["web_search"]}}  # fmt: skip
    yield {"data": {"grade": "L3", "entities": {f"CUSTOM_{n}": 3 for n in range(60)}, "subjects": {"pi": 60},
                    "new_subjects": {"pi": 60}}, "mechanisms": [f"mechanism_{n}" for n in range(40)]}  # fmt: skip
