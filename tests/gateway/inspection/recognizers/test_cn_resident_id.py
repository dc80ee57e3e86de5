"""Chinese resident identity numbers (GB 11643-1999)."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("身份证11010519491231002X，", "11010519491231002X"),
        ("110105 19491231 002x", "110105 19491231 002x"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("CN_ID", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "110105194912310021",
        "11010519491331002X",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("CN_ID", text) == []
