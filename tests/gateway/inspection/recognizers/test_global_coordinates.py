"""Coordinates precise to some ten metres (four decimals or more), beside a word or sign that says what they are."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("GPS 39.90872, 116.39748 now", "39.90872, 116.39748"),
        ("2026-01-18 07:42:10, 31.298411, 120.585312, 0", "31.298411, 120.585312"),
        ("上车 30.274152,120.155070（文三路口）", "30.274152,120.155070"),
        ('"lat": 39.90872', "39.90872"),
        ("坐标：116.39748，39.90872", "116.39748，39.90872"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("COORDINATES", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "total([18.148986, 82.939920])",
        "lat 39.9",
        "12:30:01 0.123456, 0.654321 loss",
        "pi 3.14159265",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("COORDINATES", text) == []
