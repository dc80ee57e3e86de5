"""Words that a cue cannot be found without: they may stand too often, never too seldom."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.inspection.recognizer import NEAR, in_any_case, words_beside_ideographs
from gateway.inspection.shipped import RECOGNIZERS
from gateway.inspection.stems import stems


@pytest.mark.parametrize(
    ("cue", "words"),
    [
        (r"\bpesel\b", ("pesel",)),
        (r"(?:partita iva|p\.? ?iva|\bpi\b)", ("partita iva", "p iva", "p.iva", "p. iva", "pi")),
        (r"(?:信用代码|税号|\buscc\b)", ("uscc", "信用代码", "税号")),
        (r"(?:车|牌照)", ("牌照", "车")),
        (r"ab(?:c|d)", ("abc", "abd")),
        (r"a{2}bcd", ("bcd",)),
        (r"(?:\bni (?:no|number))", ("ni no", "ni number")),
        (r"(?:phone|telephone|tel\b)" + NEAR, ("phone", "tel")),
        (r"a(?<![a-z]a)cct", ("acct",)),
        (r"n[ºo°]\.? ?col", ("n° col", "n°. col", "n°.col", "n°col", "nº col", "nº. col", "nº.col", "nºcol", "no col", "no. col", "no.col", "nocol")),
    ],
)  # fmt: skip
def test_a_word_for_each_alternative(cue: str, words: tuple[str, ...]) -> None:
    assert set(stems(cue)) == set(words)


@pytest.mark.parametrize("cue", ["", r"\d\d", r"(?:phone|\d\d)", r"a|bc", r".*", r"(?:phone)?"])
def test_a_cue_without_such_words_has_none(cue: str) -> None:
    assert stems(cue) == ()


CUES = sorted({"|".join(shape.needs) for each in RECOGNIZERS for shape in each.shapes if shape.needs})


def test_most_weak_shapes_wait_for_a_word() -> None:
    assert len(CUES) > 30


CUE = r"(?:phone|\btel\b|\bgeb(?:oren|\.|\b)|\bn(?:é|ée)\b|卡号|\bss ?#|a(?<![a-z]a)cct)"
BESIDE_IDEOGRAPHS = re.compile(words_beside_ideographs(CUE), re.IGNORECASE)
PIECES = st.lists(
    st.sampled_from(
        ["tel", "Tel", "geb", "geboren", ".", " ", "né", "e", "phone", "卡号", "é", "_", "1", "ss", "#", "ACCT", "acct"]
    ),
    max_size=12,
).map("".join)


@settings(max_examples=300)
@given(PIECES)
def test_where_the_cue_stands_a_word_stands(text: str) -> None:
    if BESIDE_IDEOGRAPHS.search(text) is not None:
        assert any(word in text.lower() for word in stems(CUE))


ODD_PIECES = st.lists(
    st.sampled_from(["phone", "ſſ", "ss", "İ", "ı", "\u212a", "geb", " ", "acct", "é"]), max_size=12
).map("".join)


@given(PIECES | ODD_PIECES, st.integers(0, 12))
def test_a_cue_is_found_where_its_expression_is_found(text: str, low: int) -> None:
    low = min(low, len(text))
    found = in_any_case(CUE)(text, low, len(text))
    assert bool(found) == (BESIDE_IDEOGRAPHS.search(text, low) is not None)


@pytest.mark.parametrize("text", ["tel", "我的tel是", "의tel은", "1 tel."])
def test_a_word_stands_between_signs_and_beside_scripts_that_write_no_spaces(text: str) -> None:
    assert in_any_case(CUE)(text, 0, len(text))


@pytest.mark.parametrize("text", ["hotel", "telа", "_tel", "tel_", "télé"])
def test_a_word_is_no_part_of_another(text: str) -> None:
    assert not in_any_case(CUE)(text, 0, len(text))
