"""Spanish DNI and NIE."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("DNI 12345678Z", "12345678Z"),
        ("X1234567L", "X1234567L"),
        ("D.N.I. núm. 11.875.827-F", "11.875.827-F"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("NATIONAL_ID", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "12345678A",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("NATIONAL_ID", text) == []
