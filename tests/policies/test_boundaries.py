"""At, below and above every threshold on file: generated from the packs' own data, so a new row is tested unasked."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from policies.bundle import load
from policies.engine import Engine
from policies.samples import changed, neutral

LAW = load("builtin:lawful").data["law"]


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(load("builtin:lawful"))


def call(origin: str, to: str, subjects: dict[str, int], counters: dict[str, int], **more: Any) -> dict[str, Any]:
    """A call that adds the subjects to counters that stood as given before it."""
    return changed(
        neutral(),
        {
            "caller": {"country": origin}, "destination": {"country": to}, "organisation": {"country": origin},
            "data": {"grade": "L3", "entities": {"PERSON": 1}, "subjects": {"pi": 1, **subjects},
                     "new_subjects": {"pi": 1, **subjects}},
            "counters": counters, **more,
        },
    )  # fmt: skip


def cn_band(pi: int, spi: int) -> str:
    """CBDF 2024 arts 5(4), 7, 8, written down a second time and differently."""
    if pi >= 1_000_000 or spi >= 10_000:
        return "security_assessment"
    return "standard_contract_or_certification" if pi >= 100_000 or spi > 0 else "exempt"


CN_POINTS = sorted(
    {max(n + d, 1) for t in LAW["cn"]["thresholds"] for n in (t["at_least"], t["below"] or 0) for d in (-1, 0, 1)}
)


@pytest.mark.parametrize("total", CN_POINTS)
@pytest.mark.parametrize("spi", [0, 1, 9_999, 10_000, 10_001])
def test_china_by_volume(engine, total: int, spi: int):
    sensitive = {"spi": 1} if spi else {}
    counters = {"cn_pi_ytd": total - 1, "cn_spi_ytd": max(spi - 1, 0)}
    decision = engine.decide(call("CN", "US", sensitive, counters))
    assert decision.tier == cn_band(total, spi)
    assert decision.unmodified == (decision.tier == "exempt")


@pytest.mark.parametrize("entry", LAW["cn"]["thresholds"], ids=lambda entry: entry["id"])
@pytest.mark.parametrize("mechanism", sorted({name for names in LAW["cn"]["accepted"].values() for name in names}))
def test_china_by_mechanism(engine, entry, mechanism: str):
    sensitive = {"spi": 1} if entry["class"] == "spi" else {}
    counters = {f"cn_{entry['class']}_ytd": max(entry["at_least"] - 1, 0)}
    decision = engine.decide(call("CN", "US", sensitive, counters, mechanisms=[mechanism]))
    accepted = entry["tier"] == "exempt" or mechanism in LAW["cn"]["accepted"][entry["tier"]]
    assert decision.tier == entry["tier"]
    assert decision.unmodified == accepted
    assert decision.mechanism == (mechanism if accepted and entry["tier"] != "exempt" else None)


@pytest.mark.parametrize("entry", LAW["us"]["bulk"], ids=lambda entry: entry["id"])
@pytest.mark.parametrize("to", [*LAW["us"]["countries_of_concern"], "TW", "DE"])
@pytest.mark.parametrize("off", [-1, 0, 1])
def test_america_by_volume(engine, entry, to: str, off: int):
    total = entry["more_than"] + off
    document = call("US", to, {entry["class"]: 1}, {f"us_{entry['class']}_12m": total - 1})
    decision = engine.decide(document)
    if to not in LAW["us"]["countries_of_concern"]:
        assert (decision.tier, decision.unmodified) == (None, True)
    elif off <= 0:
        assert (decision.tier, decision.unmodified) == ("below_threshold", True)
    else:
        assert decision.tier == entry["tier"]
        assert decision.action == ("block" if entry["tier"] == "doj_prohibited" else "route")
        assert "redact" not in decision.obligations
    assert engine.decide(changed(document, {"data": {"pseudonymised": True}})) == decision


@pytest.mark.parametrize("country", sorted(set(LAW["world"]["minors"]) - {"EEA"} | {"DE", "NO"}))
@pytest.mark.parametrize("off", [-1, 0])
def test_children_by_age(engine, country: str, off: int):
    rule = LAW["world"]["minors"]["EEA" if country in LAW["eu"]["members"] else country]
    decision = engine.decide(call(country, country, {}, {}, data={
        "entities": {"PERSON": 1}, "subjects": {"pi": 1}, "ages": [rule["under"] + off]}))  # fmt: skip
    assert ("world.minors" in {hit.id for hit in decision.rules}) == (off < 0)


def days(iso: str) -> list[str]:
    day = dt.date.fromisoformat(iso)
    return [f"{day - dt.timedelta(days=1)}T23:59:00Z", f"{day}T00:00:00Z"]


ADEQUATE = [("DE", e) for e in LAW["eu"]["transfer"]["adequate"]] + [
    ("GB", e) for e in LAW["gb"]["transfer"]["adequate"]
]
ADEQUATE += [(origin, e) for origin, regime in LAW["world"]["regimes"].items() for e in regime["adequate"]]


@pytest.mark.parametrize(
    ("origin", "entry"), ADEQUATE, ids=lambda value: value if isinstance(value, str) else value["country"]
)
def test_adequacy_by_day(engine, origin: str, entry):
    to = {"EEA": "FR", "EU": "FR"}.get(entry["country"], entry["country"])
    certified = {"certifications": [entry["certification"]] if entry["certification"] else []}
    before, first = days(entry["effective_from"])
    for now, good in (
        (before, False),
        (first, True),
        *zip(days(entry["effective_to"] or "9999-12-31"), (True, entry["effective_to"] is None), strict=True),
    ):
        document = call(origin, to, {}, {}, now=now, destination={"country": to, **certified})
        ids = {hit.id: hit.effect for hit in engine.decide(document).rules}
        law = "eu" if origin == "DE" else origin.lower()
        assert (ids[f"{law}.transfer"] == "log") == good, now
    if entry["certification"]:
        bare = call(origin, to, {}, {}, destination={"country": to, "certifications": []})
        assert engine.decide(bare).action == "redact"


@pytest.mark.parametrize("area", sorted(LAW["world"]["ai_disclosure"]))
def test_disclosure_by_day(engine, area: str):
    country = {"EEA": "NL"}.get(area, area)
    before, first = days(LAW["world"]["ai_disclosure"][area]["effective_from"])
    for now, labels in ((before, ()), (first, ("explicit",))):
        document = changed(neutral(), {"now": now, "caller": {"country": country, "audience": "public"}})
        assert engine.decide(document).labels == labels


@pytest.mark.parametrize(("day", "good"), [(0, True), (59, True), (60, True), (61, False), (None, False)])
def test_vietnam_by_day(engine, day, good: bool):
    assert engine.decide(call("VN", "SG", {}, {"days_since_first_transfer": day})).unmodified == good


@pytest.mark.parametrize("origin", sorted(LAW["world"]["regimes"]))
def test_every_regime_of_the_table(engine, origin: str):
    regime = LAW["world"]["regimes"][origin]
    decision = engine.decide(call(origin, "KE", {}, {}))
    assert decision.unmodified == (regime["limit"] != "grounds")
    for mechanism in regime["mechanisms"]:
        recorded = engine.decide(call(origin, "KE", {}, {}, mechanisms=[mechanism]))
        assert (recorded.unmodified, recorded.mechanism, recorded.log) == (True, mechanism, "full")
