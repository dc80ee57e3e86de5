"""A stream's pieces are handed over in the callback that reads them, for as long as whoever takes them wants them."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import UpstreamFailed, UpstreamTimeout
from gateway.settings import Timeouts
from gateway.upstream.answer import Answer
from gateway.upstream.connection import Connection, Origin

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"


class Carrier:
    dropped = False

    def resume(self) -> None:
        pass

    def drop(self) -> None:
        self.dropped = True


def piece(text: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(text), text)


async def relayed(
    take: Callable[[bytes], bool], *feeds: bytes, first: bytes = b""
) -> tuple[Answer, asyncio.Task[None]]:
    """An answer that has been read so far, and the task that relays it."""
    answer = Answer(Carrier(), asyncio.get_running_loop(), "canned")
    answer.feed(HEAD + first)
    task = asyncio.ensure_future(answer.relay(take))
    await asyncio.sleep(0)
    for data in feeds:
        answer.feed(data)
    return answer, task


async def rest_of(answer: Answer) -> list[bytes]:
    return [chunk async for chunk in answer.chunks()]


async def test_pieces_are_taken_as_they_are_read() -> None:
    taken: list[bytes] = []
    answer, task = await relayed(
        lambda chunk: not taken.append(chunk), piece(b"a") + piece(b"b"), piece(b"c"), first=piece(b"0")
    )
    assert taken == [b"0", b"ab", b"c"]  # before the loop has turned
    assert not task.done()
    answer.feed(piece(b"d") + END)
    await task
    assert taken[-1] == b"d"
    assert await rest_of(answer) == []


async def test_whoever_wants_no_more_gets_no_more_and_the_rest_waits() -> None:
    taken: list[bytes] = []
    answer, task = await relayed(lambda chunk: bool(taken.append(chunk)), piece(b"a"), piece(b"b"), piece(b"c") + END)
    await task
    assert taken == [b"a"]
    assert b"".join(await rest_of(answer)) == b"bc"


async def test_no_to_what_had_come_before_ends_it_at_once() -> None:
    taken: list[bytes] = []
    answer, task = await relayed(lambda chunk: bool(taken.append(chunk)), piece(b"b") + END, first=piece(b"a"))
    await task
    assert (taken, await rest_of(answer)) == ([b"a"], [b"b"])


async def test_an_answer_that_breaks_says_so_behind_what_was_taken() -> None:
    taken: list[bytes] = []
    answer, task = await relayed(lambda chunk: not taken.append(chunk), piece(b"a") + b"no chunk")
    await task
    assert taken == [b"a"]
    with pytest.raises(UpstreamFailed):
        await rest_of(answer)


async def test_what_taking_raises_is_raised_to_whoever_relays() -> None:
    def take(_chunk: bytes) -> bool:
        raise RuntimeError("no")

    answer, task = await relayed(take, piece(b"a"), piece(b"b") + END)
    with pytest.raises(RuntimeError, match="no"):
        await task
    assert await rest_of(answer) == []  # who gives up a wait ends the exchange
    assert answer.failed or answer.complete


async def test_a_caller_that_leaves_ends_the_exchange() -> None:
    taken: list[bytes] = []
    answer, task = await relayed(lambda chunk: not taken.append(chunk), piece(b"a"))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    answer.feed(piece(b"b"))
    assert taken == [b"a"]
    assert answer.failed


async def test_a_coded_body_goes_the_other_way() -> None:
    answer = Answer(Carrier(), asyncio.get_running_loop(), "canned")
    answer.feed(HEAD.replace(b"\r\n\r\n", b"\r\ncontent-encoding: gzip\r\n\r\n"))
    await asyncio.wait_for(answer.relay(lambda _chunk: pytest.fail("not readable yet")), 5)


PLAIN = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 4\r\n\r\n"


@pytest.mark.parametrize("cut", [len(PLAIN) + 4, len(PLAIN), 5], ids=["at once", "body apart", "head in pieces"])
async def test_a_whole_answer_is_there_at_once_and_can_still_be_read(cut: int) -> None:
    answer = Answer(Carrier(), asyncio.get_running_loop(), "canned")
    assert answer.whole() is None
    data = PLAIN + b"true"
    for piece_ in filter(None, (data[:cut], data[cut:])):
        answer.feed(piece_)
    assert (answer.status, dict(answer.headers)["content-length"], answer.keep_alive) == (200, "4", True)
    assert answer.whole() == b"true"
    assert [chunk async for chunk in answer.chunks()] == [b"true"]
    assert answer.whole() is None


async def test_what_was_taken_in_part_is_not_whole() -> None:
    answer = Answer(Carrier(), asyncio.get_running_loop(), "canned")
    answer.feed(HEAD + piece(b"one"))
    chunks = answer.chunks()
    assert await anext(chunks) == b"one"
    answer.feed(piece(b"two") + END)
    assert answer.complete
    assert answer.whole() is None


async def test_an_answer_that_has_failed_takes_nothing_more() -> None:
    answer = Answer(Carrier(), asyncio.get_running_loop(), "canned")
    answer.fail(UpstreamFailed("gone"))
    assert not answer.feed(PLAIN + b"true")
    assert not answer.complete
    assert answer.status == 0


class Taker:
    """Takes the whole chunks that data begins with; stands for a pipe, which is choosier."""

    def __init__(self, taken: list[bytes]) -> None:
        self.taken = taken
        self.closed = False
        self.heard = 0.0

    def open(self, lane: object) -> None:
        self.closed = lane is None

    def take(self, data: bytes) -> int:
        at = 0
        while (size := re.compile(rb"([0-9a-f]+)\r\n").match(data, at)) and int(size[1], 16):
            end = size.end() + int(size[1], 16)
            if data[end : end + 2] != b"\r\n":
                break
            self.taken.append(data[size.end() : end])
            at = end + 2
        return at


class Wire:
    """A transport whose socket says nothing."""

    def __init__(self) -> None:
        self.sockets = socket.socketpair()

    def get_extra_info(self, _name: str) -> socket.socket:
        return self.sockets[0]

    def write(self, data: bytes) -> None:
        pass

    def is_closing(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return 0

    def abort(self) -> None:
        for each in self.sockets:
            each.close()


@contextlib.contextmanager
def connected(timeouts: Timeouts = Timeouts()) -> Iterator[tuple[Connection, Answer]]:
    """A connection on which a call has been sent."""
    loop = asyncio.get_running_loop()
    connection = Connection(Origin("provider", 80, None), loop, timeouts)
    connection.connection_made(Wire())
    answer = connection.send(b"head", b"", "canned", loop.time())
    try:
        yield connection, answer
    finally:
        connection.drop()


CONTENT = [b"a", b"\n", b"\r\n", b"1\r\n", b"0\r\n\r\n", b"data: {}\n\n", b"e\r", b"\n\n" * 9]


@given(
    st.lists(st.lists(st.sampled_from(CONTENT), min_size=1, max_size=3).map(b"".join), max_size=6),
    st.lists(st.integers(0, 300), max_size=9),
)
async def test_chunks_are_offered_only_from_their_beginning(contents: list[bytes], cuts: list[int]) -> None:
    data = b"".join(map(piece, [b"first", *contents])) + END
    taken: list[bytes] = []
    pipe = Taker(taken)
    with connected() as (connection, answer):
        connection.data_received(HEAD)
        task = asyncio.ensure_future(answer.relay(lambda chunk: not taken.append(chunk), pipe))
        await asyncio.sleep(0)
        at = 0
        for cut in [*sorted({cut % (len(data) + 1) for cut in cuts} - {0}), len(data)]:
            if cut > at:
                connection.data_received(data[at:cut])
            at = cut
        await task
        assert b"".join([*taken, *await rest_of(answer)]) == b"first" + b"".join(contents)
        assert answer.complete
        assert pipe.closed


async def test_what_a_pipe_raises_is_raised_to_whoever_relays() -> None:
    class Broken(Taker):
        def take(self, data: bytes) -> int:
            raise RuntimeError("no")

    with connected() as (connection, answer):
        connection.data_received(HEAD)
        task = asyncio.ensure_future(answer.relay(lambda _chunk: True, Broken([])))
        await asyncio.sleep(0)
        connection.data_received(piece(b"a"))
        connection.data_received(piece(b"b"))
        with pytest.raises(RuntimeError, match="no"):
            await task
        assert answer.failed


async def test_what_a_pipe_has_heard_counts_as_heard() -> None:
    with connected(Timeouts(idle=40.0, total=100.0)) as (connection, answer):
        pipe = Taker([])
        connection.data_received(HEAD)
        task = asyncio.ensure_future(answer.relay(lambda _chunk: True, pipe))
        await asyncio.sleep(0)
        connection.data_received(piece(b"a"))
        now = asyncio.get_running_loop().time()
        pipe.heard = now + 30.0  # as if time had passed
        connection._deadline = now  # and the timer fires
        connection._expire()
        assert connection._deadline == pipe.heard + 40.0
        pipe.heard = now + 90.0
        connection._deadline = now
        connection._expire()
        assert connection._deadline == connection._total  # and no longer than an answer may take
        pipe.heard = now - 41.0
        connection._deadline = now
        connection._expire()
        await task
        with pytest.raises(UpstreamTimeout, match="stopped"):
            await rest_of(answer)
