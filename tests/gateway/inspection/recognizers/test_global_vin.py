"""Vehicle identification numbers (ISO 3779)."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("VIN 5MHDNWCE1P24PL8FM, plate", "5MHDNWCE1P24PL8FM"),
        ("1HGCM82633A004352", "1HGCM82633A004352"),
        ("行驶证VIN LFV2A21K607988227", "LFV2A21K607988227"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("VIN", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "5MHDNWCE0P24PL8FM",
        "ABCDEFGHJKLMNPRST",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("VIN", text) == []
