"""Terms are found where their expressions are, however they are written and whatever stands beside them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.inspection.content.classes import catalogue
from gateway.inspection.content.terms import Terms, expression
from gateway.inspection.matcher import PlainMatcher

WRITINGS = ("due diligence", "dual-use", "MRI", "term sheet for sale", "尽职调查", "Q3", "P&L", "C++ ", "école")
BESIDE = ["", " ", "x", "é", "调", "_", "-", "1", "\n"]
BLANKS = [" ", "  ", "\t", "\n", "\r\n", "-", " - ", "    ", "", "_", "\u00a0"]


@pytest.fixture(scope="module")
def terms() -> Terms:
    return Terms(WRITINGS)


def found(terms: Terms, text: str) -> list[tuple[int, int]]:
    return terms.find(text)


@st.composite
def written(draw: st.DrawFn) -> str:
    """A term in one of many writings, some of which are none."""
    words = draw(st.sampled_from(WRITINGS)).replace("-", " ").split()
    text = words[0] + "".join(draw(st.sampled_from(BLANKS)) + word for word in words[1:])
    case = draw(st.sampled_from([str, str.upper, str.lower, str.title]))
    return draw(st.sampled_from(BESIDE)) + case(text) + draw(st.sampled_from(BESIDE))


@given(st.lists(written(), max_size=6).map("".join))
def test_terms_are_found_where_their_expressions_are(terms: Terms, text: str) -> None:
    assert found(terms, text) == PlainMatcher([expression(writing) for writing in WRITINGS]).scan(text)


def test_what_only_looks_like_a_term_is_none(terms: Terms) -> None:
    assert found(terms, "dual used, undue diligence, due diligences, a term sheet for rent") == []
    assert found(terms, "Dual-Use: due\n diligence") == [(1, 0), (0, 10)]


def test_every_shipped_term_is_found_in_its_own_writing() -> None:
    _, terms, _ = catalogue()
    writings = [writing for each in terms for writing in each]
    shipped = Terms(writings)
    text, places = "", []
    for number, writing in enumerate(writings):
        places.append((number, len(text)))
        text += f"{writing}\n\n\n\n"
    assert set(places) <= set(found(shipped, text))


def test_a_later_part_of_a_term_stands_in_the_same_sentence() -> None:
    terms = Terms(("do not ~tell/inform", "尚未~公布/披露"))
    assert found(terms, "Do  not yet\ninform them") == [(0, 0)]
    assert found(terms, "结果尚未对外公布") == [(1, 2)]
    assert found(terms, "Do not go. Tell them") == []
    assert found(terms, "do not retell") == []
    assert found(terms, "尚未完成。今日公布") == []


def test_a_term_that_begins_with_two_short_words_is_found_in_any_spacing() -> None:
    terms = Terms(("in the annex", "to be released on"))
    for text in ("in the annex", "in  the annex", "in the  annex", "in\n\nthe - annex", "IN THE ANNEX"):
        assert found(terms, text) == [(0, 0)], text
    assert found(terms, "in the house, to be fair, within the annex") == []
