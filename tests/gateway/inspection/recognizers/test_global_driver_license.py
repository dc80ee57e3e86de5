"""Driving licence numbers."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("driver's license number is D468867627500 and", "D468867627500"),
        ("驾驶证号：110105198001011234", "110105198001011234"),
        ("DL# D1234567", "D1234567"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("DRIVER_LICENSE", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "a driver license is required",
        "license: Apache-2.0",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("DRIVER_LICENSE", text) == []
