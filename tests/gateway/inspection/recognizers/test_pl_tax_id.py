"""Polish tax numbers (NIP)."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NIP 8567346215", "8567346215"),
        ("856-734-62-15", "856-734-62-15"),
        ("regon: 192598184", "192598184"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("TAX_ID", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "8567346215",
        "856-734-62-16",
        "regon: 192598185",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("TAX_ID", text) == []
