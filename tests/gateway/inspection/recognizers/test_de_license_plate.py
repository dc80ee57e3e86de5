"""German licence plates beside a word for a car."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Unfall mit PKW HH-TK 209E", "HH-TK 209E"),
        ("Er parkt vor meiner Garage (MTK-AB 1234)", "MTK-AB 1234"),
        ("B-RT 88 (amtliches Kennzeichen)", "B-RT 88"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("LICENSE_PLATE", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "HH-AB 1234 ist eine Norm",
        "Autobahn A-B 1234567",
        "Das Fahrzeug nach DIN-A 4",
        "Fahrzeuge der Baureihe W-A 200",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("LICENSE_PLATE", text) == []
