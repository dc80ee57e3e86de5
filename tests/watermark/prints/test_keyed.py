"""Prints under a key: near ones stay near; what two tenants keep of one picture has nothing in common."""

from __future__ import annotations

import random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.watermark.invisible.scenes import png, scene
from watermark.prints.keyed import keyed
from watermark.prints.likeness import distances
from watermark.prints.picture import image_prints
from watermark.prints.printed import Printed, read

ACME, GLOBEX = bytes(range(32)), bytes(range(1, 33))
PRINTS = st.lists(st.binary(min_size=32, max_size=32), min_size=2, max_size=6)


@given(PRINTS, st.binary(min_size=32, max_size=32))
def test_distances_under_one_key_are_those_without(prints: list[bytes], key: bytes) -> None:
    under = keyed(prints, key)
    assert np.array_equal(distances(under, under), distances(prints, prints))
    assert keyed(prints[1:], key) == under[1:]


def test_two_tenants_prints_of_one_picture_are_as_far_apart_as_chance_puts_them() -> None:
    plain = image_prints(png(scene(54, 400, 400)), "image/png")
    acme, globex = plain.under(ACME), plain.under(GLOBEX)
    assert plain.tiles
    for one, other in ((plain, acme), (plain, globex), (acme, globex)):
        for ours, theirs in ((one.prints, other.prints), (one.tiles, other.tiles)):
            apart = distances([print_ for print_ in ours if print_], [print_ for print_ in theirs if print_])
            assert apart.min() > 64
            assert 120 < apart.mean() < 136


def test_neither_how_many_bits_are_set_nor_where_they_stand_is_kept() -> None:
    sparse = [(1 << bit).to_bytes(32) for bit in range(256)]
    under = keyed(sparse, ACME)
    lit = [int.from_bytes(one).bit_count() for one in under]
    assert 96 < min(lit)
    assert max(lit) < 160
    nothing = keyed([bytes(32)], ACME)[0]
    moved = [(int.from_bytes(one) ^ int.from_bytes(nothing)).bit_length() - 1 for one in under]
    assert sorted(moved) == list(range(256))
    assert sum(one == bit for bit, one in enumerate(moved)) < 8


def test_what_a_record_says_is_read_back() -> None:
    plain = image_prints(png(scene(54, 400, 300)), "image/png").under(ACME)
    again = read(plain.said())
    assert (again.prints, again.tiles) == (plain.prints, plain.tiles)
    assert np.allclose(again.places, plain.places, atol=1e-4)
    assert np.allclose(again.shape, plain.shape, atol=1e-4)
    assert Printed().said() == {}


def test_a_record_that_cannot_be_read_has_no_prints() -> None:
    whole = image_prints(png(scene(54, 400, 300)), "image/png").said()
    dice = random.Random(1)
    for spoilt in (
        {"prints": 5}, {"prints": ["zz"]}, {"prints": ["ab"]}, {"places": []}, {"places": [[1, 2]] * len(whole["prints"])},
        {"shape": [1]}, {"shape": None}, {"tiles": [dice.randbytes(3).hex()]}, {"tiles": 7},
    ):  # fmt: skip
        assert read(whole | spoilt) == Printed()
    assert read({}) == Printed()
