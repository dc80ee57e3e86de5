"""From findings to categories and a grade L1-L5, with one line of reason for each step.

L1 public, L2 internal, L3 ordinary personal data, L4 sensitive personal data and credentials, L5 important data. A base
grade by label; raised by what occurs together and by how many people it concerns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from gateway.flow import OPAQUE, Classification, Finding
from gateway.inspection.recognizers.global_secrecy_marking import STATE
from gateway.inspection.subjects import (
    CLASSES,
    FINANCIAL,
    GEO,
    GOVERNMENT_IDS,
    HEALTH,
    PERSONAL,
    SECRETS,
    classes_of,
)

MANY, MASS, BULK = 10, 1_000, 10_000
"""Distinct subjects in one call from which the grade rises: a list, a database, a population."""

_MARKING = "MARKING"
_ORGANISATION = frozenset({"ORG", "USCC"})


def classify(
    findings: Sequence[Finding], uninspected: Iterable[str] = (), *, why: Sequence[str] = (), strict: bool = True
) -> Classification:
    """Grade a whole call. `uninspected` names the kinds of parts nobody could read, `why` the reasons.

    `strict`: see `classes_of`.
    """
    entities = Counter(finding.span.label for finding in findings)
    subjects = _subjects(findings, strict)
    unread = tuple(sorted(set(uninspected)))
    labels = frozenset(entities)
    state_secret = any(each.span.label == _MARKING and each.value.startswith(STATE) for each in findings)
    grade, reasons = _grade(labels, len(subjects["pi"]), unread, why, strict=strict, state_secret=state_secret)
    return Classification(
        grade=f"L{grade}",
        categories=_categories(labels, subjects, unread),
        entities=dict(sorted(entities.items())),
        subjects=subjects,
        uninspected=unread,
        important=grade >= 5,
        minors=False,
        unredactable=_counted(finding.span.label for finding in findings if finding.kind in OPAQUE),
        reasons=tuple(reasons),
    )


def _counted(labels: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(labels).items()))


def _subjects(findings: Sequence[Finding], strict: bool) -> dict[str, frozenset[str]]:
    """Distinct subjects per class. A finding without a key (inspected outside a call) counts by its value."""
    classes: dict[str, set[str]] = {name: set() for name in CLASSES}
    for finding in findings:
        if finding.subject:
            for name in classes_of(finding.span.label, strict=strict):
                classes[name].add(finding.subject)
    return {name: frozenset(keys) for name, keys in classes.items()}


def _categories(labels: frozenset[str], subjects: dict[str, frozenset[str]], unread: Sequence[str]) -> tuple[str, ...]:
    named = {
        "personal": bool(labels & PERSONAL),
        "sensitive_personal": bool(labels & (FINANCIAL | HEALTH | GEO) or subjects["spi"]),
        "government_id": bool(labels & GOVERNMENT_IDS),
        "financial": bool(labels & FINANCIAL),
        "health": bool(labels & HEALTH),
        "location": bool(labels & GEO),
        "marked": _MARKING in labels,
        "credential": bool(labels & SECRETS),
        "organisation": bool(labels & _ORGANISATION),
        "uninspected": bool(unread),
    }
    return tuple(name for name, present in named.items() if present)


def _grade(
    labels: frozenset[str], people: int, unread: Sequence[str], why: Sequence[str], *, strict: bool, state_secret: bool
) -> tuple[int, list[str]]:
    """The grade and why: one line per rule that spoke."""
    steps: list[tuple[int, str]] = []

    def because(grade: int, present: Iterable[str], why: str) -> None:
        names = sorted(present)
        if names:
            steps.append((grade, f"L{grade}: {why} ({', '.join(names)})"))

    if state_secret:
        because(5, labels & {_MARKING}, "marked as a state secret")
    because(4, labels & {_MARKING}, "marked as confidential")
    because(4, labels & SECRETS, "credentials")
    because(4, labels & FINANCIAL, "financial accounts")
    because(4, labels & HEALTH, "health data")
    because(4, labels & GEO, "precise location")
    ids = labels & GOVERNMENT_IDS
    because(4 if strict else 3, ids, "government identifiers")
    if ids and labels & {"PERSON"} and labels & {"PHONE", "ADDRESS", "EMAIL", "DATE_OF_BIRTH"}:
        because(4, ids | {"PERSON"}, "name, identifier and contact data together")
    because(3, labels & PERSONAL - GOVERNMENT_IDS - FINANCIAL - HEALTH - GEO, "personal data")
    if people >= BULK:
        steps.append((5, f"L5: {BULK} or more distinct subjects"))
    elif people >= MASS:
        steps.append((4, f"L4: {MASS} or more distinct subjects"))
    elif people >= MANY:
        steps.append((4, f"L4: {MANY} or more distinct subjects"))
    because(2, labels & _ORGANISATION, "names or numbers of organisations")
    because(2, why or unread, "parts that were not inspected")
    if not steps:
        return 1, ["L1: nothing sensitive was found"]
    return max(grade for grade, _ in steps), [why for _, why in sorted(steps, key=lambda step: -step[0])]
