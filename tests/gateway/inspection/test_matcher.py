"""The one-pass matcher: both engines give the same starts, in code points, for any text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.inspection.databases import BLOCK
from gateway.inspection.matcher import HyperscanMatcher, PlainMatcher
from gateway.inspection.shipped import RECOGNIZERS

EXPRESSIONS = [r"\b[0-9]{4}", "@", "(密码|口令)", r"(?i)\bkey[ :]"]
PIECES = ["1234", "12345", "@", "密码", "口令", "Key:", "KEY ", "x", "号", " ", "\ud800", "é", "\x00"]


@settings(max_examples=150)
@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_hyperscan_and_re_agree(text):
    assert sorted(HyperscanMatcher(EXPRESSIONS).scan(text)) == sorted(PlainMatcher(EXPRESSIONS).scan(text))


def test_offsets_are_code_points():
    assert HyperscanMatcher([r"\b[0-9]{4}"]).scan("电话1234，1234") == [(0, 2), (0, 7)]


def test_an_expression_that_does_not_compile_is_named():
    with pytest.raises(ValueError, match=r"\(\?<=a\)b"):
        HyperscanMatcher(["a", "(?<=a)b"])


def test_what_was_compiled_is_kept_for_the_next_start(tmp_path, monkeypatch):
    text = "电话1234，密码 key: @"
    first = HyperscanMatcher(EXPRESSIONS, tmp_path)
    (file,) = tmp_path.iterdir()
    monkeypatch.setattr("gateway.inspection.databases._compiled", None)  # it must not be needed
    assert HyperscanMatcher(EXPRESSIONS, tmp_path).scan(text) == first.scan(text)
    monkeypatch.undo()
    for damaged in (b"", b"x" * 100, file.read_bytes()[:-100], bytes(file.stat().st_size)):
        file.write_bytes(damaged)
        assert HyperscanMatcher(EXPRESSIONS, tmp_path).scan(text) == first.scan(text)
    assert HyperscanMatcher([*EXPRESSIONS, "x"], tmp_path).scan("x") == [(4, 0)]
    assert len(list(tmp_path.iterdir())) == 2


def test_many_expressions_in_several_databases_keep_their_numbers(tmp_path):
    """Those without a word are compiled in blocks."""
    expressions = [f"x{n}y" if n % 3 == 0 else rf"\b[0-9]{{{n}}}\b" for n in range(1, 150)]
    text = " ".join(["x3y", "1" * 4, "x144y", "1" * 149, "x145y"])
    found = HyperscanMatcher(expressions, tmp_path).scan(text)
    assert found == PlainMatcher(expressions).scan(text) == HyperscanMatcher(expressions, tmp_path).scan(text)
    assert [number + 1 for number, _ in found] == [3, 4, 144, 149]
    assert len(list(tmp_path.iterdir())) == -(-100 // BLOCK) + 1


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path):
    assert HyperscanMatcher(EXPRESSIONS, tmp_path / "none").scan("@") == [(1, 0)]


@pytest.mark.parametrize("recognizer", RECOGNIZERS, ids=lambda recognizer: recognizer.name)
def test_anchors_are_fit_for_bytes(recognizer):
    """Anchors run over bytes: a repeat or a class would see single bytes of a character beyond ASCII."""
    for shape in recognizer.shapes:
        assert not re.search(r"[^\x00-\x7f][?*+{]|\[[^\]]*[^\x00-\x7f][^\]]*\]", shape.anchor), shape.anchor
