"""Words as they are, thousands at once: the same hits from Hyperscan and C, from Python, and from a plain search."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.inspection import hits_python, literals
from gateway.inspection.literals import Literal, Literals

WORDS = (
    Literal("report", True, True),
    Literal("annual report", True, True),
    Literal("ann", True),
    Literal("报告"),
    Literal("école", True, True),
    Literal("R&D "),
)
TEXTS = st.lists(
    st.sampled_from(["report", "REPORT", "s", "annual ", "ann", "报告", "école", "ÉCOLE", "R&D ", " ", "_", "1", "é", "\ud800", "-"]), max_size=20
).map("".join)  # fmt: skip


def by_search(text: str) -> list[tuple[int, int]]:
    found = []
    for number, word in enumerate(WORDS):
        form = "".join(
            f"[{letter.lower()}{letter.upper()}]" if letter.isascii() and letter.isalpha() else re.escape(letter)
            for letter in word.text
        )
        before, behind = r"(?<![0-9A-Za-z_])" * word.begins, r"(?![0-9A-Za-z_])" * word.ends
        found += [(match.start(), number) for match in re.finditer(f"(?={before}{form}{behind})", text)]
    return [(number, at) for at, number in sorted(found)]


def scanned(matcher: Literals, text: str) -> list[tuple[int, int]]:
    return matcher.scan_bytes(text.encode("utf-8", "surrogatepass"), len(text))


@pytest.fixture(scope="module")
def matcher() -> Literals:
    return Literals(WORDS)


@given(TEXTS)
def test_words_are_found_where_a_search_finds_them(matcher: Literals, text: str) -> None:
    assert scanned(matcher, text) == by_search(text)


@given(TEXTS)
def test_they_are_found_without_hyperscan_and_without_c(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(literals, "hyperscan", None)
        patch.setattr(literals, "Hits", hits_python.Hits)
        assert scanned(Literals(WORDS), text) == by_search(text)


def test_what_was_compiled_is_kept(tmp_path, matcher: Literals) -> None:
    first = Literals(WORDS, tmp_path)
    (kept,) = tmp_path.glob("patterns-*")
    again = Literals(WORDS, tmp_path)
    assert scanned(first, "Annual report") == scanned(again, "Annual report") == [(1, 0), (2, 0), (0, 7)]
    assert list(tmp_path.glob("patterns-*")) == [kept]


@pytest.mark.parametrize("make", [hits_python.Hits, pytest.param("native", id="in C")])
def test_a_number_beyond_the_literals_is_told(make) -> None:
    make = pytest.importorskip("gateway.inspection._hits").Hits if make == "native" else make
    for number in (1, 2**62, 2**64 - 1):
        with pytest.raises(ValueError, match="beyond"):
            make(b"\x01\0\0\0")(number, 0, 4)
