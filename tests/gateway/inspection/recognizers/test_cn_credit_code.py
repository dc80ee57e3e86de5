"""Chinese unified social credit codes (GB 32100-2015), checked."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("统一社会信用代码91350100M000100Y43", "91350100M000100Y43"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("USCC", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "91350100M000100Y44",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("USCC", text) == []
