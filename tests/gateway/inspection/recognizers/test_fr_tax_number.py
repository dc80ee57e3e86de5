"""French tax numbers of persons."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Numéro fiscal : 30 23 217 600 053", "30 23 217 600 053"),
        ("mon n° fiscal de référence est 3023217600053", "3023217600053"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("TAX_ID", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "3023217600053",
        "numéro fiscal demandé en 2024",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("TAX_ID", text) == []
