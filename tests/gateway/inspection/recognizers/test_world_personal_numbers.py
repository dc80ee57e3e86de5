"""Personal numbers of further countries."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("PESEL 44051401359", "44051401359"),
        ("CPF 529.982.247-25", "529.982.247-25"),
        ("S1234567D", "S1234567D"),
        ("BSN 111222333", "111222333"),
        ("AHV 756.9217.0769.85", "756.9217.0769.85"),
        ("FIN M5398242L", "M5398242L"),
        ('"my_number":"123456789018"', "123456789018"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("NATIONAL_ID", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "44051401359",
        "529.982.247-26",
        "S1234567A",
        "M5398242K",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("NATIONAL_ID", text) == []
