"""Runs of ordinary words, handles and species are no persons, however they look to the model."""

from __future__ import annotations

import pytest

from gateway.flow import Span
from gateway.inspection.names.plausible import is_abbreviation, is_plausible, without_lists


@pytest.mark.parametrize(
    "name",
    [
        "Maria Rossi",
        "maria rossi",
        "Ludwig van Beethoven",
        "María de los Ángeles",
        "samira al aziz",
        "Hauta-aho",
        "O'Brien",
        "刘慈欣",
        "María y José",
        "madonna",
    ],
)
def test_people_are_written_so(name):
    assert is_plausible(name, 0.6)


@pytest.mark.parametrize(
    "name",
    [
        "Reader2019",
        "Chapitre 4",
        "la mesa que está rota",
        "Harap tunggu sebentar",
        "il suo pacco",
        "これを見てください",
        "nella strada molto lunga",
    ],
)
def test_nobody_is_written_so(name):
    assert not is_plausible(name, 0.55)


@pytest.mark.parametrize("name", ["Reader2019", "Anna maria", "lina on the phone now"])
def test_what_the_model_is_sure_of_stands(name):
    assert is_plausible(name, 0.93)


def spans(text: str, *names: str) -> list[Span]:
    return [Span(text.index(name), text.index(name) + len(name), "PERSON", 0.85, "names") for name in names]


def test_a_list_of_species_names_nobody():
    text = "Seen: Passer domesticus, Pica pica, Ardea cinerea. Warden: Joan Lund"
    found = spans(text, "Passer domesticus", "Pica pica", "Ardea cinerea", "Joan Lund")
    assert without_lists(text, found) == found[-1:]


def test_two_names_in_half_small_letters_stay():
    text = "Ana souza and Rui prado"
    found = spans(text, "Ana souza", "Rui prado")
    assert without_lists(text, found) == found


def test_words_in_a_row_in_small_letters_are_none_in_a_text_that_has_capitals():
    words = ("dahlia", "iris", "laurier", "olivier", "jasmin")
    text = "Plantez " + ", ".join(words)
    assert without_lists(text, spans(text, *words)) == []
    assert without_lists(text.lower(), spans(text, *words)) == spans(text, *words)


def test_an_abbreviation_before_a_number_is_no_name():
    text = "Koeff. 116, Mark 14"
    assert is_abbreviation(text, 0, 5, 0.55)
    assert not is_abbreviation(text, 0, 5, 0.9)
    assert not is_abbreviation(text, text.index("Mark"), text.index("Mark") + 4, 0.55)
