"""Numbers whose digits are scattered: read behind a word that announces them, and only as a whole."""

from __future__ import annotations

import pytest

from gateway.inspection.checksums import luhn
from gateway.inspection.scattered import announced, scattered_letters

CARD = "4622761449285698"
SHAPE = announced("(?i)card", lambda digits: len(digits) == len(CARD) and luhn(digits), fewest=13)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("card 46 22 76 14 49 28 56 98", "46 22 76 14 49 28 56 98"),
        ("card: (4622)(7614)(4928)(5698)", "4622)(7614)(4928)(5698"),
        ("card number 4622...7614...4928...5698, 09/27", "4622...7614...4928...5698"),
        ("card\n4622\n\n7614\n4928\n5698", "4622\n\n7614\n4928\n5698"),
    ],
)
def test_what_stands_between_digits_does_not_matter(text: str, value: str) -> None:
    ((start, end, score),) = SHAPE.complete(text, 0)
    assert text[start:end] == value
    assert score == 0.9


@pytest.mark.parametrize(
    "text",
    [
        f"card {CARD}",  # as everybody writes it: others look for that
        "card 46 22 76 14 49 28 56 99",  # the check does not hold
        "card 46 22 76 14 49 28 56 98 11",  # it goes on
        "card A46 22 76 14 49 28 56 98",
        "card of the kind that nobody has seen in years 46 22 76 14 49 28 56 98",
        "card",
    ],
)
def test_anything_else_is_no_number(text: str) -> None:
    assert list(SHAPE.complete(text, 0)) == []


def test_letters_and_digits_end_where_there_are_enough_of_them() -> None:
    assert scattered_letters("NL13-ABNA.0498 ok", 0, 12) == 14
    assert scattered_letters("NL13-ABNA.0498", 0, 11) is None  # it goes on
    assert scattered_letters("NL13-ABNA.0498", 0, 13) is None  # it ends before
    assert scattered_letters("NL13          ABNA", 0, 8) is None  # too far apart
