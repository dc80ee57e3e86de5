"""Found once, found everywhere: which names travel, and where they land."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gateway.flow import Span
from gateway.inspection.names.propagate import propagate


def person(text: str, name: str, score: float = 0.9, label: str = "PERSON") -> Span:
    start = text.index(name)
    return Span(start, start + len(name), label, score, "names")


def values(text: str, spans: list[Span]) -> list[tuple[int, str]]:
    return [(span.start, text[span.start : span.end]) for span in spans]


def test_a_full_name_is_found_again() -> None:
    text = "Ann Lee called. Later ANN LEE and Ann Lee left."
    assert values(text, propagate(text, [person(text, "Ann Lee")])) == [(0, "Ann Lee"), (34, "Ann Lee")]


def test_only_as_whole_words() -> None:
    text = "Ann Lee likes Joann Lee and Ann Leeson, not Ann Lee."
    assert values(text, propagate(text, [person(text, "Ann Lee")])) == [(0, "Ann Lee"), (44, "Ann Lee")]


def test_one_word_and_two_characters_stay_where_they_are() -> None:
    for text, name in (("Will left. Will he?", "Will"), ("高兴走了。他很高兴", "高兴")):
        assert propagate(text, [person(text, name)]) == [person(text, name)]


def test_a_chinese_name_of_three_characters_travels() -> None:
    text = "张小明说:请转告张小明的家长"
    assert values(text, propagate(text, [person(text, "张小明")])) == [(0, "张小明"), (8, "张小明")]


def test_a_first_name_and_a_short_name_travel_where_the_model_is_certain() -> None:
    text = "Weijia Huang studies. Weijia is diligent, says Li Huang."
    assert values(text, propagate(text, [person(text, "Weijia Huang", score=0.99)])) == [
        (0, "Weijia Huang"),
        (22, "Weijia"),
        (50, "Huang"),
    ]
    text = "王芳说:请王芳回电"
    assert values(text, propagate(text, [person(text, "王芳", score=0.99)])) == [(0, "王芳"), (5, "王芳")]


def test_an_unsure_name_does_not_travel() -> None:
    text = "Ann Lee. Ann Lee."
    assert len(propagate(text, [person(text, "Ann Lee", score=0.6)])) == 1


def test_found_spans_stay_and_are_not_overlapped() -> None:
    text = "Ann Lee works for Ann Lee Consulting, says Ann Lee"
    spans = [person(text, "Ann Lee"), person(text, "Ann Lee Consulting", label="ORG")]
    assert [(s.start, s.label) for s in propagate(text, spans)] == [(0, "PERSON"), (18, "ORG"), (43, "PERSON")]


@given(st.text("ab ", max_size=60), st.sets(st.integers(0, 59), max_size=8))
def test_the_result_is_ordered_and_never_overlaps(text: str, cuts: set[int]) -> None:
    edges = sorted(cut for cut in cuts if cut < len(text))
    spans = [Span(a, b, "PERSON", 0.9, "names") for a, b in zip(edges[::2], edges[1::2], strict=False)]
    result = propagate(text, spans)
    assert set(spans) <= set(result)
    assert all(a.end <= b.start for a, b in pairwise(result))
