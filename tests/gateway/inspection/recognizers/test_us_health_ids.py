"""US numbers in health care."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NPI 1234567893", "1234567893"),
        ("DEA number AB1234563", "AB1234563"),
        ("Medicare 1EG4-TE5-MK73", "1EG4-TE5-MK73"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("MEDICAL_ID", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "1234567893",
        "DEA AB1234564",
        "NPI 1234567894",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("MEDICAL_ID", text) == []
