"""Brazilian company numbers (CNPJ) and CPF without its points."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("16.727.230/0001-97", "16.727.230/0001-97"),
        ("CNPJ 16727230000197", "16727230000197"),
        ("CPF 52998224725", "52998224725"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("TAX_ID", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "16.727.230/0001-98",
        "16727230000197",
        "CPF 52998224726",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("TAX_ID", text) == []
