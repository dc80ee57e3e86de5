"""Chinese licence plates (GA 36-2018)."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("车牌号是陕AF40822，", "陕AF40822"),
        ("粤B·D12345", "粤B·D12345"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("LICENSE_PLATE", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "京东ABCDEF",
        "沪A股上涨",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("LICENSE_PLATE", text) == []
