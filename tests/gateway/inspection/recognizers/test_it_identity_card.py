"""Italian identity cards."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("la mia carta d'identità è CA01742FH", "CA01742FH"),
        ("documento d'identità n. AX6496332", "AX6496332"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("NATIONAL_ID", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "CA01742FH",
        "carta d'identità scaduta nel 2024",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("NATIONAL_ID", text) == []
