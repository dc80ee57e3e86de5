"""Grades: base by label, raised by co-occurrence and by how many people."""

from __future__ import annotations

import pytest

from gateway.flow import CLASS, Finding, PartKind, Span
from gateway.inspection.classifier import classify
from gateway.inspection.subjects import subject_key


def finding(label: str, value: str = "v") -> Finding:
    key = subject_key(bytes(32), "t", label, value)
    return Finding(("messages", 0), PartKind.TEXT, Span(0, 1, label, 0.9, "test"), value, key)


@pytest.mark.parametrize(
    ("labels", "grade", "category"),
    [
        ([], "L1", None),
        (["ORG"], "L1", "organisation"),
        (["USCC"], "L2", "organisation"),
        (["PERSON"], "L3", "personal"),
        (["EMAIL", "PHONE"], "L3", "personal"),
        (["CN_ID"], "L4", "government_id"),
        (["CREDIT_CARD"], "L4", "financial"),
        (["MEDICAL_ID"], "L4", "health"),
        (["API_KEY"], "L4", "credential"),
    ],
)
def test_base_grades(labels, grade, category):
    result = classify([finding(label) for label in labels])
    assert result.grade == grade
    assert category is None or category in result.categories
    assert result.reasons[0].startswith(f"{grade}: ")


def test_a_bare_id_is_a_switch_but_not_beside_name_and_phone():
    assert classify([finding("CN_ID")], strict=False).grade == "L3"
    assert classify([finding("CN_ID"), finding("PERSON"), finding("PHONE")], strict=False).grade == "L4"


@pytest.mark.parametrize(("people", "grade"), [(9, "L3"), (10, "L4"), (10_000, "L5")])
def test_many_people_raise_the_grade(people, grade):
    result = classify([finding("EMAIL", f"u{number}@example.com") for number in range(people)])
    assert result.grade == grade
    assert len(result.subjects["pi"]) == people
    assert result.important is (grade == "L5")


def test_the_same_person_twice_is_one_subject():
    result = classify([finding("PHONE", "13912345678"), finding("PHONE", "+86 139 1234 5678")])
    assert result.entities == {"PHONE": 2}
    assert len(result.subjects["pi"]) == 1


@pytest.mark.parametrize(("value", "grade"), [("机密★10年", "L5"), ("内部资料", "L4"), ("STRICTLY CONFIDENTIAL", "L4")])
def test_markings_are_believed(value, grade):
    result = classify([finding("MARKING", value)])
    assert result.grade == grade
    assert result.important is (grade == "L5")
    assert "marked" in result.categories


def of_label(value: str) -> Finding:
    return Finding((), PartKind.FILE, Span(0, 1, "MARKING", 0.95, "company_marking"), value)


def test_a_label_without_a_name_says_no_more_than_internal():
    assert classify([of_label("defa4170-0d19-0005-0004-bc88714345d2")]).grade == "L2"
    assert classify([of_label("Confidential")]).grade == "L4"


@pytest.mark.parametrize(
    ("name", "score", "grade"),
    [
        ("Asthma", 0.45, "L1"),
        ("查明", 0.6, "L1"),
        ("Solveig Marchbanks", 0.47, "L4"),
        ("孟文博", 0.61, "L4"),
        ("Ruth", 0.71, "L4"),
    ],
)
def test_a_doubtful_name_makes_health_that_of_a_person_where_it_looks_like_a_name(name, score, grade):
    about = Finding((), PartKind.TEXT, Span(0, 0, CLASS, 0.9, "health"), "")
    person = Finding((), PartKind.TEXT, Span(0, 1, "PERSON", score, "names"), name)
    assert classify([about, person]).grade == grade


def test_what_nobody_read_is_said():
    result = classify([], ["image", "file", "image"])
    assert result.uninspected == ("file", "image")
    assert result.grade == "L2"
    assert "uninspected" in result.categories


def test_reasons_hold_no_content():
    result = classify([finding("PERSON", "Secret Name"), finding("API_KEY", "sk-123")])
    assert "Secret" not in " ".join(result.reasons)
    assert "sk-123" not in repr(result)
