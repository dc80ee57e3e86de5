"""Names that everybody knows count as nobody's, but only where nothing else is personal."""

from __future__ import annotations

import pytest

from gateway.flow import Finding, PartKind, Span
from gateway.inspection.figures import without_figures


def finding(value: str, label: str = "PERSON") -> Finding:
    return Finding(("text",), PartKind.TEXT, Span(0, len(value), label, 0.9, "names"), value)


@pytest.mark.parametrize(
    "name", ["Isaac Newton", "isaac  newton", "Martin Luther King Jr", "李白", "埃隆·马斯克", "Hamlet"]
)
def test_a_known_name_alone_is_nobodys(name):
    assert without_figures([finding(name)]) == ()


def test_what_is_not_personal_stays():
    company = finding("Acme Ltd", "ORG")
    assert without_figures([company, finding("Charles Darwin")]) == (company,)


@pytest.mark.parametrize(
    "other", [finding("Deborah Garcia"), finding("+44 20 7946 0018", "PHONE"), finding("12 Baker Street", "ADDRESS")]
)
def test_beside_anything_personal_it_is_a_name_like_others(other):
    findings = (finding("Isaac Newton"), other)
    assert without_figures(findings) == findings


@pytest.mark.parametrize("name", ["John Adams", "James Brown", "王伟", "Wilson"])
def test_what_many_are_called_is_not_on_the_list(name):
    assert without_figures([finding(name)]) == (finding(name),)


def test_nothing_found_is_nothing():
    assert without_figures([]) == ()
