"""Passport numbers."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("我的护照号是G15292095，", "G15292095"),
        ("Passport No: X1234567.", "X1234567"),
        ("512345678 (US passport)", "512345678"),
        ("旅券番号 TK9908501", "TK9908501"),
        ("여권번호는 M69731244", "M69731244"),
        ("paszport: EA2705927", "EA2705927"),
        ("passaporte FX589230", "FX589230"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("PASSPORT", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "part G15292095",
        "passport control opens at 0800 hours",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("PASSPORT", text) == []
