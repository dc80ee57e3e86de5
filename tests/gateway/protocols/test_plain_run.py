"""Events of one form, many at once: the C extension and the Python implementation take the same, and nothing too much."""

from __future__ import annotations

import re

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.inspection.guard import GuardScanner
from gateway.protocols import plain_run_python as python
from gateway.protocols.plain_run_python import LETTERS, begins

native = pytest.importorskip("gateway.protocols._events", reason="the C extension was not built")
BOTH = [native, python]
GUARD = GuardScanner()
TABLE = GUARD.beginnings
PREFIX, SUFFIX = b'data: {"choices":[{"delta":{"content":"', b'"}}]}\n\n'

WORDS = [
    "a",
    "the",
    "each",
    " gateway",
    "-",
    "--",
    "_x",
    "sk-ab",
    "ghp_",
    "Bearer",
    "More",
    "AKIA",
    "eyJab",
    "http",
    "12",
    "é",
    "中文",
    "⟦PERSON",
    "I'm",
    " (so)",
    ".",
    "~",
]
pieces = st.one_of(
    st.sampled_from(WORDS), st.text(max_size=8), st.text(st.sampled_from("abzAZ09_-.~ \t/:+'é⟦"), max_size=12)
)
texts = st.lists(pieces, max_size=4).map("".join)


def event(text: str) -> bytes:
    return PREFIX + orjson.dumps(text)[1:-1] + SUFFIX


@pytest.mark.parametrize("side", BOTH)
def test_events_are_taken_up_to_the_first_of_another_form(side) -> None:
    plain = [" gateway", "", " 知识 reads", " leaves,"]
    other = b'data: {"choices":[{"delta":{"role":"assistant","content":"so"}}]}\n\n'
    buffer = b"".join([*map(event, plain), other, event(" never")])
    end = buffer.index(other)
    assert side.run(buffer, 0, PREFIX, SUFFIX, TABLE, False, 99) == (end, 4, "".join(plain))
    assert side.run(buffer, 0, PREFIX, SUFFIX, TABLE, False, 2) == (len(event(plain[0]) + event("")), 2, " gateway")
    assert side.run(buffer, end, PREFIX, SUFFIX, TABLE, False, 99) == (end, 0, "")


@pytest.mark.parametrize("side", BOTH)
@pytest.mark.parametrize(
    "raw",
    [
        b"a\\nb",
        b'\\"',
        b"\x00",
        b"\n",
        b"\xff",
        b"\xc3",
        b"\xed\xa0\x80",
        b"\xc0\xaf",
        b"\xf5\x80\x80\x80",
        b"\xe4\xb8",
    ],
)
def test_what_is_escaped_or_no_text_is_left_to_others(side, raw: bytes) -> None:
    assert side.run(PREFIX + raw + SUFFIX, 0, PREFIX, SUFFIX, None, False, 9) == (0, 0, "")


@pytest.mark.parametrize("side", BOTH)
def test_a_mark_is_left_where_placeholders_are_restored(side) -> None:
    assert side.run(event("a ⟦ b"), 0, PREFIX, SUFFIX, None, True, 9)[1] == 0
    assert side.run(event("a ⟦ b"), 0, PREFIX, SUFFIX, None, False, 9)[1] == 1
    assert side.run(event("a ⟥ b"), 0, PREFIX, SUFFIX, None, True, 9)[1] == 1


@pytest.mark.parametrize("side", BOTH)
def test_no_half_an_event_is_taken(side) -> None:
    whole = event(" reads") * 2
    for cut in range(len(whole)):
        end, count, _ = side.run(whole[:cut], 0, PREFIX, SUFFIX, TABLE, False, 9)
        assert (end, count) == (len(whole) // 2, 1) if cut >= len(whole) // 2 else (0, 0)


@pytest.mark.parametrize("side", BOTH)
def test_a_place_outside_and_half_a_table_are_errors(side) -> None:
    for arguments in [
        (b"", 1, b"a", b'"', None),
        (b"", -1, b"a", b'"', None),
        (b"", 0, b"", b'"', None),
        (b"", 0, b"a", b'"', b"x"),
    ]:
        with pytest.raises(ValueError):
            side.run(*arguments, False, 1)


@given(st.lists(texts, max_size=6), st.booleans(), st.booleans(), st.integers(0, 7))
def test_both_take_the_same(spoken: list[str], guarded: bool, marks: bool, most: int) -> None:
    buffer = b"".join(map(event, spoken))
    table = TABLE if guarded else None
    assert native.run(buffer, 0, PREFIX, SUFFIX, table, marks, most) == python.run(
        buffer, 0, PREFIX, SUFFIX, table, marks, most
    )


@given(st.binary(max_size=60), st.integers(0, 60))
def test_both_take_the_same_of_any_bytes(raw: bytes, at: int) -> None:
    buffer = PREFIX + raw + SUFFIX
    for place in (0, min(at, len(buffer))):
        assert native.run(buffer, place, PREFIX, SUFFIX, TABLE, True, 9) == python.run(
            buffer, place, PREFIX, SUFFIX, TABLE, True, 9
        )


@given(texts)
def test_what_is_clear_holds_nothing_back(text: str) -> None:
    """The one promise that the guard rests on."""
    if native.run(event(text), 0, PREFIX, SUFFIX, TABLE, False, 1)[1] and not re.search(r'["\\]', text):
        assert GUARD.hold(text) == len(text)
        assert all(span.end < len(text) for span in GUARD.find(text))


def test_every_beginning_of_a_guarded_form_is_in_the_table() -> None:
    for known in ("skx", "ghp", "xox", "eyJ", "AKI", "htt", "pos", "dea", "MAx", "glp", "npm", "RSS"):
        if GUARD._token.fullmatch(known, partial=True) and not set("0123456789") & set(known):
            four = [known + letter for letter in (*LETTERS, "-", "_")]
            if any(GUARD._token.fullmatch(each, partial=True) for each in four):
                assert begins(TABLE, known), known
