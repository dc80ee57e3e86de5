"""The input document of a decision, `lexgate/input@1`: its keys, their types, and its canonical form.

Rules that find a key missing would silently not fire, which in a policy of prohibitions means *allowed*. So every
document is checked here, before any engine sees it: a missing, mistyped or unknown key raises FactsInvalid.

The canonical form is what is decided, recorded and replayed: `now` cut to the minute, counters zeroed when the call
carries no data subject (they cannot matter then, and a clean call stays cacheable).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from policies.errors import FactsInvalid

SCHEMA: Final = "lexgate/input@1"
GRADES: Final = ("L1", "L2", "L3", "L4", "L5")
SUBJECT_CLASSES: Final = ("pi", "spi", "health", "financial", "geo", "biometric", "identifier", "genomic", "omic")
US_CLASSES: Final = SUBJECT_CLASSES[2:]

_NOW = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?Z")
_COUNTRY = re.compile(r"([A-Z]{2})?")
_LARGEST = 2**53 - 1  # exact in every JSON reader

Check = Callable[[Any, str], Any]


def _text(value: Any, path: str) -> str:
    if type(value) is not str:
        raise FactsInvalid(path, "must be a text")
    return value


def _flag(value: Any, path: str) -> bool:
    if type(value) is not bool:
        raise FactsInvalid(path, "must be true or false")
    return value


def _count(value: Any, path: str) -> int:
    if type(value) is not int or not 0 <= value <= _LARGEST:
        raise FactsInvalid(path, "must be a whole number, 0 or more")
    return value


def _country(value: Any, path: str) -> str:
    if type(value) is not str or not _COUNTRY.fullmatch(value):
        raise FactsInvalid(path, 'must be an ISO 3166-1 alpha-2 code ("" when unknown)')
    return value


def _grade(value: Any, path: str) -> str:
    if value not in GRADES:
        raise FactsInvalid(path, f"must be one of {', '.join(GRADES)}")
    return str(value)


def _audience(value: Any, path: str) -> str:
    if value not in ("internal", "public"):
        raise FactsInvalid(path, "must be internal or public")
    return str(value)


def _schema(value: Any, path: str) -> str:
    if value != SCHEMA:
        raise FactsInvalid(path, f"must be {SCHEMA}")
    return SCHEMA


def _now(value: Any, path: str) -> str:
    if type(value) is not str or not _NOW.fullmatch(value):
        raise FactsInvalid(path, "must be a UTC time such as 2026-11-24T12:00:00Z")
    try:
        datetime.fromisoformat(value[:16]).replace(tzinfo=UTC)
    except ValueError:
        raise FactsInvalid(path, "is not a date that exists") from None
    return value[:16] + ":00Z"


def _list(check: Check) -> Check:
    def each(value: Any, path: str) -> list[Any]:
        if type(value) is not list and type(value) is not tuple:
            raise FactsInvalid(path, "must be a list")
        return sorted(check(item, f"{path}[{n}]") for n, item in enumerate(value))

    return each


def _or_null(check: Check) -> Check:
    return lambda value, path: None if value is None else check(value, path)


def _map(check: Check) -> Check:
    def each(value: Any, path: str) -> dict[str, Any]:
        if type(value) is not dict:
            raise FactsInvalid(path, "must be an object")
        return {_text(key, path): check(item, path) for key, item in value.items()}

    return each


SHAPE: Final[Mapping[str, Check | Mapping[str, Check | Mapping[str, Check]]]] = {
    "schema": _schema,
    "now": _now,
    "caller": {
        "tenant": _text, "application": _text, "audience": _audience, "user": _text, "purpose": _text,
        "country": _country, "region": _text,
    },
    "organisation": {"name": _text, "country": _country, "ciio": _flag, "hipaa": _flag},
    "destination": {
        "provider": _text, "model": _text, "country": _country, "retention_days": _or_null(_count),
        "training": _or_null(_flag), "certifications": _list(_text), "covered_person": _flag,
    },
    "request": {
        "protocol": _text, "stream": _flag, "json_mode": _flag, "tools": _count, "provider_tools": _list(_text),
        "references": _list(_text), "uninspected": _list(_text), "files": _list(_text),
        "provenance": _list(_text),
    },
    "data": {
        "grade": _grade, "categories": _list(_text), "entities": _map(_count),
        "subjects": dict.fromkeys(SUBJECT_CLASSES, _count), "new_subjects": dict.fromkeys(SUBJECT_CLASSES, _count),
        "important": _flag, "minors": _flag, "ages": _list(_count), "role": _text, "foreign_origin": _flag,
        "citizens": _list(_country), "collecting": _flag, "government_related": _flag, "pseudonymised": _flag,
        "phi": _flag, "unredactable": _map(_count),
    },
    "counters": {
        "cn_pi_ytd": _count, "cn_spi_ytd": _count, **{f"us_{name}_12m": _count for name in US_CLASSES},
        "days_since_first_transfer": _or_null(_count),
    },
    "mechanisms": _list(_text),
    "attempt": _count,
}  # fmt: skip

DEFAULTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "caller": {"region": ""},
    "organisation": {"hipaa": False},
    "destination": {"covered_person": False},
    "request": {"files": [], "provenance": []},
    "data": {
        "ages": [], "role": "", "foreign_origin": False, "citizens": [], "collecting": True,
        "government_related": False, "pseudonymised": False, "phi": False, "unredactable": {},
    },
    "counters": {"days_since_first_transfer": None},
}  # fmt: skip
"""Facts that may be left out: what they then mean. `collecting` defaults to the answer that refuses more."""


def canonical(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document checked and in canonical form, all keys present. Raises FactsInvalid naming the key at fault."""
    facts: dict[str, Any] = _checked(document, SHAPE, "", DEFAULTS)
    if not any(facts["data"]["subjects"].values()):
        facts["counters"] = {key: None if value is None else 0 for key, value in facts["counters"].items()}
    return facts


def encode(facts: Mapping[str, Any]) -> bytes:
    """Canonical facts as bytes: sorted keys, no spaces. What the record keeps and the decision cache is keyed by."""
    return orjson.dumps(facts, option=orjson.OPT_SORT_KEYS)


def _checked(value: Any, shape: Mapping[str, Any], path: str, defaults: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise FactsInvalid(path, "must be an object")
    if len(value) > len(shape) or any(key not in shape for key in value):
        raise FactsInvalid(path, f"has unknown keys: {', '.join(sorted(set(map(str, value)) - set(shape)))[:200]}")
    checked: dict[str, Any] = {}
    prefix = f"{path}." if path else ""
    for key, check in shape.items():
        item = value.get(key, _MISSING)
        if isinstance(check, Mapping):
            checked[key] = _checked(item, check, prefix + key, defaults.get(key, {}))
        elif item is not _MISSING:
            checked[key] = check(item, prefix + key)
        elif key in defaults:
            checked[key] = check(defaults[key], prefix + key)
        else:
            raise FactsInvalid(prefix + key, "is missing")
    return checked


_MISSING: Final = object()
