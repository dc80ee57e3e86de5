"""Chinese bank cards."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("卡号6228480402564890018", "6228480402564890018"),
        ("6228 4804 0256 4890 018", "6228 4804 0256 4890 018"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("BANK_ACCOUNT", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "6228480402564890019",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("BANK_ACCOUNT", text) == []
