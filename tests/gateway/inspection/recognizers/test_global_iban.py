"""IBAN (ISO 13616)."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("DE89 3704 0044 0532 0130 00", "DE89 3704 0044 0532 0130 00"),
        ("GB82WEST12345698765432.", "GB82WEST12345698765432"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("IBAN", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "DE89 3704 0044 0532 0130 01",
        "SO5128108947 was packed in a box",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("IBAN", text) == []
