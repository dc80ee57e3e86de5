"""German health insurance numbers (Krankenversichertennummer)."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("KVNR: A123456780", "A123456780"),
        ("Gesundheitskarte A123456780", "A123456780"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("MEDICAL_ID", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "A123456780",
        "KVNR: A123456781",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("MEDICAL_ID", text) == []
