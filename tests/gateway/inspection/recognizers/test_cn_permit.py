"""Permits to travel between the Chinese mainland."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("回乡证H12345678", "H12345678"),
        ("港澳通行证号码：C12345678", "C12345678"),
        ("往来港澳通行证 CA1234567", "CA1234567"),
        ("台胞证：12345678", "12345678"),
        ("回鄉證 H00722382", "H00722382"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("PASSPORT", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "H12345678",
        "型号 C12345678",
        "通行 12345678",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("PASSPORT", text) == []
