"""Expressions with words beside ideographs are compiled to the program that `re` makes of them."""

from __future__ import annotations

import re

import pytest

from gateway.inspection import expressions
from gateway.inspection.expressions import SPACED, compiled
from gateway.inspection.recognizer import words_beside_ideographs
from gateway.inspection.shipped import RECOGNIZERS

WORDS = words_beside_ideographs(r"\bssn\b|social|\bno\b\.?|号码")
EXPRESSIONS = [
    WORDS,
    rf"(?i:{WORDS})[^\n0-9]{{0,16}}?(?P<value>\d{{9}})(?P<rest>x)?",
    SPACED,
    rf"{SPACED}+",
    rf"(?<!{SPACED}a)a(?!{SPACED})[\u4e00-\u9fff]",
    *sorted({shape.expression for each in RECOGNIZERS for shape in each.shapes if SPACED in shape.expression})[::3],
]


@pytest.mark.parametrize("flags", [0, re.IGNORECASE], ids=["as it stands", "any case"])
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_it_is_the_program_that_re_makes(expression, flags):
    ours, theirs = compiled(expression, flags), re.compile(expression, flags)

    assert ours == theirs  # compares programs and flags
    assert (ours.pattern, ours.groupindex, ours.groups) == (theirs.pattern, theirs.groupindex, theirs.groups)


def test_an_expression_without_such_words_is_left_to_re():
    assert compiled("a+", re.IGNORECASE) is re.compile("a+", re.IGNORECASE)


def test_a_broken_expression_is_refused():
    with pytest.raises(re.error):
        compiled(f"({SPACED}")


def test_with_another_standard_library_re_compiles(monkeypatch):
    monkeypatch.delattr(expressions._compiler, "_code")

    assert expressions.compiled(WORDS).search("我的ssn是")


def test_a_word_ends_beside_ideographs_and_not_beside_letters():
    word = compiled(words_beside_ideographs(r"\bssn\b"))

    assert [bool(word.search(text)) for text in ("我的ssn是", "ssn:", "ssné", "жssn", "ssnx", "ssn𠀀")] == [
        True, True, False, False, False, False
    ]  # fmt: skip
