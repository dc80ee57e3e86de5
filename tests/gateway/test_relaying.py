"""A stream from the provider's connection to the caller's: wherever it is cut, what comes out is what `AnswerStream` makes of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.ingress import exchange
from gateway.ingress.exchange import Exchange
from gateway.keyed_hash import KeyedHash
from gateway.protocols import pipe_python, plain_events, plain_run_python
from gateway.recording.answer_digests import Digests
from gateway.redaction.placeholder import Restorable
from gateway.redaction.stream import AnswerStream
from gateway.relaying import Relay, pieces
from gateway.upstream.answer import Answer
from tests.gateway.protocols.test_plain_run import MADE
from tests.gateway.redaction.plain_forms import CARD, FORMS, GUARD, KEY, MARK, PADDING, SPOKEN

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"

HASHES = KeyedHash(b"k" * 32, 32)


class PurePython:
    """The guard with an automaton in Python."""

    automaton = plain_run_python.Automaton(*MADE.packed(), *MADE.starts)
    find, hold = GUARD.find, GUARD.hold


@contextlib.contextmanager
def side(name: str) -> Iterator[Any]:
    """A guard, with C or Python beneath the lanes and pipes."""
    if name == "native":
        yield GUARD
        return
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(plain_events, "Lane", plain_run_python.Lane)
        patched.setattr(exchange, "Pipe", pipe_python.Pipe)
        yield PurePython()


class Carrier:
    def resume(self) -> None:
        pass

    def drop(self) -> None:
        pass


def caller(sent: list[bytes]) -> Exchange:
    """One whose answer has begun, on a connection that keeps what is sent."""
    transport = SimpleNamespace(pending=[], write=sent.append, write_now=sent.append)
    connection: Any = SimpleNamespace(client=None, flow=SimpleNamespace(write_paused=False), transport=transport)
    made = Exchange(connection, [], keep_alive=True, expects_continue=False)
    made._chunked = made.started = True
    return made


def answer_stream(form: str, guard: Any, hide: bool) -> AnswerStream:
    family, protocol, *_ = FORMS[form]
    placeholders = {MARK: Restorable("PERSON", 'Li "W" Wei')}
    return AnswerStream(
        family, streaming=True, placeholders=placeholders, guard=guard, hide_usage=hide, flow="f", protocol=protocol
    )


def outcome(stream: AnswerStream, out: bytes) -> tuple[bytes, tuple[object, ...]]:
    finished = stream.finish()
    report = finished.report
    said = (report.delivered_text, report.provider_text, report.reasoning_text, report.tool_text)
    usage = report.usage if report.stopped is None else None  # nothing is read behind what the guard stopped at
    return out + finished.body, (*said, report.stopped, usage, report.events, report.complete)


def contents(sent: list[bytes]) -> bytes:
    """What HTTP chunks say."""
    data, out = b"".join(sent), b""
    while data:
        size, _, data = data.partition(b"\r\n")
        out, data = out + data[: int(size, 16)], data[int(size, 16) + 2 :]
    return out


def said_in(form: str, spoken: list[str], usage: bool, comments: list[int]) -> list[bytes]:
    """Contents of the provider's chunks: an event each."""
    _, _, write, before, after = FORMS[form]
    events = [write(text, False, usage, number) for number, text in enumerate(spoken)]
    for place in comments:
        events.insert(min(place, len(events)), b": keep-alive\n\n")
    return [part for part in (before, *events, after) if part]


async def relayed(
    stream: AnswerStream, chunks: list[bytes], cuts: list[int] | None
) -> tuple[bytes, Relay, list[bytes]]:
    """What the caller gets; `cuts`: of what is read, None for a chunk at a time."""
    sent: list[bytes] = []
    who = caller(sent)
    framed = [b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks]
    data = b"".join(framed)
    places = [*sorted({cut % (len(data) + 1) for cut in cuts} - {0}), len(data)] if cuts is not None else []
    reads = [data[a:b] for a, b in zip([0, *places], places, strict=False)] if cuts is not None else framed
    answer = Answer(Carrier(), asyncio.get_running_loop(), "canned")
    digests = Digests(HASHES)
    relay = Relay(SimpleNamespace(caller=who), stream, digests)  # type: ignore[arg-type]

    async def consumed() -> None:
        async for piece in pieces(answer, relay):
            digests.received(piece)
            out = stream.feed(piece)
            digests.delivered(out)
            who.pass_on(out)
            if stream.stopped:
                break

    answer.feed(HEAD)
    task = asyncio.ensure_future(consumed())
    for read in [*reads, b"0\r\n\r\n"]:
        for _ in range(4):
            await asyncio.sleep(0)
        if answer.pipe is not None:
            read = read[answer.pipe.take(read) :]  # noqa: PLW2901  as the connection does
        if read:
            answer.feed(read)
    await task
    out = contents(sent)
    if not stream.stopped:
        assert digests.as_dict() == {"response": HASHES.hex(b"".join(chunks)), "delivered": HASHES.hex(out)}
    return out, relay, sent


@pytest.mark.parametrize("which", ["native", "python"])
@given(
    st.sampled_from(sorted(FORMS)),
    st.lists(st.sampled_from(SPOKEN), max_size=12),
    st.booleans(),
    st.none() | st.lists(st.integers(0, 4000), max_size=6),
    st.lists(st.integers(0, 12), max_size=2),
)
@example("openai", [" gateway", " reads", f" {CARD}", " more"], False, None, [])
@example("openai", [" gateway", " reads", " 4111 1111", " 1111 1111", " more"], True, None, [])
@example("anthropic", [" gateway", " reads", KEY[:9], KEY[9:], " more", " more"], False, None, [2])
@example("openai", [" gateway", " reads", MARK[:5], MARK[5:], " more"], True, None, [])
@example("responses", [" gateway", " reads", " so", "\n", f" {CARD}", " more"], False, None, [2])
async def test_pieces_that_pass_straight_through_are_as_one_whole(
    which: str, form: str, spoken: list[str], usage: bool, cuts: list[int] | None, comments: list[int]
) -> None:
    chunks = said_in(form, spoken, usage, comments)
    alone = answer_stream(form, GUARD, usage)
    expected = outcome(alone, alone.feed(b"".join(chunks)))
    with side(which) as guard:
        stream = answer_stream(form, guard, usage)
        out, _, _ = await relayed(stream, chunks, cuts)
        assert outcome(stream, out) == expected


@pytest.mark.parametrize("which", ["native", "python"])
@pytest.mark.parametrize("form", sorted(FORMS))
async def test_plain_pieces_are_seen_by_nobody_and_leave_as_they_come(
    which: str, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bytes] = []
    take = Relay.take
    monkeypatch.setattr(Relay, "take", lambda self, piece: (seen.append(piece), take(self, piece))[1])
    words = [" gateway", " reads", "\n", " calls"] * 5
    _, _, write, before, _ = FORMS[form]
    events = [write(text, False, False, number - number % len(PADDING)) for number, text in enumerate(words)]
    chunks = [part for part in (before, *events) if part]
    with side(which) as guard:
        out, _, sent = await relayed(answer_stream(form, guard, False), chunks, None)
    assert out == b"".join(chunks)
    assert len(sent) == len(chunks)
    assert len(seen) <= 2
