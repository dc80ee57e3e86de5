"""Fingerprints: excerpts are found, strangers are not, another key sees nothing."""

from __future__ import annotations

import random
from array import array

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watermark import fingerprint
from watermark.errors import BadFingerprint
from watermark.fingerprint import decode, encode, likeness, winnow

KEY = bytes(range(32))
VOCABULARY = ["".join(random.Random(i).choices("abcdefghijklmnop", k=2 + i % 7)) for i in range(2000)]


def english(seed: int, words: int = 150) -> list[str]:
    return random.Random(seed).choices(VOCABULARY, k=words)


def chinese(seed: int, characters: int = 300) -> str:
    return "".join(random.Random(seed).choices([chr(point) for point in range(0x4E00, 0x5400)], k=characters))


@given(st.integers(0, 10**6), st.integers(0, 75))
def test_any_half_of_a_text_is_found(seed: int, start: int) -> None:
    words = english(seed)
    found = likeness(winnow(" ".join(words[start : start + 75]), KEY), winnow(" ".join(words), KEY))
    assert found.related
    assert found.of_query >= 950  # only the cut's own edge may differ


@given(st.integers(0, 10**6), st.integers(0, 150))
def test_any_half_of_a_chinese_text_is_found(seed: int, start: int) -> None:
    text = chinese(seed)
    assert likeness(winnow("前文。" + text[start : start + 150] + "，后文", KEY), winnow(text, KEY)).related


@given(st.integers(0, 10**6))
def test_an_excerpt_inside_another_text_is_found(seed: int) -> None:
    words = english(seed)
    wrapped = [*english(seed + 1), *words[40:115], *english(seed + 2)]
    assert likeness(winnow(" ".join(words), KEY), winnow(" ".join(wrapped), KEY)).related


def test_one_word_in_five_may_be_replaced() -> None:
    found = 0
    for seed in range(100):
        chance = random.Random(seed)
        words = english(seed)
        edited = ["replaced" if chance.random() < 0.2 else word for word in words]
        found += likeness(winnow(" ".join(edited), KEY), winnow(" ".join(words), KEY)).related
    assert found >= 98


def test_unrelated_texts_are_not_found() -> None:
    texts = [winnow(" ".join(english(seed)), KEY) for seed in range(150)]
    texts += [winnow(chinese(seed), KEY) for seed in range(150)]
    related = sum(likeness(a, b).related for index, a in enumerate(texts) for b in texts[:index])
    assert related == 0


@settings(max_examples=50)
@given(st.integers(0, 10**6))
def test_case_width_punctuation_and_white_space_do_not_matter(seed: int) -> None:
    words = english(seed, 40)
    edited = "\u3000, ".join(word.upper() for word in words).replace("A", "Ａ") + "\u200b!"
    assert np.array_equal(winnow(" ".join(words), KEY), winnow(edited, KEY))


def test_another_key_makes_another_fingerprint() -> None:
    text = " ".join(english(1))
    assert likeness(winnow(text, KEY), winnow(text, bytes(32))).shared == 0


def test_short_texts_have_no_fingerprint() -> None:
    assert winnow("", KEY).size == winnow("Too short to know.", KEY).size == winnow("你好世界", KEY).size == 0
    assert not likeness(winnow("", KEY), winnow("", KEY)).related


@given(st.text())
def test_any_text_is_accepted_and_survives_the_record(text: str) -> None:
    marks = winnow(text, KEY)
    assert np.array_equal(decode(encode(marks)), marks)
    assert encode(marks).isascii()


MIXED = st.text(
    st.sampled_from(
        "aZ9ß… \n.,-_é½ガ\u09be\u1161你好世界ไทยかな\u200b\ufe0f\u0301ﬁ\ud800\U00020000\U00030001\U000e0041\U0001f600Ａ"
    ),
    max_size=400,
)


@given(st.one_of(MIXED, st.text()), st.binary(min_size=16, max_size=64))
def test_marks_in_c_are_those_in_numpy(text: str, key: bytes) -> None:
    if fingerprint._native is None:
        pytest.skip("the C extension was not built")
    native = winnow(text, key)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fingerprint, "_native", None)
        assert np.array_equal(winnow(text, key), native)


@pytest.mark.parametrize("wrong", [(b"", KEY, KEY), (bytes(0x20000), b"", KEY), (bytes(0x20000), KEY, b"short")])
def test_tables_and_keys_that_no_fingerprint_has_are_refused(wrong: tuple[bytes, bytes, bytes]) -> None:
    if fingerprint._native is None:
        pytest.skip("the C extension was not built")
    table, *rest = wrong
    with pytest.raises(ValueError, match="no fingerprint has"):
        fingerprint._native.marks("text", table, b"", b"", *rest, 5, 4, 8, 6)


def test_a_folding_that_leads_out_of_its_table_is_refused() -> None:
    if fingerprint._native is None:
        pytest.skip("the C extension was not built")
    broken = array("I", [1 << 31 | 7 << 8 | 2] * 0x10000).tobytes()
    with pytest.raises(ValueError, match="no fingerprint has"):
        fingerprint._native.marks("text", bytes(0x20000), broken, bytes(8), KEY, bytes(32), 5, 4, 8, 6)


def test_a_text_of_many_pieces_is_found_by_an_excerpt_across_a_seam() -> None:
    text = " ".join(english(9, 60_000))
    assert len(text) > 262_144 + 2000
    assert likeness(winnow(text[262_144 - 500 : 262_144 + 1500], KEY), winnow(text, KEY)).of_query > 900


def test_lone_surrogates_rare_planes_and_broken_fingerprints() -> None:
    assert winnow("\ud800 word " * 20, KEY).size
    assert winnow("".join(chr(0x20000 + i) for i in range(40)), KEY).size > 3
    with pytest.raises(BadFingerprint):
        decode("abc")
