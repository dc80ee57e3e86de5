"""Payment cards."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("4111 1111 1111 1111", "4111 1111 1111 1111"),
        ("3782-822463-10005", "3782-822463-10005"),
        ("card 378282246310005!", "378282246310005"),
        ("visa card 4222222222222", "4222222222222"),
        ("charge my card 4000000000000000006 today", "4000000000000000006"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("CREDIT_CARD", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1112",
        "1111111111111117",
        "EAN 6904643610039",
        "4012888888881;Bolt M8",  # an article's number that Luhn would let pass
        "| 4012888888881 |",
        "ns=4000000000000000006",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("CREDIT_CARD", text) == []
