"""VAT numbers with their country's prefix."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("USt-IdNr. DE136695976", "DE136695976"),
        ("FR 40 303 265 045", "FR 40 303 265 045"),
        ("NL004495445B01", "NL004495445B01"),
        ("invoice to PL8567346215", "PL8567346215"),
        ("GB 980 7806 84", "GB 980 7806 84"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("TAX_ID", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "DE136695977",
        "route DE 12 34 56",
        "FR41303265045",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("TAX_ID", text) == []
