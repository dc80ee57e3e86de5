"""Numbers behind the word that names them."""

from __future__ import annotations

import pytest

from gateway.inspection.engine import PatternScanner
from gateway.inspection.named import named
from gateway.inspection.recognizer import Recognizer


@pytest.fixture(scope="module")
def scanner():
    return PatternScanner([Recognizer("n", "N", (named(r"badge|工牌", r"\d{4}", gap=8),))])


@pytest.mark.parametrize("text", ["Badge 1234", "badge no. 1234,", '"badge": "1234"', "工牌：1234。", "BADGE#1234."])
def test_a_value_behind_its_word(scanner, text):
    assert [text[span.start : span.end] for span in scanner.find(text)] == ["1234"]


@pytest.mark.parametrize(
    "text",
    ["1234", "badge 12345", "badge 1234-5", "badge\n1234", "badge of honour for 1234", "badge 1 1234", "badge x1234"],
)
def test_not_further_away_nor_in_a_longer_number(scanner, text):
    assert scanner.find(text) == []
