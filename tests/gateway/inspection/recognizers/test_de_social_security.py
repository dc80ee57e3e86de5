"""German pension insurance numbers (Rentenversicherungsnummer)."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("RVNR 65170839J003", "65170839J003"),
        ("meine 65 170839 J 003 lautet", "65 170839 J 003"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("NATIONAL_ID", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "65170839J004",
        "Bestellung 99999999J003",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("NATIONAL_ID", text) == []
