"""Chinese organisation codes and business registrations."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("组织机构代码：D2143569-X", "D2143569-X"),
        ("营业执照注册号 110108694261038", "110108694261038"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("TAX_ID", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "组织机构代码：D2143569-1",
        "110108694261038",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("TAX_ID", text) == []
