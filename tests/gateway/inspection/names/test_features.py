"""Tokens and their features: what a token is, and that its features depend on its own text alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.inspection.names.features import FEATURES, CharacterTable, Featuriser

TABLE = CharacterTable.of_this_interpreter()
READER = Featuriser(TABLE, 4096)


def tokens_of(text: str) -> list[str]:
    tokens = READER.read([text])
    return [text[a:b] for a, b in zip(tokens.start.tolist(), tokens.end.tolist(), strict=True)]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", []),
        (" \n\t\u3000", []),
        ("John O'Neil", ["John", "O", "'", "Neil"]),
        ("张三,abc12", ["张", "三", ",", "abc", "12"]),
        ("100-200", ["100", "-", "200"]),
        ("Ünïcode élan", ["Ünïcode", "élan"]),
        ("a\x1eb", ["a", "b"]),
        ("😀Tom𠀀", ["😀", "Tom", "𠀀"]),
        ("a\ud800b", ["a", "\ud800", "b"]),
    ],
)
def test_a_token_is_a_han_character_a_run_of_letters_or_digits_or_one_sign(text: str, tokens: list[str]) -> None:
    assert tokens_of(text) == tokens


def test_case_changes_the_shape_and_nothing_else() -> None:
    small, capital = (READER.read([text]).hashes[0] for text in ("garcia", "Garcia"))
    assert (small != capital).tolist() == [False, False, False, False, False, True, False]


@given(st.lists(st.text(max_size=60), max_size=8))
def test_features_do_not_depend_on_the_texts_beside(texts: list[str]) -> None:
    together = READER.read(texts)
    for index, text in enumerate(texts):
        alone = READER.read([text])
        own = slice(together.first[index], together.first[index + 1])
        assert np.array_equal(together.hashes[own], alone.hashes)
        assert np.array_equal(together.start[own], alone.start)
        assert np.array_equal(together.end[own], alone.end)


@given(st.text(max_size=200))
def test_tokens_cover_all_visible_characters_once_in_order(text: str) -> None:
    tokens = READER.read([text])
    assert tokens.hashes.shape == (len(tokens.start), FEATURES)
    assert (tokens.hashes != 0).all()
    assert (tokens.start < tokens.end).all()
    assert (tokens.end[:-1] <= tokens.start[1:]).all()
    covered = {i for a, b in zip(tokens.start, tokens.end, strict=True) for i in range(a, b)}
    assert covered == {i for i, char in enumerate(text) if not char.isspace()}


def test_a_block_over_the_capacity_is_refused() -> None:
    with pytest.raises(ValueError, match="capacity"):
        READER.read(["x" * 5000])
