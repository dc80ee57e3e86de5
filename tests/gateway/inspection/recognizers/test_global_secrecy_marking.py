"""Markings that a document carries."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("机密★10年", "机密★10年"),
        ("密级：绝密", "绝密"),
        ("【内部资料】报价", "内部资料"),
        ("STRICTLY CONFIDENTIAL", "STRICTLY CONFIDENTIAL"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("MARKING", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "保密协议",
        "the confidential report",
        "机密文件管理办法",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("MARKING", text) == []
