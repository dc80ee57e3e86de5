"""Driving licence numbers."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("driver's license number is D468867627500 and", "D468867627500"),
        ("驾驶证号：110105198001011234", "110105198001011234"),
        ("DL# D1234567", "D1234567"),
        ('"driver_license": {"state": "OH", "number": "RT078984"}', "RT078984"),
        ("drivers_license_number: A536-4401-9982", "A536-4401-9982"),
        ("driving licence KA05 20150012345", "KA05 20150012345"),
        ("免許証の番号は第553715754353号", "553715754353"),
        ("운전면허번호는 11-12-791518-61", "11-12-791518-61"),
        ("CNH 45376703162", "45376703162"),
        ("Mon permis est le 18AB12345", "18AB12345"),
        ("prawo jazdy nr 01234/15/1465", "01234/15/1465"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("DRIVER_LICENSE", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "a driver license is required",
        "license: Apache-2.0",
        "licensed under GPL 2.0",
        "permis en 2024",
        "CNH Industrial anunciou 12345678901 unidades",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("DRIVER_LICENSE", text) == []
