"""Licence plates elsewhere."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("my plate is 3XNO135. Write", "3XNO135"),
        ("Kennzeichen K-KC 441 meldet", "K-KC 441"),
        ("matrícula 1234 BCD.", "1234 BCD"),
        ('"matricula": "9012 JKL"', "9012 JKL"),
        ('"targa":"FX481ZB"', "FX481ZB"),
        ("Kenteken XR-482-P", "XR-482-P"),
        ("nr rej. WA 4471F", "WA 4471F"),
        ("la plaque GB-771-HV", "GB-771-HV"),
        ("placa ABC1D23", "ABC1D23"),
        ("vehicle no KA 05 MN 4471", "KA 05 MN 4471"),
        ("car plate SKA 4417 B", "SKA 4417 B"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("LICENSE_PLATE", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "plate tectonics moved 200 km",
        "the plate broke",
        "plaquetas 442 x 109",
        "vehicle number 12 of 2024",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("LICENSE_PLATE", text) == []
