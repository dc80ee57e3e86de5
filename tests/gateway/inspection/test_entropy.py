"""How random a value is: the same in C and in Python."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.inspection import entropy, entropy_python

VALUES = st.one_of(
    st.text(max_size=60),
    st.lists(
        st.sampled_from(
            ["x", "X", "*", ".", "foo", "Example", "0", "1", "abc", "aB3", "é", "中", "YOUR", "_here", "ab", "Zk9", "<", "-",
             "\x80", "Abcd", "abcde", "ABCDE", "AB", "12345678", "insert_", "%("]
        ),
        max_size=18,
    ).map("".join),
)  # fmt: skip


@settings(max_examples=200)
@given(VALUES)
def test_c_says_what_python_says(value: str) -> None:
    native = pytest.importorskip("gateway.inspection._entropy")
    assert native.stands_for(value) == entropy_python.stands_for(value)
    assert native.repeats(value) == entropy_python.repeats(value)
    assert native.counts(value) == entropy_python.counts(value)
    assert native.changes(value) in {None, entropy_python.changes(value)}
    found = native.shannon(value)
    assert found is None or found == pytest.approx(entropy_python.shannon(value))


@pytest.mark.parametrize(
    "value",
    [
        "xxxxxxxx",
        "your-key-here",
        "${API_KEY}",
        "<TOKEN>",
        "abababababababab",
        "foo_key",
        "%(token)s",
        "key-XXXX-2",
        "sk_xxxx…",
    ],
)
def test_placeholders(value: str) -> None:
    assert entropy.is_placeholder(value)


@pytest.mark.parametrize(
    "value",
    [
        "hf_DDTtpwlCGkYAtiWoveMQemf",
        "Zk93hXq1LmN0pTs7",
        "food2Barn9Qx1z",
        "wJalrXUtnFEMIxXxXbPxRfiCYq7",
        "9tZ<xXXxq8,Q1",
    ],
)
def test_values(value: str) -> None:
    assert not entropy.is_placeholder(value)
    assert entropy.shannon(value) > 3
    assert entropy.changes(value) > 0.2
