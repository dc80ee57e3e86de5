"""US taxpayer numbers."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("ITIN 953-71-9646", "953-71-9646"),
        ("EIN 12-3456789", "12-3456789"),
        ("VAT number DE123456789", "DE123456789"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("TAX_ID", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "953-00-9646",
        "12-3456789",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("TAX_ID", text) == []
