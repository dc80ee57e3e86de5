"""Many values in one text: the answer of one expression, however many there are."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from gateway.redaction.occurrences import Occurrences

words = st.text("ab李1@", min_size=1, max_size=10)


@given(values=st.sets(words, min_size=25, max_size=60), pieces=st.lists(st.one_of(words, st.just(" ")), max_size=30))
def test_many_values_are_found_as_one_expression_finds_them(values, pieces):
    text = "".join(pieces + sorted(values)[:5])
    expression = re.compile("|".join(map(re.escape, sorted(values, key=len, reverse=True))))
    assert Occurrences(values).find(text) == [(m.start(), m.end(), m[0]) for m in expression.finditer(text)]


def test_no_values_are_nowhere():
    assert Occurrences(()).find("anything") == []
