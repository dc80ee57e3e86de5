"""Passwords by what they are assigned to, in settings, commands and prose, English and Chinese."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("PGPASSWORD='Winter_96'", "Winter_96"),
        ("root密码是3dsX5rXJc4zGGAL*，帮", "3dsX5rXJc4zGGAL*"),
        ("my password is hunter2, ok", "hunter2"),
        ("docker login -u bob -p qwerty3468@ registry", "qwerty3468@"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("PASSWORD", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "password = getpass()",
        'password: "<YOUR_PASSWORD>"',
        "the password must have 8 characters",
        "密码长度至少8位",
        "PASSWORD=${DB_PASSWORD}",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("PASSWORD", text) == []
