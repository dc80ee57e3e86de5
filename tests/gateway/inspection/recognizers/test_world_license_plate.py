"""Licence plates elsewhere."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("my plate is 3XNO135. Write", "3XNO135"),
        ("Kennzeichen K-KC 441 meldet", "K-KC 441"),
        ("matrícula 1234 BCD.", "1234 BCD"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("LICENSE_PLATE", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "plate tectonics moved 200 km",
        "the plate broke",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("LICENSE_PLATE", text) == []
