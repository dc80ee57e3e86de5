"""Japanese numbers of persons."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("基礎年金番号 0239-061660", "0239-061660"),
        ("在留カード番号：AB66680199CD", "AB66680199CD"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("NATIONAL_ID", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "0239-061660",
        "年金番号は10桁です",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("NATIONAL_ID", text) == []
