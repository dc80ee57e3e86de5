"""Events of one form, many at once: the C extension and the Python implementation take the same, and nothing too much."""

from __future__ import annotations

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


def take(
    side, buffer: bytes, at: int = 0, table: bytes | None = TABLE, marks: bool = False, held: str = "", most: int = 99
):
    return side.run(buffer, at, PREFIX, SUFFIX, PREFIX, SUFFIX, table, marks, held.encode(), most)


@pytest.mark.parametrize("side", BOTH)
def test_events_are_taken_up_to_the_first_of_another_form(side) -> None:
    plain = [" gateway", "", " 知识 reads", " leaves,"]
    other = b'data: {"choices":[{"delta":{"role":"assistant","content":"so"}}]}\n\n'
    events = b"".join(map(event, plain))
    buffer = events + other + event(" never")
    end = len(events)
    assert take(side, buffer) == (end, 4, "".join(plain), events, "")
    first = event(plain[0]) + event("")
    assert take(side, buffer, most=2) == (len(first), 2, " gateway", first, "")
    assert take(side, buffer, end) == (end, 0, "", b"", "")


@pytest.mark.parametrize("side", BOTH)
def test_short_words_wait_for_what_follows_them(side) -> None:
    buffer = b"".join(map(event, [" A", " gateway", " is", "", " not"]))
    events = b"".join(map(event, [" ", "A gateway", " ", "", "is "]))
    assert take(side, buffer) == (len(buffer), 5, " A gateway is not", events, "not")
    assert take(side, event(" so"), held="the") == (len(event(" so")), 1, " so", event("the "), "so")


@pytest.mark.parametrize("side", BOTH)
def test_the_caller_gets_another_form(side) -> None:
    taken = side.run(event(" reads") + event(" so"), 0, PREFIX, SUFFIX, b"<", b">", TABLE, False, b"", 9)
    assert taken == (len(event(" reads") + event(" so")), 2, " reads so", b"< reads>< >", "so")


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
    assert take(side, PREFIX + raw + SUFFIX, table=None) == (0, 0, "", b"", "")


@pytest.mark.parametrize("side", BOTH)
def test_a_mark_is_left_where_placeholders_are_restored(side) -> None:
    assert take(side, event("a ⟦ b"), table=None, marks=True)[1] == 0
    assert take(side, event("a ⟦ b"), table=None)[1] == 1
    assert take(side, event("a ⟥ b"), table=None, marks=True)[1] == 1


@pytest.mark.parametrize("side", BOTH)
def test_no_half_an_event_is_taken(side) -> None:
    whole = event(" reads") * 2
    for cut in range(len(whole)):
        assert take(side, whole[:cut])[:2] == ((len(whole) // 2, 1) if cut >= len(whole) // 2 else (0, 0))


@pytest.mark.parametrize("side", BOTH)
def test_a_place_outside_and_half_a_table_are_errors(side) -> None:
    for at, prefix, table in [(1, b"a", None), (-1, b"a", None), (0, b"", None), (0, b"a", b"x")]:
        with pytest.raises(ValueError):
            side.run(b"", at, prefix, b'"', b"", b"", table, False, b"", 1)


@given(
    st.lists(texts, max_size=6), st.booleans(), st.booleans(), st.sampled_from(["", "so", "x1", "é"]), st.integers(0, 7)
)
def test_both_take_the_same(spoken: list[str], guarded: bool, marks: bool, held: str, most: int) -> None:
    buffer, table = b"".join(map(event, spoken)), TABLE if guarded else None
    assert take(native, buffer, 0, table, marks, held, most) == take(python, buffer, 0, table, marks, held, most)


@given(st.binary(max_size=60), st.integers(0, 60))
def test_both_take_the_same_of_any_bytes(raw: bytes, at: int) -> None:
    buffer = PREFIX + raw + SUFFIX
    for place in (0, min(at, len(buffer))):
        assert take(native, buffer, place, marks=True) == take(python, buffer, place, marks=True)


@given(texts, st.sampled_from(["", "so", "the"]))
def test_what_is_held_back_is_what_the_guard_holds_back(text: str, held: str) -> None:
    """The one promise that the guard rests on."""
    _, count, taken, events, rest = take(native, event(text), held=held)
    if count:
        whole = held + taken
        assert len(whole) - len(rest) == GUARD.hold(whole)
        assert events == event(whole[: len(whole) - len(rest)])
        assert GUARD.find(whole) == [] or GUARD.find(whole)[-1].end < len(whole)


def test_every_beginning_of_a_guarded_form_is_in_the_table() -> None:
    begins_something = GUARD._token.fullmatch
    for known in ("skx", "ghp", "xox", "eyJ", "AKI", "htt", "pos", "dea", "MAx", "glp", "npm", "RSS"):
        if any(begins_something(known + letter, partial=True) for letter in (*LETTERS, "-", "_", ":")):
            assert begins(TABLE, known), known
