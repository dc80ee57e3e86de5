"""Marking workers: what they mark comes back, and whatever happens to one, its call is refused and the next is served."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Denied, Unavailable
from gateway.marking.client import MOST, MarkingClient
from gateway.marking.queue import MarkingQueue, taken
from gateway.marking.wire import PREFIX, BadMessage, head_length, pack, read_head
from gateway.marking.worker import listen
from tests.gateway.marking.stand import MARKING, ORIGIN, Stand, stand
from watermark.marking import Ingredient, Origin


async def marked(built: Stand, data: bytes, tenant: str = "acme", origin: Origin = ORIGIN) -> bytes:
    return (await built.client.mark(tenant, data, "image/png", origin, MARKING)).marked.data


async def test_a_file_comes_back_marked_with_the_keys_of_its_tenant(tmp_path: Path) -> None:
    async with stand(tmp_path) as built:
        assert await marked(built, b"pixels ") == b"pixels 0199-flow-0 [AI] acme"
        assert await marked(built, bytes(900_000), "globex") == bytes(900_000) + b"0199-flow-0 [AI] globex"
        whole = (await built.client.mark("acme", b"beside", "image/png", ORIGIN, MARKING)).marked
        assert (whole.sidecar, whole.carries, whole.timestamped) == (b"beside", ("explicit",), False)


async def test_ingredients_travel_along(tmp_path: Path) -> None:
    origin = Origin(*(getattr(ORIGIN, name) for name in Origin.__slots__[:-1]), (Ingredient("image/png", "ab", b"in"),))
    async with stand(tmp_path) as built:
        done = await built.client.mark("acme", b"x", "image/png", origin, MARKING)
    assert done.marked.data == b"x0199-flow-0 [AI] acme"
    (said,) = done.ingredients
    assert (said["media_type"], said["aigc"]) == ("image/png", False)
    assert said["c2pa"] in {"absent", "broken"}  # two bytes are no picture


@pytest.mark.parametrize(("data", "ended"), [(b"hang", -signal.SIGALRM), (b"die", -signal.SIGKILL)])
async def test_a_worker_that_hangs_or_dies_is_replaced_and_its_call_refused(
    tmp_path: Path, data: bytes, ended: int
) -> None:
    async with stand(tmp_path, alarm=3 if data == b"hang" else 60, several=False) as built:
        with pytest.raises(Unavailable, match="not delivered"):
            await marked(built, data)
        assert built.replaced() == ended
        assert await marked(built, b"pixels ") == b"pixels 0199-flow-0 [AI] acme"


@pytest.mark.parametrize("data", [b"bad", b"surprise", b"eat", b"disk full"])
async def test_what_fails_in_a_worker_refuses_its_call_alone(tmp_path: Path, data: bytes) -> None:
    async with stand(tmp_path) as built:
        with pytest.raises(Unavailable, match="could not be marked") as refused:
            await marked(built, data)
        assert "caller" not in refused.value.message
        assert await marked(built, b"pixels ") == b"pixels 0199-flow-0 [AI] acme"


async def test_a_type_that_cannot_be_marked_is_denied_with_a_way_out(tmp_path: Path) -> None:
    async with stand(tmp_path) as built:
        with pytest.raises(Denied, match="image/png") as refused:
            await marked(built, b"odd")
    assert (refused.value.rule, "png" in refused.value.remedy) == ("lexgate.label.unsupported", True)


async def test_jobs_wait_for_the_next_worker(tmp_path: Path) -> None:
    """One job hangs; those behind it are served by the worker that takes its place."""
    async with stand(tmp_path, alarm=3, several=False) as built:
        hanging = asyncio.ensure_future(marked(built, b"hang"))
        await asyncio.sleep(0.1)
        waiting = [asyncio.ensure_future(marked(built, b"pixels ")) for _ in range(3)]
        with pytest.raises(Unavailable):
            await hanging
        await asyncio.to_thread(built.replaced)
        assert await asyncio.gather(*waiting) == [b"pixels 0199-flow-0 [AI] acme"] * 3


async def hangs(built: Stand, tenant: str) -> None:
    with pytest.raises(Unavailable, match="not delivered"):
        await marked(built, b"hang", tenant)


async def test_a_tenant_with_many_files_keeps_another_ones_waiting_for_one_at_most(tmp_path: Path) -> None:
    order: list[str] = []

    async def one(tenant: str) -> None:
        await marked(built, b"pixels ", tenant)
        order.append(tenant)

    async with stand(tmp_path) as built:
        os.kill(built.process.pid or 0, signal.SIGSTOP)  # the first one that comes is handed to it all the same
        many = [asyncio.ensure_future(one("many")) for _ in range(10)]
        await asyncio.sleep(0.2)
        other = asyncio.ensure_future(one("other"))
        await asyncio.sleep(0.2)
        os.kill(built.process.pid or 0, signal.SIGCONT)
        await asyncio.gather(*many, other)
    assert order.index("other") == 1


async def test_a_tenant_whose_files_hang_workers_never_has_the_last_one(tmp_path: Path) -> None:
    """Four of them, and two workers: those of another tenant are marked meanwhile, without waiting for any of the four."""
    async with stand(tmp_path, alarm=30, workers=2) as built:
        hanging = [asyncio.ensure_future(hangs(built, "hostile")) for _ in range(4)]
        await asyncio.sleep(0.2)
        for _ in range(5):
            assert await marked(built, b"pixels ", "other") == b"pixels 0199-flow-0 [AI] other"
        assert not any(each.done() for each in hanging)
        assert sum(process.is_alive() for process in built.processes) == 2
        for each in hanging:
            each.cancel()
        await asyncio.gather(*hanging, return_exceptions=True)


async def test_without_other_tenants_all_workers_are_ones_own(tmp_path: Path) -> None:
    async with stand(tmp_path, alarm=4, workers=2, several=False) as built:
        hanging = [asyncio.ensure_future(hangs(built, "acme")) for _ in range(2)]
        await asyncio.gather(*hanging)
        assert [built.replaced(), built.replaced()] == [-signal.SIGALRM] * 2  # both, at the same time


async def test_a_tenant_whose_files_take_all_their_time_gets_less_for_the_next(tmp_path: Path) -> None:
    seconds: list[float] = []
    queue = MarkingQueue(listen(tmp_path, "marking.sock", 4), 1, 0.4, 0.4, several=True)
    taking = asyncio.ensure_future(queue.run())
    client = MarkingClient(tmp_path / "marking.sock", 1_000_000, 60)

    async def worked(tenant: str, *, hang: bool) -> None:
        """A worker's part by hand: its time is noted, and it dies when that is over."""
        asking = asyncio.ensure_future(client.mark(tenant, b"x", "image/png", ORIGIN, MARKING))
        patience, _, connection, end = await asyncio.to_thread(taken, queue.turns)
        seconds.append(patience)
        await asyncio.sleep(patience + 0.05 if hang else 0)
        os.close(end)
        connection.close()
        with pytest.raises(Unavailable):
            await asking

    queue.turns.setblocking(True)
    for _ in range(4):
        await worked("hostile", hang=True)
    await worked("other", hang=False)
    assert seconds == [0.4, 0.2, 0.1, 0.1, 0.4]
    taking.cancel()
    queue.close()


async def test_nobody_works_for_a_call_that_has_left(tmp_path: Path) -> None:
    async with stand(tmp_path) as built:
        os.kill(built.process.pid or 0, signal.SIGSTOP)
        held = asyncio.ensure_future(marked(built, b"first "))
        await asyncio.sleep(0.2)
        left = [asyncio.ensure_future(hangs(built, "acme")) for _ in range(3)]
        await asyncio.sleep(0.2)
        for each in left:
            each.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        os.kill(built.process.pid or 0, signal.SIGCONT)
        await held
        assert await marked(built, b"pixels ") == b"pixels 0199-flow-0 [AI] acme"  # by the same worker: none hung
        assert built.process.is_alive()


async def test_a_connection_that_says_nothing_sensible_is_closed(tmp_path: Path) -> None:
    async with stand(tmp_path) as built:
        for said in (b"", b"\xff\xff\xff\xff", b"\0\0\0\2{}", b"\0\0\0\4null", b"\0\0\0\x09not json!"):
            reader, writer = await asyncio.open_unix_connection(str(tmp_path / "marking.sock"))
            writer.write(said)
            writer.write_eof()
            assert await reader.read() == b""
            writer.close()
        assert await marked(built, b"pixels ") == b"pixels 0199-flow-0 [AI] acme"


async def test_a_tenant_that_asks_for_much_leaves_room_for_others(tmp_path: Path) -> None:
    async with stand(tmp_path, seconds=0.5) as built:
        os.kill(built.process.pid or 0, signal.SIGSTOP)
        jobs = [asyncio.ensure_future(marked(built, b"pixels ")) for _ in range(2 * MOST)]
        await asyncio.sleep(0.1)
        other = asyncio.ensure_future(marked(built, b"pixels ", "globex"))
        refused = await asyncio.gather(*jobs, other, return_exceptions=True)
        os.kill(built.process.pid or 0, signal.SIGCONT)
    assert all(isinstance(each, Unavailable) for each in refused)
    said = [str(each) for each in refused]
    assert sum("overloaded" in each for each in said) == 2 * MOST - MOST * 3 // 4
    assert "overloaded" not in said[-1]


async def test_without_a_worker_or_with_too_large_a_file_nothing_is_delivered(tmp_path: Path) -> None:
    async with stand(tmp_path) as built:
        with pytest.raises(Unavailable, match="larger"):
            await marked(built, bytes(1_000_001))
        client = built.client
    with pytest.raises(Unavailable, match="stopped"):
        await client.mark("acme", b"x", "image/png", ORIGIN, MARKING)
    client.missing = "the extra is not there"
    with pytest.raises(Unavailable, match="extra"):
        await client.mark("acme", b"x", "image/png", ORIGIN, MARKING)


@given(st.lists(st.binary(max_size=50), max_size=5))
def test_a_message_reads_as_it_was_written(bodies: list[bytes]) -> None:
    written = b"".join(pack({"a": 1}, bodies))
    length = head_length(written[:PREFIX])
    head, sizes = read_head(written[PREFIX : PREFIX + length], 1000)
    assert (head["a"], sizes) == (1, [len(body) for body in bodies])
    assert written[PREFIX + length :] == b"".join(bodies)


@pytest.mark.parametrize(
    "said", [b"", b"{}", b'{"sizes":7}', b'{"sizes":[-1]}', b'{"sizes":[1001]}', b'{"sizes":["1"]}']
)
def test_what_is_no_message_is_refused(said: bytes) -> None:
    with pytest.raises(BadMessage):
        read_head(said, 1000)
    with pytest.raises(BadMessage):
        head_length(b"\xff\xff\xff\xff")
