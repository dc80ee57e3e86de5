"""Hypothesis strategies for input documents: wide, but dense where the rules look."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from policies.facts import GRADES, SUBJECT_CLASSES, US_CLASSES
from policies.samples import changed, neutral

COUNTRIES = (
    "DE",
    "FR",
    "NO",
    "CN",
    "HK",
    "MO",
    "TW",
    "US",
    "GB",
    "CH",
    "JP",
    "KR",
    "IN",
    "BR",
    "RU",
    "VN",
    "AU",
    "KE",
    "IR",
    "",
)
LABELS = ("PERSON", "EMAIL", "CN_ID", "API_KEY", "PRIVATE_KEY", "ORG", "MEDICAL_ID", "CUSTOM_X", "LOCATION")
CATEGORIES = ("personal", "health", "biometric", "criminal", "marking", "credential", "genetic")
MECHANISMS = (
    "cn_standard_contract", "cn_security_assessment", "cn_certification", "cn_gba_standard_contract", "eu_scc",
    "uk_idta", "uk_addendum", "us_cisa_requirements", "us_doj_license", "guardian_consent", "eu_art9_ground",
    "jp_consent", "explicit_consent", "ru_notification", "vn_transfer_dossier", "cn_ftz_outside_negative_list",
)  # fmt: skip
EDGES = (0, 1, 99, 100, 101, 999, 1_000, 1_001, 9_999, 10_000, 99_999, 100_000, 100_001, 999_999, 1_000_000, 2**40)
TIMES = (
    "2023-01-01T00:00:00Z",
    "2025-04-08T00:00:00Z",
    "2026-01-26T23:59:00Z",
    "2026-11-24T12:00:00Z",
    "2032-01-01T00:00:00Z",
)
PURPOSES = ("support", "contract_with_individual_necessary", "hr_management_necessary", "emergency_necessary", "")
flags = st.booleans()
few = st.sampled_from((0, 0, 0, 1, 2, 50))


def subset(items: tuple[str, ...], most: int) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(items), max_size=most, unique=True)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    changes = {
        "now": draw(st.sampled_from(TIMES)),
        "caller": {"country": draw(st.sampled_from(COUNTRIES)), "audience": draw(st.sampled_from(["internal", "public"])),
                   "purpose": draw(st.sampled_from(PURPOSES)), "user": draw(st.text(max_size=4))},
        "organisation": {"country": draw(st.sampled_from(COUNTRIES)), "ciio": draw(flags), "hipaa": draw(flags)},
        "destination": {
            "country": draw(st.sampled_from(COUNTRIES)), "retention_days": draw(st.sampled_from([None, 0, 30])),
            "certifications": draw(subset(("dpf", "dpf_uk_extension", "dpf_swiss", "hipaa_baa"), 3)),
            "covered_person": draw(flags),
        },
        "request": {"provider_tools": draw(subset(("web_search",), 1)), "references": draw(subset(("url",), 1)),
                    "uninspected": draw(subset(("image",), 1))},
        "data": {
            "grade": draw(st.sampled_from(GRADES)), "categories": draw(subset(CATEGORIES, 3)),
            "entities": draw(st.dictionaries(st.sampled_from(LABELS), few, max_size=4)),
            "subjects": {name: draw(few) for name in SUBJECT_CLASSES},
            "new_subjects": {name: draw(few) for name in SUBJECT_CLASSES},
            "important": draw(flags), "minors": draw(flags), "ages": draw(st.lists(st.integers(0, 90), max_size=2)),
            "role": draw(st.sampled_from(["", "employee", "customer"])), "foreign_origin": draw(flags),
            "citizens": draw(subset(("RU", "US"), 1)), "collecting": draw(flags),
            "government_related": draw(flags), "pseudonymised": draw(flags), "phi": draw(flags),
        },
        "counters": {
            "cn_pi_ytd": draw(st.sampled_from(EDGES)), "cn_spi_ytd": draw(st.sampled_from(EDGES)),
            **{f"us_{name}_12m": draw(st.sampled_from(EDGES)) for name in US_CLASSES},
            "days_since_first_transfer": draw(st.sampled_from([None, 0, 60, 61])),
        },
        "mechanisms": draw(subset(MECHANISMS, 4)),
    }  # fmt: skip
    return changed(neutral(), changes)
