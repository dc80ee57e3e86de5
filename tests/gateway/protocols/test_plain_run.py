"""Events of one form, many at once: the C extension and the Python implementation take the same, and nothing too much."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.inspection import guard
from gateway.inspection.automaton import automaton
from gateway.inspection.guard import ANY, GuardScanner
from gateway.protocols import plain_run_python as python

native = pytest.importorskip("gateway.protocols._events", reason="the C extension was not built")
BOTH = [native, python]
GUARD = GuardScanner()
NUMBERS = f"{guard._CARD}|{guard._CN_ID}|{guard._NIR}"
TOKENS = f"{guard._vendors(guard.UNANCHORED)}|{guard._LONG_JWT}|{guard._JWT}|{guard._URL}|{guard._CODICE}|{guard._IBAN}"
MADE = automaton([[(TOKENS, ANY), (NUMBERS, python.NUMBER)], [(f"{NUMBERS}|{guard._IBAN}", ANY)]])
AUTOMATA = {side: side.Automaton(*MADE.packed(), *MADE.starts) for side in BOTH}
CAME = (b'data: {"n":', b',"delta":"', b'","pad":"', b'"}\n\n')
SHOWN = (b'data: {"n":', b',"delta":"', b'","hidden":"', b'"}\n\n')
HOLES = b"qts"

WORDS = [
    "a", "the ", "each", " gateway", "-", "--", "_x", "sk-ab", "ghp_", "Bearer ", "AKIA", "AKIAQWERTYUIOPASDFG1", "eyJab",
    "https://", "http://u:pw@h", "12", "4111 1111 ", " 4111-1111-1111-1111", "4111111111111112", "é", "中文", "⟦PERSON", "I'm",
    " (so)", ".", "~", "-----BEGIN ", "-----BEG", "DE89 3704 ", "0440 5320", "RSSMRA85T10A", "1 85 05 78 006 084",
    "110105 19491231", " ", "\n", '"', "\\", "x1Q~", "abc1Q~", "sk-or-v1-", "postgres://root:k6", "@db", "sntrys_", "key-",
    "0123456789abcdef", "SG.", "fm1_", "٣", "a.b.", "@", "\x7f", "\x01",
]  # fmt: skip
pieces = st.one_of(
    st.sampled_from(WORDS), st.text(max_size=8), st.text(st.sampled_from("abzAZ09_-.~ \t/:+'é⟦"), max_size=12)
)
texts = st.lists(pieces, max_size=6).map("".join)


def event(text: str, number: int = 7, pad: str = "x", shown: bool = False) -> bytes:
    literals = SHOWN if shown else CAME
    return b"".join(
        (literals[0], b"%d" % number, literals[1], orjson.dumps(text)[1:-1], literals[2], pad.encode(), literals[3])
    )


def lane(side, *, guarded: bool = True, shown=CAME, restores: bool = False, json: bool = False, shift: int = 0):
    return side.Lane(AUTOMATA[side] if guarded else None, CAME, HOLES, shown, restores, json, shift)


@pytest.mark.parametrize("side", BOTH)
def test_events_are_taken_up_to_the_first_of_another_form(side) -> None:
    spoken = [" gateway", "", " 知识 reads\n", ' "leaves",']
    events = b"".join(map(event, spoken))
    other = event(" never").replace(b'"pad"', b'"other"')
    taking = lane(side)
    assert taking.take(events + other + event(" never"), 0) == (len(events), events)
    assert taking.leave() == ("".join(spoken), "".join(spoken), "", 4, event(spoken[-1]), False)
    assert taking.leave() == ("", "", "", 0, b"", False)


@pytest.mark.parametrize("side", BOTH)
def test_what_may_begin_a_match_waits_for_what_follows_it(side) -> None:
    taking = lane(side)
    taking.enter(b"A", 32)
    buffer = b"".join(map(event, [" gateway", " is", " 1234", "", " not", " sk-ab"]))
    out = b"".join(map(event, ["A gateway", " ", "is ", "", "1234 ", "not "]))
    assert taking.take(buffer, 0) == (len(buffer), out)
    assert taking.leave() == (" gateway is 1234 not sk-ab", "A gateway is 1234 not ", "sk-ab", 6, event(" sk-ab"), True)


@pytest.mark.parametrize("side", BOTH)
@pytest.mark.parametrize(
    "text", ["AKIAQWERTYUIOPASDFG1 ", " 4111-1111-1111-1111,", "-----BEGIN PRIVATE", " DE89370400440532013000 "]
)
def test_an_event_in_which_a_match_may_begin_is_left_to_others(side, text: str) -> None:
    taking = lane(side)
    assert taking.take(event(text), 0) == (0, b"")
    assert taking.one(event(text), 0) == (len(event(text)), text)
    assert taking.written(None) == event(text)
    assert taking.written('a "b"\n') == event('a "b"\n')


@pytest.mark.parametrize("side", BOTH)
def test_a_number_that_is_no_identifier_goes_on(side) -> None:
    taking = lane(side)
    buffer = event(" 4111111111111112") + event(" gateway") + event(" 0000000000000000,")
    assert taking.take(buffer, 0) == (
        len(buffer),
        event(" ") + event("4111111111111112 gateway") + event(" 0000000000000000,"),
    )


@pytest.mark.parametrize("side", BOTH)
def test_the_caller_gets_another_form_and_other_numbers(side) -> None:
    taking = lane(side, shown=SHOWN, shift=3)
    taken = taking.take(event(" reads", 8) + event(" sk-", 9), 0)
    assert taken == (
        len(event(" reads", 8) + event(" sk-", 9)),
        event(" reads", 11, shown=True) + event(" ", 12, shown=True),
    )


@pytest.mark.parametrize("side", BOTH)
@pytest.mark.parametrize(
    "raw", [b"\x00", b"\n", b"\\x", b"\\", b"\\u12", b"\\ud800", b"\\udc00x", b"\\ud800\\u0041", b"\xff", b"\xc3",
            b"\xed\xa0\x80", b"\xc0\xaf", b"\xf5\x80\x80\x80", b"\xe4\xb8"],
)  # fmt: skip
def test_what_is_no_text_is_left_to_others(side, raw: bytes) -> None:
    buffer = event("@@@").replace(b"@@@", raw)
    assert lane(side, guarded=False).take(buffer, 0) == (0, b"")
    assert lane(side, guarded=False).one(buffer, 0) == (0, "")


@pytest.mark.parametrize("side", BOTH)
@pytest.mark.parametrize("number", [b"01", b"-1", b"1.0", b"1e3", b"", b"1234567890123456"])
def test_what_is_no_count_is_left_to_others(side, number: bytes) -> None:
    assert lane(side).take(event("so", 5).replace(b'"n":5', b'"n":' + number), 0) == (0, b"")


@pytest.mark.parametrize("side", BOTH)
def test_marks_and_backslashes_are_left_to_those_who_read_them(side) -> None:
    assert lane(side, restores=True).take(event("a ⟦ b"), 0)[0] == 0
    assert lane(side).take(event("a ⟦ b"), 0)[0] > 0
    assert lane(side, restores=True).take(event("a ⟥ b"), 0)[0] > 0
    assert lane(side, json=True).take(event("a \\ b"), 0)[0] == 0
    assert lane(side).take(event("a \\ b"), 0)[0] > 0


@pytest.mark.parametrize("side", BOTH)
def test_a_word_beside_the_text_may_hold_no_secret_either(side) -> None:
    assert lane(side).take(event(" so", pad="aK3d9Jx0qPz7"), 0)[0] > 0
    assert lane(side).take(event(" so", pad="AKIAQWERTYUIOPASDFG1"), 0)[0] == 0
    assert lane(side, guarded=False).take(event(" so", pad="AKIAQWERTYUIOPASDFG1"), 0)[0] > 0
    assert lane(side).take(event(" so", pad="no word"), 0)[0] == 0
    assert lane(side).take(event(" so", pad="x" * 257), 0)[0] == 0


@pytest.mark.parametrize("side", BOTH)
def test_no_half_an_event_is_taken(side) -> None:
    whole = event(" reads") * 2
    for cut in range(len(whole)):
        assert lane(side).take(whole[:cut], 0)[0] == (len(whole) // 2 if cut >= len(whole) // 2 else 0)


@pytest.mark.parametrize("side", BOTH)
def test_what_is_no_form_or_no_automaton_is_an_error(side) -> None:
    kinds, nodes, sets = MADE.packed()
    for came, holes in [
        ((b"a", b"b"), b""),
        ((b"a", b"b"), b"n"),
        ((b"a",), b"t"),
        ((b"", b"b"), b"t"),
        ((b"a", b"b"), b"x"),
    ]:
        with pytest.raises(ValueError):
            side.Lane(None, came, holes, came, False, False, 0)
    for parts in [
        (kinds[1:], nodes, sets),
        (kinds, nodes[1:], sets),
        (kinds, nodes, sets[1:]),
        (kinds, nodes[:-12], sets[:16]),
    ]:
        with pytest.raises(ValueError):
            side.Automaton(*parts, *MADE.starts)
    with pytest.raises(ValueError):
        side.Automaton(kinds, nodes, sets, len(nodes), 0)
    for at in (-1, 2):
        with pytest.raises(ValueError):
            lane(side).take(b"a", at)
        with pytest.raises(ValueError):
            lane(side).one(b"a", at)
    with pytest.raises(ValueError):
        lane(side).written("text")


@given(
    st.lists(st.tuples(texts, st.integers(0, 99), st.sampled_from(["x", "aK3d9Jx0q", "AKIAQWERTYUIOPASDFG1"])), max_size=6),
    st.booleans(), st.booleans(), st.booleans(), st.booleans(), st.sampled_from(["", "so", "x1", "é", "4111 "]),
    st.sampled_from([0, 2]), st.sampled_from([-1, 32, 97, 0xA9]),
)  # fmt: skip
def test_both_take_the_same(spoken, guarded, hidden, restores, json, held, shift, before) -> None:
    buffer = b"".join(event(*one) for one in spoken)
    said = []
    for side in BOTH:
        taking = lane(side, guarded=guarded, shown=SHOWN if hidden else CAME, restores=restores, json=json, shift=shift)
        taking.enter(held.encode() if guarded else b"", before)
        at, turns = 0, []
        while True:
            turns.append(taking.take(buffer, at))
            at = turns[-1][0]
            turns.append(taking.leave())
            turns.append(taking.one(buffer, at))
            if turns[-1][0] == at:
                break
            at = turns[-1][0]
            turns += [taking.written(None), taking.written("a\x01\n"), taking.leave()]
            taking.enter(b"", before)
        said.append(turns)
    assert said[0] == said[1]


@given(st.binary(max_size=60), st.integers(0, 60), st.booleans())
def test_both_take_the_same_of_any_bytes(raw: bytes, at: int, guarded: bool) -> None:
    buffer = CAME[0] + b"7" + CAME[1] + raw + CAME[2] + b"x" + CAME[3]
    for place in (0, min(at, len(buffer))):
        native_lane, python_lane = lane(native, guarded=guarded), lane(python, guarded=guarded)
        assert native_lane.take(buffer, place) == python_lane.take(buffer, place)
        assert native_lane.leave() == python_lane.leave()
        assert native_lane.one(buffer, place) == python_lane.one(buffer, place)


@settings(max_examples=300)
@given(texts, st.sampled_from(["", "so", " ", "_", "-", "é"]))
def test_what_is_held_back_is_what_the_guard_holds_back(text: str, before: str) -> None:
    """The one promise that streams rest on: the automaton says what the guard says, or that it does not know."""
    raw = text.encode()
    said = AUTOMATA[native].hold(raw)
    assert said == AUTOMATA[python].hold(raw)
    if said >= 0:
        assert len(raw[:said].decode()) == GUARD.hold(text)
    last = before.encode()[-1] if before else -1
    may_be = AUTOMATA[native].possible(raw, last)
    assert may_be == AUTOMATA[python].possible(raw, last)
    assert may_be or not GUARD.find(text, before)


@pytest.mark.parametrize("before", [256, 2**31 - 1])
def test_what_is_no_byte_stands_before_no_text(before: int) -> None:
    """The extension looks a byte up in a table: it must not look behind its end."""
    with pytest.raises(ValueError, match="a byte or -1 expected"):
        AUTOMATA[native].possible(b"key", before)


def test_an_automaton_that_has_grown_large_is_made_anew() -> None:
    """Tokens of every length make more states than are kept; what it says stays the same or becomes `not clear`."""
    small = native.Automaton(*MADE.packed(), *MADE.starts)
    unclear = 0
    for size in range(1, 1800, 3):
        for head in ("eyJ", "sk-", "ops_eyJ", "sntrys_", "xoxb-", "fm1_"):
            text = head + "aB3" * (size // 3)
            said = small.hold(text.encode())
            unclear += said < 0
            assert said in {-1, AUTOMATA[python].hold(text.encode())}
    assert unclear < 40
    assert small.hold(b"the end") == GUARD.hold("the end")
