"""US social security numbers (20 CFR 422.103; never issued."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("SSN 405-99-8142, born", "405-99-8142"),
        ("social security number 123456789", "123456789"),
        ("我的ssn是536051120", "536051120"),
        ("SSN: 4O5-99-8l42, born", "4O5-99-8l42"),
        ("SSN: OIl-OI-OIlO 405-99-81I2", "405-99-81I2"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("US_SSN", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "666-12-3456",
        "405-00-8142",
        "405998142",
        "SSN on file, routing number 128224632",
        "the essnx 536051120",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("US_SSN", text) == []
