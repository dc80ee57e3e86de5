"""Compliance cases as text files: one JSON object a line, a summary of a call beside what the law expects of it.

A summary leaves out what its author did not think worth saying; `document` turns it into a full `lexgate/input@1`
with neutral values for the rest. Used by `lexgate policy cases FILE`; how obligations are named is in `Decision`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from policies.bundle import Bundle
from policies.decision import Decision
from policies.engine import Engine
from policies.errors import PolicyError
from policies.facts import SCHEMA, SUBJECT_CLASSES, US_CLASSES

_CLASSES: Final[tuple[tuple[str, str], ...]] = (
    # (a part of the name in a summary, our class of data); the first match wins
    ("epigenom", "omic"), ("genom", "genomic"), ("genetic", "genomic"), ("omic", "omic"), ("biometric", "biometric"),
    ("geo", "geo"), ("location", "geo"), ("health", "health"), ("phi", "health"), ("financ", "financial"),
    ("identifier", "identifier"), ("covered_id", "identifier"), ("omics", "omic"),
)  # fmt: skip

_CERTIFICATIONS: Final[Mapping[str, str]] = {
    "dpf": "dpf", "uk_extension": "dpf_uk_extension", "dpf_uk_extension": "dpf_uk_extension", "swiss_dpf": "dpf_swiss",
    "dpf_swiss": "dpf_swiss", "ch_dpf": "dpf_swiss", "baa": "hipaa_baa", "hipaa_baa": "hipaa_baa",
}  # fmt: skip

_MECHANISMS: Final[tuple[tuple[tuple[str, ...], str], ...]] = (
    # (words that must all appear, the name the packs know), first match wins; {c} is the caller's own prefix
    (("gba",), "cn_gba_standard_contract"),
    (("negative", "list"), "cn_ftz_outside_negative_list"),
    (("ftz",), "cn_ftz_outside_negative_list"),
    (("security", "assessment"), "cn_security_assessment"),
    (("cisa",), "us_cisa_requirements"),
    (("doj", "licen"), "us_doj_license"),
    (("exempt", "transaction"), "us_doj_exempt_transaction"),
    (("baa",), "us_hipaa_baa"),
    (("business", "associate"), "us_hipaa_baa"),
    (("guardian",), "guardian_consent"),
    (("parent",), "parental_consent"),
    (("art9",), "eu_art9_ground"),
    (("art_9",), "eu_art9_ground"),
    (("9(2)",), "eu_art9_ground"),
    (("art10",), "eu_art10_authority"),
    (("dossier",), "vn_transfer_dossier"),
    (("ctia",), "vn_transfer_dossier"),
    (("impact_assessment",), "vn_transfer_dossier"),
    (("idta",), "uk_idta"),
    (("addendum",), "uk_addendum"),
    (("art49",), "{c}_art49_derogation"),
    (("art_49",), "{c}_art49_derogation"),
    (("derogation",), "{c}_art49_derogation"),
    (("code_of_conduct",), "{c}_code_of_conduct"),
    (("notif",), "ru_notification"),
    (("equivalent",), "{c}_equivalent_measures"),
    (("certified_recipient",), "kr_certified_recipient"),
    (("outsourc",), "kr_outsourcing_disclosed"),
    (("treaty",), "kr_treaty"),
    (("quebec",), "ca_quebec_assessment"),
    (("authority", "approval"), "cn_authority_approval"),
    (("cbpr",), "sg_cbpr"),
    (("prp",), "sg_cbpr"),
    (("consent",), "{c}_consent"),
    (("bcr",), "{c}_bcr"),
    (("binding", "corporate"), "{c}_bcr"),
    (("scc",), "{c}_scc"),
    (("standard", "contract"), "{c}_scc"),
    (("standard", "clauses"), "{c}_scc"),
    (("certif",), "{c}_certification"),
    (("contract",), "{c}_contract"),
)

_OWN_NAMES: Final[Mapping[str, str]] = {
    "cn_scc": "cn_standard_contract",
    "sg_scc": "sg_contract",
    "ae_scc": "ae_contract",
}

_EEA_PREFIX: Final = "eu"


@dataclass(frozen=True, slots=True)
class Case:
    """One line of a case file."""

    id: str
    title: str
    input: Mapping[str, Any]
    expect: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the bundle said of one case. `problems` empty means that the case passed."""

    case: Case
    decision: Decision | None
    problems: tuple[str, ...]


def read(lines: Iterable[bytes]) -> Iterator[Case]:
    """The cases of a JSON Lines file. Raises ValueError naming the line."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            raw = orjson.loads(line)
            yield Case(str(raw["id"]), str(raw.get("title", "")), raw["input"], raw["expect"])
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"line {number} is not a case with id, input and expect") from error


def judge(engine: Engine, case: Case, members: frozenset[str] = frozenset()) -> Verdict:
    """Decides one case and compares. `members`: the EEA, whose mechanisms share the prefix `eu`."""
    try:
        decision = engine.decide(document(case.input, members))
    except (PolicyError, TypeError, ValueError, KeyError, AttributeError) as error:
        return Verdict(case, None, (f"could not be decided: {type(error).__name__}: {error}",))
    return Verdict(case, decision, tuple(_differences(decision, case.expect)))


def eea(bundle: Bundle) -> frozenset[str]:
    """The EEA's members as the bundle's own data names them; none in a bundle without that table."""
    return frozenset(bundle.data.get("law", {}).get("eu", {}).get("members", ()))


def document(summary: Mapping[str, Any], members: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The full input document of a summary."""
    caller = summary.get("caller", {})
    organisation = summary.get("organisation", {})
    country = str(caller.get("country", ""))
    prefix = _EEA_PREFIX if country in members else {"GB": "uk"}.get(country, country.lower())
    data = _data(summary.get("data", {}))
    return {
        "schema": SCHEMA,
        "now": summary["at"],
        "caller": {
            "tenant": "cases", "application": "cases", "user": "cases", "country": country,
            "region": str(caller.get("region", "")), "audience": _audience(summary), "purpose": _purpose(str(summary.get("purpose", caller.get("purpose", "")))),
        },
        "organisation": {
            "name": "cases", "country": country, "ciio": bool(caller.get("ciio") or organisation.get("ciio")),
            "hipaa": bool(caller.get("hipaa") or organisation.get("hipaa")),
        },
        "destination": _destination(summary.get("destination", {})),
        "request": {
            "protocol": "openai_chat", "stream": False, "json_mode": False, "tools": 0, "provider_tools": [],
            "references": [], "uninspected": [], "files": [], "provenance": [],
        },
        "data": data,
        "counters": _counters(summary.get("counters", {})),
        "mechanisms": _mechanisms(summary, prefix),
        "attempt": 1,
    }  # fmt: skip


def _differences(decision: Decision, expect: Mapping[str, Any]) -> Iterator[str]:
    if decision.unmodified != expect["allow_unmodified"]:
        yield f"allow_unmodified is {decision.unmodified}, expected {expect['allow_unmodified']}"
    wanted = set(expect.get("obligations_any", []))
    if wanted and not wanted & set(decision.obligations):
        yield f"none of {sorted(wanted)} in {list(decision.obligations)}"
    if missing := set(expect.get("obligations_all", [])) - set(decision.obligations):
        yield f"{sorted(missing)} not in {list(decision.obligations)}"
    if (tier := expect.get("tier")) and decision.tier != tier:
        yield f"tier is {decision.tier}, expected {tier}"


def _audience(summary: Mapping[str, Any]) -> str:
    application = summary.get("app", summary.get("application", {}))
    public = isinstance(application, Mapping) and any(
        (bool(value) and str(key).startswith("public")) or value == "public" for key, value in application.items()
    )
    return "public" if public or summary.get("caller", {}).get("audience") == "public" else "internal"


def _purpose(raw: str) -> str:
    if "emergency" in raw or "life_" in raw:
        return "emergency_necessary"
    if any(word in raw for word in ("judicial", "foreign_court", "subpoena", "law_enforcement", "foreign_authority")):
        return "foreign_authority_request"
    if raw.startswith("hr") or "human_resource" in raw:
        return "hr_management_necessary"
    return raw


def _destination(raw: Mapping[str, Any]) -> dict[str, Any]:
    named = {name for name, flag in raw.items() if flag is True and name in _CERTIFICATIONS}
    certifications = {_CERTIFICATIONS.get(name, name) for name in {*named, *raw.get("certifications", [])}}
    stores = raw.get("stores")
    return {
        "provider": "cases", "model": "cases", "country": raw.get("country", ""),
        "retention_days": raw.get("retention_days", 0 if stores is False else None), "training": raw.get("training"),
        "certifications": sorted(certifications), "covered_person": bool(raw.get("covered_person")),
    }  # fmt: skip


def _data(raw: Mapping[str, Any]) -> dict[str, Any]:
    bulk = {_class_of(name): int(count) for name, count in raw.get("us_bulk", {}).items()}
    ages = [int(age) for age in raw.get("ages", [])]
    people = max(int(raw.get("pi_subjects", 0)), int(raw.get("spi_subjects", 0)), len(ages))
    categories = [str(name) for name in raw.get("categories", [])]
    health = people if "health" in categories else 0
    subjects = {**dict.fromkeys(SUBJECT_CLASSES, 0), "pi": people, "spi": int(raw.get("spi_subjects", 0)),
                "health": health, **bulk}  # fmt: skip
    entities = _entities(raw, people)
    citizens = raw.get("citizens", [])
    return {
        "grade": "L5" if raw.get("important") else "L4" if subjects["spi"] or bulk else "L3" if entities else "L2",
        "categories": [*categories, *(["personal"] if people else [])], "entities": entities,
        "subjects": subjects, "new_subjects": subjects, "important": bool(raw.get("important")),
        "minors": bool(raw.get("minors") or raw.get("minor")), "ages": ages, "role": str(raw.get("role", "")),
        "foreign_origin": _foreign(raw), "citizens": [citizens] if isinstance(citizens, str) else list(citizens),
        "collecting": bool(raw.get("collecting", True)),
        "government_related": bool(raw.get("government_related") or raw.get("us_government_related")),
        "pseudonymised": bool(raw.get("pseudonymised")), "phi": bool(raw.get("phi")),
    }  # fmt: skip


def _class_of(name: str) -> str:
    found = next((known for part, known in _CLASSES if part in name), name)
    if found not in SUBJECT_CLASSES:
        raise ValueError(f"unknown class of data: {name}")
    return found


def _foreign(raw: Mapping[str, Any]) -> bool:
    flags = (raw.get("foreign_origin"), raw.get("foreign_origin_pi"), raw.get("transit"))
    added = raw.get("domestic_added") or raw.get("domestic_pi_added")
    origin = raw.get("origin") or raw.get("collected_in")
    return not added and (any(flags) or (isinstance(origin, str) and origin not in ("", "CN", "domestic")))


def _entities(raw: Mapping[str, Any], people: int) -> dict[str, int]:
    """Labels a detector would have found; a summary names people and secrets, not spans."""
    known = {
        "name": "PERSON",
        "mrn": "MEDICAL_ID",
        "ssn": "US_SSN",
        "phone": "PHONE",
        "email": "EMAIL",
        "ip": "IP_ADDRESS",
    }
    entities = {str(label): int(count) for label, count in raw.get("entities", {}).items()}
    if people:
        entities["PERSON"] = people
    for name in raw.get("hipaa_ids", []):
        entities[known.get(name, str(name).upper())] = 1
    if raw.get("phi") and "hipaa_ids" not in raw and not people:
        entities["MEDICAL_ID"] = 1
    for name in raw.get("secrets", []):
        label = str(name).upper()
        entities[label if label in ("PRIVATE_KEY", "PASSWORD", "JWT", "CONNECTION_STRING") else "API_KEY"] = 1
    return entities


def _counters(raw: Mapping[str, Any]) -> dict[str, Any]:
    names = ("cn_pi_ytd", "cn_spi_ytd", *(f"us_{name}_12m" for name in US_CLASSES))
    counters: dict[str, Any] = {name: int(raw.get(name, 0)) for name in names}
    for name, count in raw.items():
        if name.startswith("us_") and name not in counters:
            counters[f"us_{_class_of(name)}_12m"] = int(count)
    return {**counters, "days_since_first_transfer": raw.get("days_since_first_transfer")}


def _mechanisms(summary: Mapping[str, Any], prefix: str) -> list[str]:
    """What the tenant has on file: the summary's own list, and flags such as `"guardian_consent": true`."""
    named = [name for raw in summary.get("mechanisms", []) for name in _in_force(raw, str(summary["at"]))]
    for holder in (summary, *(summary.get(key, {}) for key in ("data", "caller", "destination", "organisation"))):
        for key, value in holder.items():
            if value and any(word in key for word in ("consent", "ground", "basis")):
                named += [key if "consent" in key else "art9", *([value] if isinstance(value, str) else [])]
            elif value is True and key not in _CERTIFICATIONS and _canonical(key, prefix) != key:
                named.append(key)
    if _outside_negative_list(summary):
        named.append("ftz")
    return sorted({*named, *(_canonical(name, prefix) for name in named)})


def _in_force(raw: Any, at: str) -> list[str]:
    """A mechanism as a name, or as an object with a name and perhaps the day it ends."""
    if not isinstance(raw, Mapping):
        return [str(raw)]
    ends = next((str(raw[key]) for key in ("valid_until", "expires", "until", "valid_to") if raw.get(key)), "9999")
    name = next((str(raw[key]) for key in ("name", "mechanism", "type", "id") if raw.get(key)), "")
    return [name] if name and at[: len(ends)] <= ends else []


def _outside_negative_list(summary: Mapping[str, Any]) -> bool:
    """A free-trade zone's exporter whose data is not on the zone's negative list (CBDF 2024 art 6)."""
    data, caller = summary.get("data", {}), summary.get("caller", {})
    zone = any(bool(holder.get(key)) for holder in (summary, data, caller) for key in ("ftz", "free_trade_zone"))
    return zone and not any(bool(data.get(key)) for key in ("negative_list", "on_negative_list", "in_negative_list"))


def _canonical(name: str, prefix: str) -> str:
    lowered = name.lower().replace("-", "_").replace(" ", "_")
    for words, known in _MECHANISMS:
        if all(word in lowered for word in words):
            # a name that carries another law's prefix stays with that law: a Chinese contract is no ground in the EU
            own, _, _rest = lowered.partition("_")
            full = known.format(c=own if len(own) == 2 and own.isalpha() else prefix)
            return _OWN_NAMES.get(full, full)
    return name
