"""Only what crosses a border is counted, by the calendar of the law that counts it."""

from __future__ import annotations

from datetime import UTC, datetime

from audit.counters import CounterUse
from gateway.deciding.counters import uses

PEOPLE = {"pi": frozenset({"a", "b"}), "spi": frozenset({"a"}), "health": frozenset({"a"}), "identifier": frozenset()}


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1_000_000)


def test_nothing_is_counted_inside_a_border() -> None:
    assert uses(PEOPLE, "CN", "CN", "home", at("2026-06-01T00:00:00")) == {}


def test_china_counts_by_the_calendar_year_of_shanghai() -> None:
    before = uses(PEOPLE, "CN", "US", "demo", at("2026-12-31T15:59:59"))
    after = uses(PEOPLE, "CN", "US", "demo", at("2026-12-31T16:00:00"))
    assert before["cn_pi_ytd"] == CounterUse("cn_pi", "2026", PEOPLE["pi"])
    assert after["cn_spi_ytd"] == CounterUse("cn_spi", "2027", PEOPLE["spi"])


def test_the_united_states_count_per_recipient_over_twelve_months() -> None:
    found = uses(PEOPLE, "US", "CN", "recipient", at("2026-06-01T00:00:00"))
    assert found == {"us_health_12m": CounterUse("us_health:recipient", "rolling12m", PEOPLE["health"])}


def test_other_origins_have_no_counters_yet() -> None:
    assert uses(PEOPLE, "DE", "US", "demo", at("2026-06-01T00:00:00")) == {}
