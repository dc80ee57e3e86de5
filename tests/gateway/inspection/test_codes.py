"""Pieces of code and signs of source code: the same in C and in Python."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.inspection import codes_python

CODES = st.one_of(
    st.text(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"), max_size=24),
    st.tuples(
        st.sampled_from(["", "x", "ab", "Q9-"]), st.text(st.sampled_from("hello wörld 中文\n\t"), min_size=3)
    ).map(lambda pair: pair[0] + base64.b64encode(pair[1].encode()).decode().rstrip("=")),
)


@settings(max_examples=200)
@given(CODES)
def test_the_shifts_in_c_are_those_in_python(code: str) -> None:
    native = pytest.importorskip("gateway.inspection._codes")
    assert native.shifts(code) == codes_python.shifts(code)


TEXTS = st.lists(
    st.one_of(
        CODES,
        st.text(),
        st.sampled_from(
            ["3132333435363738", "0x3031323334353637", "\\x", "#x", "0X", "\\X", "deadbeefdeadbeef", "6d00610072006900610000", "00" * 9, "0061" * 8,
             "x", " ", "é", "中", "?", "\n", ";\n", "{\n", "):\n", "end\n", "done\n", "import ", "def ", "=>", "</", "<- ", "#include", "SELECT ",
             "function ", "important ", "the end", "A" * 60, "\ud800"]
        ),
    ),
    max_size=12,
).map("".join)  # fmt: skip


@settings(max_examples=400)
@given(TEXTS, st.integers(0, 4))
def test_what_is_found_in_c_is_that_in_python(text: str, lines: int) -> None:
    native = pytest.importorskip("gateway.inspection._codes")
    assert native.base64_runs(text) == codes_python.base64_runs(text)
    assert native.hex_runs(text) == codes_python.hex_runs(text)
    assert native.source_signs(text, lines) == codes_python.source_signs(text, lines)


def test_digits_that_can_be_no_text_are_passed_over() -> None:
    assert codes_python.hex_runs("110105199003071234") == []
    assert codes_python.hex_runs("say 0x48656c6c6f20776f726c64 aloud") == [(4, 6, 28)]


def test_only_texts_are_looked_at() -> None:
    native = pytest.importorskip("gateway.inspection._codes")
    for look in (native.base64_runs, native.hex_runs, native.shifts):
        with pytest.raises(TypeError, match="text"):
            look(b"bytes")
    with pytest.raises(TypeError, match="text"):
        native.source_signs(b"bytes", 2)
