"""From a provider's bytes to a caller's in one call: the C extension and the Python implementation do the same."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.protocols import pipe_python, plain_run_python
from tests.gateway.protocols.test_plain_run import AUTOMATA

native = pytest.importorskip("gateway.protocols._events", reason="the C extension was not built")
SIDES = {"native": (native.Pipe, native.Lane), "python": (pipe_python.Pipe, plain_run_python.Lane)}
FORM = ((b'data: {"delta":"', b'"}\n\n'), b"t")


def event(text: str) -> bytes:
    return b'data: {"delta":"%b"}\n\n' % text.encode()


def chunk(*events: bytes) -> bytes:
    content = b"".join(events)
    return b"%x\r\n%b\r\n" % (len(content), content)


@dataclass
class Stand:
    """Who is sent something, its connection and its transport in one."""

    disconnected: bool = False
    write_paused: bool = False
    pending: list[bytes] = field(default_factory=list)
    sent: list[bytes] = field(default_factory=list)


def pipe(side: str, stand: Stand, held: bytes = b"", shown: tuple[bytes, ...] = FORM[0]):
    """An open one, and its lane."""
    make, lane_of = SIDES[side]
    lane = lane_of(AUTOMATA[native if side == "native" else plain_run_python], *FORM, shown, False, False, 0)
    lane.enter(held, 32)
    made = make(stand, stand, stand, stand.sent.append)
    made.open(lane)
    return made, lane


both = pytest.mark.parametrize("side", sorted(SIDES))


@both
def test_what_came_in_several_chunks_goes_on_in_one(side: str) -> None:
    stand = Stand()
    taking, lane = pipe(side, stand)
    events = [event(" gateway"), event(" reads"), event(" calls")]
    data = chunk(events[0]) + chunk(*events[1:])
    assert taking.take(data) == len(data)
    assert stand.sent == [chunk(*events)]
    assert taking.passed() == (b"".join(events), b"".join(events))
    assert taking.passed() == (b"", b"")
    assert lane.leave()[:2] == (" gateway reads calls", " gateway reads calls")
    assert taking.heard > 0


@both
def test_what_has_to_be_held_back_comes_with_what_follows(side: str) -> None:
    stand = Stand()
    taking, _ = pipe(side, stand)
    for text in (" is 1234", " more"):
        assert taking.take(chunk(event(text)))
    assert stand.sent == [chunk(event(" is ")), chunk(event("1234 more"))]
    assert taking.passed() == (event(" is 1234") + event(" more"), event(" is ") + event("1234 more"))


@both
def test_a_chunk_that_is_not_taken_whole_is_as_if_nobody_had_looked_at_it(side: str) -> None:
    stand = Stand()
    taking, lane = pipe(side, stand, held=b"12")
    first = chunk(event("34 each"))
    odd = chunk(event(" a"), event(" key"), event(" AKIAQWERTYUIOPASDFG1 "))
    assert taking.take(first + odd) == len(first)
    assert stand.sent == [chunk(event("1234 each"))]
    assert taking.take(odd) == 0
    assert lane.leave() == ("34 each", "1234 each", "", 1, event("34 each"), True)


@both
@pytest.mark.parametrize(
    "data",
    [
        b"0\r\n\r\n", b"", b"\r\n", b"g\r\n", b"1c;x=1\r\n" + event(" gateway") + b"\r\n", chunk(event(" gateway"))[:-1],
        chunk(event(" gateway"))[:-2] + b"\n\n", chunk(event(" gateway"))[:4], chunk(b": keep-alive\n\n"),
        b"0000001" + chunk(event(" gateway")), b" " + chunk(event(" gateway")), b"-" + chunk(event(" gateway")),
        b"1d\n" + event(" gateway") + b"\r\n", chunk(event(" gateway")[:-1]),
    ],
)  # fmt: skip
def test_what_is_no_whole_chunk_of_plain_events_is_left(side: str, data: bytes) -> None:
    stand = Stand()
    taking, lane = pipe(side, stand)
    assert taking.take(data) == 0
    assert (stand.sent, lane.leave()[3]) == ([], 0)


@both
@pytest.mark.parametrize(
    "stand", [Stand(disconnected=True), Stand(write_paused=True), Stand(pending=[b"head"])], ids=["left", "slow", "behind"]
)  # fmt: skip
def test_nothing_is_taken_for_a_caller_who_would_have_to_be_waited_for(side: str, stand: Stand) -> None:
    taking, _ = pipe(side, stand)
    assert taking.take(chunk(event(" gateway"))) == 0


@both
def test_closed_it_takes_nothing_nor_through_a_lane_that_was_left(side: str) -> None:
    stand = Stand()
    taking, lane = pipe(side, stand)
    lane.leave()
    assert taking.take(chunk(event(" gateway"))) == 0
    lane.enter(b"", 32)
    assert taking.take(chunk(event(" gateway"))) > 0
    taking.open(None)
    assert taking.take(chunk(event(" gateway"))) == 0


@both
def test_what_waits_to_be_digested_is_bounded(side: str) -> None:
    stand = Stand()
    taking, _ = pipe(side, stand)
    data = chunk(event(" gateway" * 100))
    took = 0
    while taking.take(data):
        took += len(data)
    assert 16_384 < took < 32_768
    assert len(taking.passed()[0]) > 16_384
    assert taking.take(data) == len(data)


@both
def test_what_sending_raises_is_raised(side: str) -> None:
    make, _ = SIDES[side]
    stand = Stand()

    def write(_data: bytes) -> None:
        raise OSError("gone")

    _, lane = pipe(side, stand)
    taking = make(stand, stand, stand, write)
    taking.open(lane)
    with pytest.raises(OSError, match="gone"):
        taking.take(chunk(event(" gateway")))


SAID = [
    "",
    " gateway",
    "12",
    "34 ",
    " sk-ab",
    "é",
    " AKIAQWERTYUIOPASDFG1 ",
    " 4111 1111 1111 1111",
    ".",
    " -",
    '\\"',
    "\\n",
]
spoken = st.lists(st.lists(st.sampled_from(SAID), max_size=4), max_size=5)


@given(spoken, st.integers(0, 400), st.sampled_from([FORM[0], (b'data: {"d":"', b'"}\n\n')]))
def test_both_take_the_same(chunks: list[list[str]], cut: int, shown: tuple[bytes, ...]) -> None:
    data = b"".join(chunk(*map(event, texts)) for texts in chunks if texts)
    outcomes = []
    for side in SIDES:
        stand = Stand()
        taking, lane = pipe(side, stand, shown=shown)
        first = data[: cut % (len(data) + 1)]
        took = taking.take(first)
        outcomes.append((took, taking.take(data[took:]), stand.sent, taking.passed(), lane.leave()))
    assert outcomes[0] == outcomes[1]
