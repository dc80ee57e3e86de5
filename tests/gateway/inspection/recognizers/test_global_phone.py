"""Telephone numbers in international form (ITU-T E.123), with the plus sign or after a word for telephone."""

from __future__ import annotations

import pytest

from gateway.flow import Span
from gateway.inspection.engine import PatternScanner
from gateway.inspection.overlap import resolve
from gateway.inspection.recognizers.global_phone import RECOGNIZER


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("+44 (0)20 7946 0958", "+44 (0)20 7946 0958"),
        ("Tel. 0151 23456789", "0151 23456789"),
        ("ring me on 555-0199", "555-0199"),
        ("collect at +1 212-848-8400) now", "+1 212-848-8400"),
        ("電話番号：090-1234-8876", "090-1234-8876"),
        ("070-8812-4410", "070-8812-4410"),
        ("전화 02-555-0187", "02-555-0187"),
        ("010-4432-9981", "010-4432-9981"),
        ("手機 0933 222 111", "0933 222 111"),
        ("(11) 98765-4411", "(11) 98765-4411"),
        ("list: 07911 123456; next", "07911 123456"),
        ("meine neue nummer ist 015733019882", "015733019882"),
        ("Rufnummer 0162 4439871", "0162 4439871"),
        ("tfno 91 432 18 77", "91 432 18 77"),
        ("HP: 9123 4567", "9123 4567"),
        ("telemóvel 912 345 678", "912 345 678"),
    ],
)
def test_finds_the_value_and_nothing_around_it(found, text, value):
    assert found("PHONE", text)[:1] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "Order 12345678",
        "in 2024 and 2025",
        "at 2026-01-31 10:00",
        "draw 05 11 17 23 29 31",
        "row 12 01 04 09 16 25",
        "LIN+4+" + "+4917612345678:EN'",
        "HP LaserJet 4567",
        "version 090-1234-88765",
        "(11) 98765",
        "HP 8600 8610 series",
        "The number is 1234567",
        "電話番号は不要です。価格は1234-5678円",
    ],
)
def test_leaves_look_alikes_alone(found, text):
    assert found("PHONE", text) == []


def test_a_number_beside_its_word_is_surer_than_an_address_that_runs_into_it():
    text = "98, rue de Roger, 73971 Sainte-Victoire, tél. 04 84 15 35 87."
    address = Span(0, len(text) - 1, "ADDRESS", 0.88, "names")
    phones = [span for span in PatternScanner([RECOGNIZER]).find(text) if span.score > address.score]
    assert [text[span.start : span.end] for span in phones] == ["04 84 15 35 87"]
    assert [span.label for span in resolve(text, [address, *phones])] == ["ADDRESS", "PHONE"]
