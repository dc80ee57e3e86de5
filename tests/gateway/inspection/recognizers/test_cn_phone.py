"""Chinese telephone numbers."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("手机13912345678。", "13912345678"),
        ("+86 139 1234 5678 收", "+86 139 1234 5678"),
        ("座机010-66668888转", "010-66668888"),
        ("(86)13912345678", "(86)13912345678"),
        ("0571-87654321转618", "0571-87654321转618"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("PHONE", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "订单号13912345678",
        "0.13912345678",
        "139123456789",
        "Account number: 16765398214",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("PHONE", text) == []
