"""Markings that a document carries."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("机密★10年", "机密★10年"),
        ("密级：绝密", "绝密"),
        ("绝 密\n★ 长 期", "绝 密\n★ 长 期"),
        ("SECRET//NOFORN", "SECRET//NOFORN"),
        ("CONFIDENTIAL//REL TO FVEY", "CONFIDENTIAL//REL TO FVEY"),
        ("TOP SECRET - UK EYES ONLY", "TOP SECRET - UK EYES ONLY"),
        ("NATO SECRET\nSchedules", "NATO SECRET"),
        ("VS-VERTRAULICH", "VS-VERTRAULICH"),
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
        "Papers of the alliance may be NATO SECRET or lower.",
        "It is no SECRET / OPEN question.",
        "the confidential report",
        "机密文件管理办法",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("MARKING", text) == []
