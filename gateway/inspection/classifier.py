"""From findings to categories and a grade L1-L5, with one line of reason for each step.

L1 public, L2 internal, L3 ordinary personal data and confidential business, L4 sensitive personal data, credentials and key
secrets, L5 important data (GB/T 43697-2024 levels, GB/T 45574-2025 sensitive personal information). A base grade by label
or class of content; raised by what occurs together and by how many people it concerns.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType

from gateway.flow import CLASS, OPAQUE, Classification, Finding, Path
from gateway.inspection.company_marking import INTERNAL
from gateway.inspection.company_marking import NAME as COMPANY_MARKING
from gateway.inspection.content.classes import catalogue
from gateway.inspection.figures import HINTS
from gateway.inspection.own import DOCUMENT_CLASS as DOCUMENT
from gateway.inspection.recognizers.global_secrecy_marking import is_state
from gateway.inspection.subjects import (
    CLASSES,
    FINANCIAL,
    GEO,
    GOVERNMENT_IDS,
    HEALTH,
    PERSONAL,
    REGISTERED,
    SECRETS,
    classes_of,
)

MANY, MASS, BULK = 10, 1_000, 10_000
"""Distinct subjects in one call from which the grade rises: a list, a database, a population."""

SURE_NAME = 0.8
"""Score from which a single name by itself makes a call personal."""

LIKELY_NAME = 0.65
"""Score from which a single doubtful name of one word makes health, beliefs or offences those of a person."""

_WORDS = re.compile(r"\w[.\s·]+\w|[\u4e00-\u9fff]{3}")
"""A name of more than one word, or as long as most Chinese names are."""
_MARKING = "MARKING"
KNOWN = PERSONAL | SECRETS | REGISTERED | {"DATE", "LOCATION", "MARKING", "NRP", "ORG", "TITLE", "URL", "USCC"}
"""Labels of ours; any other is a custom recogniser's, and personal until a policy says otherwise."""

_ORGANISATION = frozenset({"ORG", "USCC"})
_SPECIAL = MappingProxyType(
    {"health": "health", "minor": "minor", "beliefs": "special_category", "criminal_record": "criminal"}
)
"""Classes that are a category of personal data only where a person is meant, and its name."""

Step = tuple[int, str]
"""A grade and the line that says why."""


def classify(
    findings: Sequence[Finding],
    uninspected: Iterable[str] = (),
    *,
    why: Sequence[str] = (),
    replaceable: Collection[Path] = (),
    strict: bool = True,
) -> Classification:
    """Grade a whole call. `uninspected` names the kinds of parts nobody could read, `why` the reasons.

    `replaceable`: files that may go on as text, so that what is in them can be taken out. `strict`: see `classes_of`.
    """
    content = {finding.span.detector for finding in findings if finding.span.label == CLASS}
    values = [finding for finding in findings if finding.span.label != CLASS] if content else findings
    subjects = _subjects(values, strict)
    labels = frozenset(finding.span.label for finding in values)
    doubtful = _doubtful(values)
    certain = labels - doubtful
    person = bool(certain & PERSONAL) or (bool(doubtful) and _looks_like_a_name(values))
    unread = tuple(sorted(set(uninspected)))
    steps = [
        *_by_marking(values),
        *_by_content(content, person),
        *_by_registration(values, content),
        *_by_label(certain, strict),
        *_by_people(len(subjects["pi"])),
    ]
    if unread:
        steps.append((2, f"L2: parts that were not inspected ({', '.join(sorted(why or unread))})"))
    grade = max((step[0] for step in steps), default=1)
    return Classification(
        grade=f"L{grade}",
        categories=_categories(labels, content, person, subjects, unread),
        entities=_counted(finding.span.label for finding in values),
        subjects=subjects,
        uninspected=unread,
        important=grade >= 5,
        minors="minor" in content and person,
        unredactable=_counted(
            finding.span.label for finding in values if finding.kind in OPAQUE and finding.path not in replaceable
        ),
        reasons=tuple(line for _, line in sorted(steps, key=lambda step: -step[0]))
        or ("L1: nothing sensitive was found",),
    )


def _counted(labels: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(labels).items()))


def _subjects(findings: Sequence[Finding], strict: bool) -> dict[str, frozenset[str]]:
    """Distinct subjects per class. A finding without a key (inspected outside a call) counts by its value."""
    of_label: dict[str, set[str]] = {}
    for label, subject in {(finding.span.label, finding.subject) for finding in findings}:
        if subject:
            of_label.setdefault(label, set()).add(subject)
    classes: dict[str, set[str]] = {name: set() for name in CLASSES}
    for label, subjects in of_label.items():
        for name in classes_of(label, strict=strict):
            classes[name] |= subjects
    return {name: frozenset(keys) for name, keys in classes.items()}


def _categories(
    labels: frozenset[str],
    content: set[str],
    person: bool,
    subjects: Mapping[str, frozenset[str]],
    unread: Sequence[str],
) -> tuple[str, ...]:
    special = {category for name, category in _SPECIAL.items() if name in content and person}
    named = {
        "personal": bool(labels & PERSONAL),
        "sensitive_personal": bool(labels & (FINANCIAL | HEALTH | GEO) or subjects["spi"] or special),
        "government_id": bool(labels & GOVERNMENT_IDS),
        "financial": bool(labels & FINANCIAL),
        "health": bool(labels & HEALTH) or "health" in special,
        "location": bool(labels & GEO),
        "marked": _MARKING in labels,
        "credential": bool(labels & SECRETS),
        "organisation": bool(labels & _ORGANISATION),
        "registered": bool(labels & REGISTERED),
        "uninspected": bool(unread),
    }
    others = {name.partition(":")[0] for name in content - HINTS if name not in _SPECIAL} | special - {"health"}
    return (*(name for name, present in named.items() if present), *sorted(others))


def _because(grade: int, present: Iterable[str], why: str) -> list[Step]:
    names = sorted(present)
    return [(grade, f"L{grade}: {why} ({', '.join(names)})")] if names else []


def _by_marking(findings: Sequence[Finding]) -> list[Step]:
    """What a document says of itself. A company's "internal" is L2, its "confidential" L4, a state's secret L5."""
    steps: set[Step] = set()
    for finding in findings:
        if finding.span.label != _MARKING:
            continue
        company = finding.span.detector == COMPANY_MARKING
        if not company and is_state(finding.value):
            steps.update(_because(5, {_MARKING}, "marked as a state secret"))
        elif company and INTERNAL.search(finding.value):
            steps.update(_because(2, {_MARKING}, "marked as internal"))
        else:
            steps.update(_because(4, {_MARKING}, "marked as confidential"))
    return list(steps)


def _by_content(content: Iterable[str], person: bool) -> list[Step]:
    """What the text is about, and whether it is about somebody."""
    classes = catalogue()[0]
    known = [classes[name] for name in sorted(content) if name in classes]
    found = [(each.person if person else each.grade, each.why) for each in known]
    return [(grade, f"L{grade}: {why}") for grade, why in found if grade]


def _by_registration(findings: Sequence[Finding], content: Iterable[str]) -> list[Step]:
    """What the organisation itself registered: tables, documents, words. The detector names the set, never a value."""
    names = {finding.span.detector for finding in findings if finding.span.label in REGISTERED}
    names |= {name for name in content if name.startswith(f"{DOCUMENT}:")}
    return _because(4, names, "registered by the organisation")


def _by_label(labels: frozenset[str], strict: bool) -> list[Step]:
    ids = labels & GOVERNMENT_IDS
    steps = [
        *_because(4, labels & SECRETS, "credentials"),
        *_because(4, labels & FINANCIAL, "financial accounts"),
        *_because(4, labels & HEALTH, "health data"),
        *_because(4, labels & GEO, "precise location"),
        *_because(4 if strict else 3, ids, "government identifiers"),
        *_because(3, labels & PERSONAL - GOVERNMENT_IDS - FINANCIAL - HEALTH - GEO, "personal data"),
        *_because(3, labels - KNOWN, "found by the organisation's own recognisers"),
        *_because(2, labels & {"USCC"}, "numbers of organisations"),
    ]
    if ids and "PERSON" in labels and labels & {"PHONE", "ADDRESS", "EMAIL", "DATE_OF_BIRTH"}:
        steps += _because(4, ids | {"PERSON"}, "name, identifier and contact data together")
    return steps


def _doubtful(findings: Sequence[Finding]) -> frozenset[str]:
    """PERSON, where all that is personal is one name that is none as likely as not. Policies see the finding all the same."""
    personal = [finding for finding in findings if finding.span.label in PERSONAL]
    if any(finding.span.label != "PERSON" or finding.span.score >= SURE_NAME for finding in personal):
        return frozenset()
    return frozenset({"PERSON"} if len({finding.value for finding in personal}) == 1 else ())


def _looks_like_a_name(findings: Sequence[Finding]) -> bool:
    """Whether a doubtful name is one rather than a word at the head of a sentence: where the text is about health, say, it counts."""
    return any(
        finding.span.label == "PERSON"
        and (finding.span.score >= LIKELY_NAME or _WORDS.search(finding.value) is not None)
        for finding in findings
    )


def _by_people(people: int) -> list[Step]:
    if people >= BULK:
        return [(5, f"L5: {BULK} or more distinct subjects")]
    return [(4, f"L4: {least} or more distinct subjects") for least in (MASS, MANY) if people >= least][:1]
