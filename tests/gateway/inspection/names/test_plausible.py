"""Runs of ordinary words, handles and species are no persons, however they look to the model."""

from __future__ import annotations

import pytest

from gateway.flow import Span
from gateway.inspection.names.plausible import is_plausible, without_lists


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
