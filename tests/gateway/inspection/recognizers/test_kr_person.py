"""Korean names in fields and before 씨."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("이름: 김민수", "김민수"),
        ('{"name":"박지훈"}', "박지훈"),
        ("예금주 이서연", "이서연"),
        ("어제 최유진 씨를 만났다", "최유진"),
        ("예금주명 정수빈", "정수빈"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("PERSON", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "이름을 입력하세요",
        '{"name":"홈"}',
        "담당자에게 문의",
        "날씨가 좋다",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("PERSON", text) == []
