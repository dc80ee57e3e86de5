"""Bank account and routing numbers."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("account 3809343705, routing 022076973", "3809343705"),
        ("sort code 12-34-56", "12-34-56"),
        ("对公账户：4402 0036 0900 0123 456", "4402 0036 0900 0123 456"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("BANK_ACCOUNT", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "order number 3809343705",
        "account opened 2024-01-02",
        "the bank has 12 branches",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("BANK_ACCOUNT", text) == []
