"""Korean addresses."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("주소: 서울특별시 강남구 테헤란로 152, 12층", "서울특별시 강남구 테헤란로 152, 12층"),
        ("부산광역시 해운대구 우동 1408-3 센텀빌 502호이고", "부산광역시 해운대구 우동 1408-3 센텀빌 502호"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("ADDRESS", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "서울 인구는 900만",
        "부산에서 3시간",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("ADDRESS", text) == []
