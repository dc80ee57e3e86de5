"""Dates of birth."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("born 12/13/1946, living", "12/13/1946"),
        ("患者，1991-05-08出生", "1991-05-08"),
        ("née le 3 août 1988", "3 août 1988"),
        ("DOB April 03, 1977", "April 03, 1977"),
        ("生年月日：昭和58年4月12日", "昭和58年4月12日"),
        ("생년월일 1990년 1월 1일", "1990년 1월 1일"),
        ("出生年月日：民國78年6月12日", "民國78年6月12日"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("DATE_OF_BIRTH", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "on 12/13/1946 we met",
        "会议2026-03-25",
        "born in Paris",
        "战斗发生于1931年9月15日",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("DATE_OF_BIRTH", text) == []
