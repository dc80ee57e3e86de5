"""A part of the graded documents: `python -m tests.gateway.inspection.grades.report` grades all of them."""

from __future__ import annotations

import pytest

from gateway.inspection.engine import Engine
from tests.gateway.inspection.grades.documents import documents, kinds
from tests.gateway.inspection.grades.papers import papers
from tests.gateway.inspection.grades.report import graded, share


@pytest.fixture(scope="module")
def some():
    return graded(Engine(), documents(each=1, seed=7))


def test_there_are_more_than_three_hundred_documents_and_half_are_chinese() -> None:
    every = list(documents())
    assert len(every) >= 300
    assert len({each.text for each in every}) > 0.9 * len(every)
    chinese = sum(each.lang == "zh" for each in every)
    assert 0.45 <= chinese / len(every) <= 0.55
    assert {each["grade"] for each in kinds()} == {1, 2, 3, 4, 5}


def test_documents_are_graded_at_least_as_high_as_they_should(some) -> None:
    missed = [(each.document.kind, each.document.lang, each.grade) for each in some if each.under]
    assert 1 - share(missed, some) >= 0.92, missed


def test_public_texts_are_not_graded_up(some) -> None:
    public = [each for each in some if each.document.grade == 1]
    raised = [(each.document.kind, each.document.lang, each.reasons) for each in public if each.over]
    assert share(raised, public) <= 0.05, raised


def test_each_grade_says_why_in_one_line_without_content(some) -> None:
    for each in some:
        for reason in each.reasons:
            assert reason.startswith("L")
            assert "\n" not in reason
        assert each.grade == 1 or each.reasons[0].startswith(f"L{each.grade}: ")


@pytest.fixture(scope="module")
def of_no_template():
    return graded(Engine(), papers())


def test_papers_of_no_template_are_graded_at_least_as_high_as_they_should(of_no_template) -> None:
    secret = [each for each in of_no_template if each.document.grade > 1]
    missed = [(each.document.kind, each.document.lang, each.grade) for each in secret if each.under]
    assert len(secret) >= 300
    assert 1 - share(missed, secret) >= 0.92, missed


def test_public_texts_of_no_template_are_not_graded_up(of_no_template) -> None:
    public = [each for each in of_no_template if each.document.grade == 1]
    raised = [(each.document.kind, each.document.lang, each.reasons) for each in public if each.over]
    assert len(public) >= 140
    assert share(raised, public) <= 0.05, raised
