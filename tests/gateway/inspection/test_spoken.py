"""Numbers said in words: what they are in digits, and where they begin and end."""

from __future__ import annotations

import pytest

from gateway.inspection.spoken import said, spoken


@pytest.mark.parametrize(
    ("words", "digits"),
    [
        ("vier sechs zwo zwei sieben", "46227"),
        ("VIER, SECHS, FÜNF, NULL, EINS", "46501"),
        ("vierundsechzig dreißig fünf eins null", "6430510"),
        ("forty-six twenty two eighty ninety-three fourteen", "4622809314"),
        ("two one nine dash zero nine dash nine", "219099"),
        ("five three one, double eight, triple two", "53188222"),
        ("fiveonezerozerosixteen", "510016"),
        ("zéro six quatre-vingt-deux soixante et onze trente-trois", "06827133"),
        ("cuatro seis dos treinta y cuatro uno", "462341"),
        ("zero uno due tre quattro", "01234"),
        ("zero um dois três quatro", "01234"),
    ],
)
def test_words_are_digits(words: str, digits: str) -> None:
    text = f"card: {words}."
    found = said(text, 0)
    assert found is not None
    assert text[found[0] : found[1]] == words
    assert found[2] == digits


@pytest.mark.parametrize("text", ["card one of four", "card eins zwei drei", "card someone twofold", "card"])
def test_a_few_numbers_are_prose(text: str) -> None:
    assert said(text, 0) is None


def test_a_number_counts_if_it_is_one_of_its_kind() -> None:
    shape = spoken("(?i)card", lambda digits: digits == "46227")
    assert list(shape.complete("card vier sechs zwei zwei sieben", 0)) == [(5, 32, 0.9)]
    assert list(shape.complete("card vier sechs zwei zwei acht", 0)) == []
