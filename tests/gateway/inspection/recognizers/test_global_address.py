"""Addresses in the forms that have numbers in them."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("寄到杭州市西湖区滨海大道632号。", "杭州市西湖区滨海大道632号"),
        ("19 Norris Street, Springfield, IL 62704", "19 Norris Street, Springfield, IL 62704"),
        ("Eircode D02 X285", "D02 X285"),
        ('"postcode":"M20 6AB"', "M20 6AB"),
        ("Anschrift: Karl-Marx-Straße 112, 12043 Berlin", "Karl-Marx-Straße 112, 12043 Berlin"),
        ("Frau Olena Shevchuk, Leipziger Str. 61, 10117 Berlin", "Leipziger Str. 61, 10117 Berlin"),
        ("Jan Meier Lindenallee 14a, 50968 Köln", "Lindenallee 14a, 50968 Köln"),
        ("Kerkstraat 8, 3512 AB Utrecht", "Kerkstraat 8, 3512 AB Utrecht"),
        ("地址：台北市大安區忠孝東路四段216巷19弄8號3樓", "台北市大安區忠孝東路四段216巷19弄8號3樓"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("ADDRESS", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "第3号文件",
        "I have 3 St Bernards",
        "postcode lookup in 2024",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("ADDRESS", text) == []
