"""Given names are known in the forms that languages put them into."""

from __future__ import annotations

import pytest

from gateway.inspection.names.given import GivenNames

GIVEN = GivenNames()


@pytest.mark.parametrize("word", ["Matti", "Ayşe", "Ivana", "Budi", "Łukasz", "MATTI"])
def test_known(word):
    assert GIVEN.has(word)
    assert GIVEN.has_inflected(word)


@pytest.mark.parametrize("word", ["Mehmetom", "Diega", "Marcina"])
def test_known_with_an_ending(word):
    assert GIVEN.has_inflected(word)


@pytest.mark.parametrize("word", ["Lohikeitto", "matti", "Han", "Till", ""])
def test_not_known(word):
    assert not GIVEN.has(word)
