"""MAC addresses (IEEE 802)."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("router fb:b3:50:ee:f8:2d at", "fb:b3:50:ee:f8:2d"),
        ("Cisco: f492.bf11.c03e", "f492.bf11.c03e"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("MAC_ADDRESS", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "00:00:00:00:00:00",
        "aa:bb:cc:dd:ee:ff:11:22",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("MAC_ADDRESS", text) == []
