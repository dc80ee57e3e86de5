"""Weak anchors wait for their words: the same in C and in Python, as far as the search for the cue reaches."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.inspection import hits_python
from gateway.inspection.engine import PatternScanner
from gateway.inspection.matcher import HyperscanMatcher, PlainMatcher
from gateway.inspection.needs import Needs
from gateway.inspection.recognizer import Recognizer, shape
from gateway.inspection.shipped import RECOGNIZERS

NEEDS = Needs(
    (r"\b[0-9]{4}\b", r"\b[0-9]{2,6}\b", "@"), (("tel", "卡号", "né", "straße"), ("tel", "fax"), ()), within=12
)
PIECES = st.lists(
    st.sampled_from(
        ["1234", "12", "@", "tel", "TEL", "Fax ", "卡号", "NÉ", "né", "Straße", "STRAẞE", " ", "x", "\n", "电", "\ud800", "-"]
    ),
    max_size=40,
).map("".join)  # fmt: skip


def expected(text: str) -> list[tuple[int, int]]:
    """Every hit of an anchor that needs nothing or has one of its words among the twelve characters before it."""
    hits = PlainMatcher(NEEDS.anchors).scan(text)
    small = text.lower()
    return [
        (number, at)
        for number, at in hits
        if not NEEDS.words[number]
        or any(small.startswith(word, begin) for word in NEEDS.words[number] for begin in range(max(0, at - 12), at))
    ]


@settings(max_examples=300)
@given(PIECES)
def test_only_anchors_with_a_word_before_them_are_hits(text: str) -> None:
    assert HyperscanMatcher(NEEDS).scan(text) == expected(text)
    assert PlainMatcher(NEEDS).scan(text) == expected(text)


HITS = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 60)), max_size=80)


@settings(max_examples=300)
@given(HITS, st.text(st.sampled_from("aé电𠀀"), min_size=70, max_size=70), st.booleans())
def test_hits_in_c_are_those_in_python(hits: list[tuple[int, int]], text: str, needing: bool) -> None:
    native = pytest.importorskip("gateway.inspection._hits")
    content = text.encode()
    plan = Needs(("a", "b", "c"), (("x", "y"), (), ("y", "z", "w", "v")), within=9).packed() if needing else b""
    found, same = native.Hits(), hits_python.Hits()
    for number, start in hits:
        found(number, start, start + 1, 0, None)
        same(number, start, start + 1, 0, None)
    taken = found.take(content, len(text), plan)
    assert taken == same.take(content, len(text), plan)
    assert found.take(content, len(text), plan) == []


@pytest.mark.parametrize(
    "plan",
    [
        b"\x00" * 8 + b"\xff\xff\xff\x7f" + b"\x00" * 12,
        b"x",
        b"\x01\x00\x00\x00" * 5,
        b"\xff" * 40,
        Needs(("a",), (("x",),), 3).packed()[:-4],
    ],
)
def test_a_damaged_plan_is_refused(plan: bytes) -> None:
    native = pytest.importorskip("gateway.inspection._hits")
    hits = native.Hits()
    hits(0, 0, 1, 0, None)
    with pytest.raises(ValueError, match="damaged"):
        hits.take(b"a", 1, plan)


def test_a_word_counts_as_far_as_the_search_reaches() -> None:
    number = shape(r"\b[0-9]{11}\b", r"\d{11}", cue=r"\bpesel\b")
    scanner = PatternScanner([Recognizer("number", "NATIONAL_ID", (number,))])
    for gap in range(1, 60):
        text = "PESEL" + " " * gap + "44051401359"
        assert bool(scanner.find(text)) == (gap <= 35)
        assert scanner.find(text.replace("PESEL", "other")) == []


@pytest.mark.parametrize("cue", ["PESEL", "DNİ", "İPESEL", "ẞ", "É"])
def test_a_word_counts_in_any_form_of_its_letters(cue: str) -> None:
    number = shape(r"\b[0-9]{11}\b", r"\d{11}", cue=r"\b(?:pesel|dni|ß|é)\b")
    alone = PatternScanner([Recognizer("number", "NATIONAL_ID", (number,))])
    for before in ("", "x ", "İİİİİİİİİİ "):
        assert alone.find(f"{before}{cue} 44051401359")
        assert not alone.find(f"{before}İİİİ{cue}{' ' * 41}44051401359")


def test_a_scanner_without_recognisers_finds_nothing() -> None:
    assert PatternScanner([]).find("PESEL 44051401359") == []


@pytest.mark.parametrize("recognizer", RECOGNIZERS, ids=lambda recognizer: recognizer.name)
def test_words_are_in_small_letters(recognizer: Recognizer) -> None:
    for each in recognizer.shapes:
        assert each.needs == tuple(word.lower() for word in each.needs)
