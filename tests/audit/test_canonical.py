"""Canonical JSON: byte-equal to RFC 8785 (by its reference implementation) on our profile, refused outside of it."""

from __future__ import annotations

from enum import StrEnum

import orjson
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from audit.canonical import canonical
from audit.errors import RecordInvalid

keys = st.text(st.characters(max_codepoint=127), max_size=8)
texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
integers = st.integers(-(2**53) + 1, 2**53 - 1)
values = st.recursive(
    st.none() | st.booleans() | integers | texts,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(keys, inner, max_size=5),
    max_leaves=30,
)


@given(values)
def test_it_is_what_rfc_8785_says(value: object) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@given(values)
def test_reading_and_writing_again_changes_nothing(value: object) -> None:
    once = canonical(value)
    assert canonical(orjson.loads(once)) == once


class Colour(StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    "value",
    [
        1.0, float("nan"), {"a": [1, {"b": 0.5}]}, ({"x": (1e300,)}), 2**53, -(2**53), {"ключ": 1}, {1: "a"},
        {"a": "\ud800"}, b"bytes", {"a": {1, 2}}, [object()],
    ],
)  # fmt: skip
def test_outside_the_profile_is_refused(value: object) -> None:
    with pytest.raises(RecordInvalid):
        canonical(value)


def test_enumerations_and_tuples_are_their_values() -> None:
    assert canonical({"c": Colour.RED, "t": (1, "x")}) == b'{"c":"red","t":[1,"x"]}'
