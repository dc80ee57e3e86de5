"""A stream's pieces are handed over in the callback that reads them, for as long as whoever takes them wants them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from gateway.errors import UpstreamFailed
from gateway.upstream.answer import Answer

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
