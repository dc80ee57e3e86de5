"""User names in log lines, commands and settings."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("auth user=epowell17 ip=", "epowell17"),
        ("docker login -u dking66 -p x", "dking66"),
        ("用户kellyolivia登录失败", "kellyolivia"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("USERNAME", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "user=root",
        "user = get_user()",
        "用户:我姓王",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("USERNAME", text) == []
