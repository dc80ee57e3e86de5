"""Chinese 15-digit identity numbers, and 18-digit ones whose check digit was mistyped."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("身份证110105491231002", "110105491231002"),
        ("身份证号110105194912310021", "110105194912310021"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("CN_ID", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "110105491231002",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("CN_ID", text) == []
