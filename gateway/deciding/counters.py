"""Which counters of distinct data subjects a transfer touches, and how policy calls them.

China counts individuals from 1 January of the current year (CBDF 2024 arts. 7 and 8; calendar year of Asia/Shanghai);
the United States aggregate over twelve months per recipient (28 CFR 202.205). Nothing is counted inside a border.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from audit.counters import CounterUse

SHANGHAI = ZoneInfo("Asia/Shanghai")
US_CLASSES = ("health", "financial", "geo", "biometric", "identifier", "genomic", "omic")
FACTS = ("cn_pi_ytd", "cn_spi_ytd", *(f"us_{name}_12m" for name in US_CLASSES))
"""Names of the counters in the policy input; all are always present."""


def uses(
    subjects: Mapping[str, frozenset[str]], origin: str, destination: str, recipient: str, now_us: int
) -> dict[str, CounterUse]:
    """Counters that a transfer of these subjects would raise, by their name in the policy input."""
    if origin == destination:
        return {}
    if origin == "CN":
        year = str(datetime.fromtimestamp(now_us / 1_000_000, UTC).astimezone(SHANGHAI).year)
        return {
            f"cn_{kind}_ytd": CounterUse(f"cn_{kind}", year, subjects[kind])
            for kind in ("pi", "spi")
            if subjects.get(kind)
        }
    if origin == "US":
        return {
            f"us_{kind}_12m": CounterUse(f"us_{kind}:{recipient}", "rolling12m", subjects[kind])
            for kind in US_CLASSES
            if subjects.get(kind)
        }
    return {}
