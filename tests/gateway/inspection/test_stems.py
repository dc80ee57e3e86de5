"""A glance for words before a cue is searched: it may say yes too often, never no where the cue stands."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.inspection.recognizer import _cue, shape, stems

PLAIN = {
    r"\bpesel\b": ("pesel",),
    r"(?:partita iva|p\.? ?iva|\bpi\b)": ("partita iva", "iva", "pi"),
    r"(?:n[ºo°]\.? ?col|colegiad)": ("col", "colegiad"),
    r"(?:信用代码|税号|\buscc\b)": ("信用代码", "税号", "uscc"),
}
WRITTEN = ("pesel", "partita iva", "p. iva", "piva", "pi", "nº. col", "n°col", "colegiad", "信用代码", "税号", "uscc")


@pytest.mark.parametrize("cue", PLAIN)
def test_a_plain_cue_has_a_word_for_each_alternative(cue: str) -> None:
    assert stems(cue) == PLAIN[cue]
    found = [text for text in WRITTEN if re.search(cue, text)]
    assert found
    assert all(any(word in text for word in stems(cue)) for text in found)


@pytest.mark.parametrize(
    "cue",
    ["", r"a{2}bcd", r"abc+d", r"ab(?:c|d)", r"x.yz|foo", r"(?:车|牌照)", r"(?:\bni (?:no|number))", r"\d\d", "Pesel"],
)
def test_a_cue_that_is_not_plain_is_searched_as_it_is(cue: str) -> None:
    assert stems(cue) == ()


def test_the_glance_reaches_as_far_as_the_search() -> None:
    number = shape(r"\b[0-9]{11}\b", r"\d{11}", cue=r"\bpesel\b")
    for gap in range(60):
        text = "PESEL" + " " * gap + "44051401359"
        assert bool(number.complete(text, 5 + gap)) == (gap <= 35)
        assert bool(number.complete(text.replace("PESEL", "other"), 5 + gap)) is False


CUE = r"(?:phone|\btel\b|\bgeb(?:oren|\.|\b)|\bn(?:é|ée)\b|卡号|\bss ?#)"


@given(
    st.lists(
        st.sampled_from(
            ["tel", "Tel", "geb", "geboren", ".", " ", "né", "e", "phone", "卡号", "é", "_", "1", "ss", "#"]
        ),
        max_size=12,
    ),
    st.integers(0, 12),
)
def test_a_cue_is_found_where_its_expression_is_found(pieces: list[str], low: int) -> None:
    text = "".join(pieces)
    search = _cue(CUE)
    assert search is not None
    low = min(low, len(text))
    assert bool(search(text, low, len(text))) == (re.compile(CUE, re.IGNORECASE).search(text, low) is not None)
