"""Indian tax numbers."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("PAN ABCPE1234F", "ABCPE1234F"),
        ("GSTIN 27AAPFU0939F1ZV", "27AAPFU0939F1ZV"),
        ("PAN ZODPT1424D", "ZODPT1424D"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("TAX_ID", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "27AAPFU0939F1ZX",
        "ABCDE0000F",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("TAX_ID", text) == []
