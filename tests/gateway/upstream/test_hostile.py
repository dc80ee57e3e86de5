"""Hostile servers against the pool: whatever one answer smuggles in, no later call is given a byte of it.

One thing nobody can tell apart: surplus bytes that arrive after the next request was sent look like its answer. So a call
that follows late surplus waits here until that has been said.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Self

import pytest
import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import UpstreamFailed, UpstreamTimeout
from gateway.settings import Provider
from tests.gateway.upstream.scripted import call, client

EVIL = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil"
BEHAVIOURS = (
    "honest", "surplus", "late surplus", "surplus head only", "surplus while idle", "longer than said",
    "shorter than said", "two lengths", "chunked with more behind", "early answer", "interim flood", "closes while idle",
    "resets", "keeps the request as its answer", "empty lines behind", "a request of its own", "trailing evil trailer",
)  # fmt: skip

LATE = frozenset({"late surplus", "surplus while idle"})


class Hostile:
    """Answers request number N with `N` in one of the ways above, told by the request's own path."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self.speaking = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.add(asyncio.current_task())
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                _, number, how, _ = head.split(b" ")[1].decode().replace("%20", " ").split("/")
                body = head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]
                if how != "early answer":
                    await reader.readexactly(int(body))
                self.speaking += 1
                try:
                    if not await self._say(writer, number.encode(), how, head):
                        break
                finally:
                    self.speaking -= 1
                if how == "early answer":
                    await reader.readexactly(int(body))
        writer.close()

    async def _say(self, writer: asyncio.StreamWriter, number: bytes, how: str, head: bytes) -> bool:
        good = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(number), number)
        chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n" % (len(number), number)
        said: dict[str, list[bytes]] = {
            "surplus": [good + EVIL],
            "late surplus": [good, EVIL],
            "surplus head only": [good + EVIL[:20]],
            "longer than said": [good + b"evil"],
            "shorter than said": [good[:-1]],
            "two lengths": [good.replace(b"\r\n\r\n", b"\r\ncontent-length: 1\r\n\r\n", 1) + EVIL],
            "chunked with more behind": [chunked + b"\r\n" + EVIL],
            "interim flood": [b"HTTP/1.1 103 Early\r\nlink: evil\r\n\r\n" * 3 + good],
            "keeps the request as its answer": [head],
            "empty lines behind": [good + b"\r\n\r\n"],
            "a request of its own": [good + b"POST /evil HTTP/1.1\r\nhost: evil\r\n\r\n"],
            "trailing evil trailer": [chunked + b"evil: evil\r\ncontent-length: 4\r\n\r\n"],
        }
        if how == "resets":
            writer.transport.abort()
            return False
        for piece in said.get(how, [good]):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        if how == "surplus while idle":
            await asyncio.sleep(0.005)
            writer.write(EVIL)
        return how not in {"closes while idle", "shorter than said"}


@pytest.fixture(scope="module")
def runner():
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as made:
        yield made


async def conversation(steps: list[tuple[str, int, bool]]) -> None:
    one = client(first_byte=5.0, idle=5.0, total=10.0)

    async def ask(number: int, how: str, size: int) -> None:
        path = f"/{1000 + number}/{how.replace(' ', '%20')}/"
        try:
            said = await call(one, provider, path, b"x" * size)
        except (UpstreamFailed, UpstreamTimeout):
            return  # an error is an honest answer to dishonesty
        assert said == str(1000 + number).encode(), how

    async with Hostile() as server:
        provider = Provider(name="hostile", base_url=server.url, jurisdiction="DE")
        running: list[asyncio.Task[None]] = []
        for number, (how, size, waits) in enumerate(steps):
            if how in LATE:
                await asyncio.gather(*running)
            running.append(asyncio.ensure_future(ask(number, how, size)))
            if waits or how in LATE:
                await asyncio.gather(*running)
                while how in LATE and server.speaking:
                    await asyncio.sleep(0.001)
        await asyncio.gather(*running)
    await one.close()


steps = st.lists(
    st.tuples(st.sampled_from(BEHAVIOURS), st.sampled_from([0, 1, 100, 70_001]), st.booleans()), min_size=1, max_size=14
)


@settings(max_examples=120)
@given(steps)
def test_every_call_gets_its_own_answer_or_an_error(runner, steps):
    runner.run(conversation(steps))


@pytest.mark.parametrize("how", BEHAVIOURS)
def test_the_call_after_each_of_them_is_answered_honestly(runner, how):
    runner.run(conversation([(how, 1, True), ("honest", 1, True), (how, 1, True), ("honest", 0, True)]))
