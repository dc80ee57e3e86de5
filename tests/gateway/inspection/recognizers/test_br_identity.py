"""Brazilian identity cards, voters' and workers' numbers."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("RG: 32.448.190-7", "32.448.190-7"),
        ("Meu RG é MG-14.808.688 SSP/MG", "MG-14.808.688"),
        ("título de eleitor 0043 5687 0906", "0043 5687 0906"),
        ("PIS/PASEP 120.56412.54-5", "120.56412.54-5"),
        ("我的RG是32.448.190-7", "32.448.190-7"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("NATIONAL_ID", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "32.448.190-7",
        "título de eleitor 0043 5687 0907",
        "PIS 120.56412.54-8",
        "rg -n 12345678",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("NATIONAL_ID", text) == []
