"""A glance at a text: the same in C and in Python, and no seam is lost to it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.inspection import glance_python, normalise, seams, written_numbers
from gateway.inspection.glance import beyond
from gateway.inspection.glance_flags import APART, CODE, GROUPED, HEX, MISTAKEN, PAIRED, SAID, SPELLED
from gateway.inspection.spoken import letters

TEXTS = st.one_of(
    st.text(),
    st.text(st.sampled_from("0123456789aAbBfFoOIl +/_-%&#\\.,\n\t@é好𠀀\ud800"), max_size=300),
    st.lists(
        st.sampled_from(
            [
                "one ",
                "two",
                "seven, ",
                "yi ",
                "èr",
                "1 ",
                "1  2",
                "12 3",
                "ab ",
                "0x",
                "é",
                "中",
                " ",
                "\n",
                "a ",
                "deadbeef",
                "=3D",
                "=4",
                "3435 ",
            ]
        ),
        max_size=60,
    ).map("".join),
)
NUMBERS = st.lists(
    st.sampled_from(
        [
            "1",
            "12",
            "138",
            "1234",
            "5678",
            "4111",
            "23456",
            "110101",
            "19900307",
            "461",
            "X",
            "O",
            "l",
            "1234567890",
            " ",
            "  ",
            "-",
            ".",
            "/",
            "\n",
            "\r\n",
            "\t",
            " - ",
            " / ",
            "     ",
            "a",
            "é",
            "电",
        ]
    ),
    max_size=30,
).map("".join)
WORDS = st.lists(
    st.sampled_from(
        [
            "zero",
            "oh",
            "nought",
            "one",
            "TWO",
            "three",
            "four",
            "five",
            "Six",
            "seven",
            "eight",
            "nine",
            "ſeven",
            "nıne",
            "ling",
            "yi",
            "yī",
            "èr",
            "ER",
            "sān",
            "SÌ",
            "wǔ",
            "liù",
            "qi",
            "ba",
            "jiǔ",
            "dong",
            "guai",
            " ",
            ", ",
            "-",
            "3",
            "x",
            "é",
            "二",
            "\ud800",
        ]
    ),
    max_size=30,
).map("".join)


JOINED = st.lists(
    st.sampled_from(
        ["4111", "a@b", ".com", "x", "\n", "\r\n", " ", "# ", "// ", "<b>", "</i>", "<!-- x -->", "/* x */", "** **", "**",
         '"', "'", '" + "', "' . '", "- ", "=", "\\", "> ", "@", "_", ".", "好", "٣", "don't", "13"]
    ),
    max_size=40,
).map("".join)  # fmt: skip


@pytest.fixture(scope="module")
def native():
    return pytest.importorskip("gateway.inspection._glance")


@settings(max_examples=300)
@given(st.one_of(TEXTS, NUMBERS, WORDS))
def test_the_glance_in_c_is_that_in_python(text: str) -> None:
    native = pytest.importorskip("gateway.inspection._glance")
    assert native.glance(text) == glance_python.glance(text)


@settings(max_examples=200)
@given(st.one_of(TEXTS, JOINED))
def test_the_signs_in_c_are_those_in_python(text: str) -> None:
    native = pytest.importorskip("gateway.inspection._glance")
    assert native.signs(text) == glance_python.signs(text)


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("one two three four five six seven", SAID),
        ("ling yao san si wu liu qi ba", SAID),
        ("s p e l l e d out", SPELLED),
        ("4 1 1 1 1", APART),
        ("4111  1111  1111  1111", GROUPED),
        ("138/1234/5678", GROUPED),
        ("110101 19900307 461X", GROUPED),
        ("411O 1111 1111 1111", MISTAKEN),
        ("a" * 14, CODE),
        ("deadbeefdeadbeef", HEX),
        ("64 65 61 64 62 65 65", PAIRED),
        ("64 65 61 64  62 65 65 66", PAIRED),
        ("64 65 61 64  62  65 66", PAIRED),
        ("64 65  61  64 62 65 66", PAIRED),
        ("64 65 61  64 62 65  66 67", PAIRED),
    ],
)
def test_what_hides_a_value_is_seen(text: str, flag: int, native) -> None:
    assert native.glance(text) & flag
    assert not native.glance("Please call me back.") & flag


def test_only_texts_are_looked_at(native) -> None:
    for look in (native.glance, native.signs):
        with pytest.raises(TypeError, match="text"):
            look(b"bytes")


PLAIN = {
    "\n": seams._BREAK,
    "<": seams._TAGS,
    "/*": seams._COMMENT,
    "**": seams._EMPHASIS,
}


def by_search(text: str) -> list[tuple[int, int]]:
    """Seams as searches for each form find them, at every place."""
    mail = "@" in text
    ahead = seams._LETTER_AHEAD if mail else seams._DIGIT_AHEAD
    found: dict[int, int] = {}
    matches = [match.span() for form in PLAIN.values() for match in re.finditer(form + ahead, text)]
    before = "" if mail else r"[0-9][0-9A-Za-z]{0,3}"
    matches += [match.span("seam") for match in re.finditer(f"{before}(?P<seam>{seams._JOINT}){ahead}", text)]
    for match in matches:
        start, end = seams._seam(text, *match)
        if start < end:
            found[start] = max(end, found.get(start, 0))
    return list(seams._disjoint(found))


@settings(max_examples=600)
@given(JOINED)
def test_every_seam_is_found_that_a_search_at_every_place_finds(text: str) -> None:
    covered = {place for start, end in seams.seams(text) for place in range(start, end)}
    assert {place for start, end in by_search(text) for place in range(start, end)} <= covered


@settings(max_examples=300)
@given(st.one_of(WORDS, NUMBERS, TEXTS), st.integers(0, 40))
def test_what_is_said_near_is_the_same_in_c_and_in_python(text: str, at: int) -> None:
    native = pytest.importorskip("gateway.inspection._glance")
    at = min(at, len(text))
    assert native.said_near(text, at, letters()) == glance_python.said_near(text, at, letters())


@pytest.mark.parametrize(
    "words", ["vier eins", "my ssn is forty-six", "SIÈTE", "quatre-vingt", "onetwo", "a un", "zwanzig", "nıne"]
)
def test_a_number_in_words_is_near(words: str, native) -> None:
    assert native.said_near(words, 0, letters())
    assert glance_python.said_near(words, 0, letters())


@pytest.mark.parametrize("words", ["for me and you", "is 078-05-1120 for the tax office", "o", "电话是", ""])
def test_none_is_near(words: str, native) -> None:
    assert not native.said_near(words, 0, letters())


@pytest.mark.parametrize("arguments", [("x", 0, b""), (b"x", 0, letters()), ("x", 0)])
def test_words_are_looked_for_in_a_text_with_a_table(arguments, native) -> None:
    with pytest.raises(TypeError, match="table"):
        native.said_near(*arguments)
    with pytest.raises(ValueError, match="place"):
        native.said_near("x", 2, letters())


def test_a_table_with_other_forms_is_none_to_rely_on(native) -> None:
    table = b"\xff" * len(letters())
    assert native.said_near("mine", 0, table)
    assert glance_python.said_near("mine", 0, table)


KINDS = bytes(point % 251 & 0xE3 for point in range(0x10000)) + b"\4"


@given(st.text())
def test_the_kinds_of_characters_are_the_same_in_c_and_in_python(text: str) -> None:
    native = pytest.importorskip("gateway.inspection._glance")
    assert native.beyond(text, KINDS) == glance_python.beyond(text, KINDS)


def test_kinds_are_told_by_a_whole_table(native) -> None:
    assert native.beyond("𠀀", KINDS) == 4
    for arguments in [("x", KINDS[1:]), (b"x", KINDS), ("x",)]:
        with pytest.raises(TypeError, match="table"):
            native.beyond(*arguments)


def test_seams_before_an_address_far_away_are_none(native) -> None:
    text = "\n".join(["plain words"] * 80) + " @"
    assert native.signs(text) == glance_python.signs(text)
    assert 0 < len(native.signs(text)) < 79


@settings(max_examples=300)
@given(NUMBERS)
def test_every_number_in_groups_begins_at_a_place_that_is_told(text: str) -> None:
    native = pytest.importorskip("gateway.inspection._glance")
    begun = {match.start() for match in re.finditer(f"(?={written_numbers._GROUPED.pattern})", text)}
    assert begun <= set(native.grouped(text)) <= set(glance_python.grouped(text))
    assert native.grouped(text) == sorted(native.grouped(text))


@given(st.text(st.sampled_from("一二〇9X -·，。a"), max_size=30))
def test_numerals_in_a_row_are_told(text: str) -> None:
    signs = re.escape(written_numbers.SIGNS)
    shown = re.search(f"[{written_numbers.NUMERALS}](?:[{signs}]?[0-9{written_numbers.NUMERALS}]){{2}}", text)
    assert bool(beyond(text, normalise._kinds()) & glance_python.IN_A_ROW) == (shown is not None)
