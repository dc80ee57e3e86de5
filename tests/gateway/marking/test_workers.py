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
from gateway.marking.client import MOST
from gateway.marking.wire import PREFIX, BadMessage, head_length, pack, read_head
from tests.gateway.marking.stand import MARKING, ORIGIN, Stand, stand
from watermark.marking import Ingredient, Origin


async def marked(built: Stand, data: bytes, tenant: str = "acme", origin: Origin = ORIGIN) -> bytes:
    return (await built.client.mark(tenant, data, "image/png", origin, MARKING)).marked.data


async def test_a_file_comes_back_marked_with_the_keys_of_its_tenant(tmp_path: Path) -> None:
    with stand(tmp_path) as built:
        assert await marked(built, b"pixels ") == b"pixels 0199-flow-0 [AI] acme"
        assert await marked(built, bytes(900_000), "globex") == bytes(900_000) + b"0199-flow-0 [AI] globex"
        whole = (await built.client.mark("acme", b"beside", "image/png", ORIGIN, MARKING)).marked
        assert (whole.sidecar, whole.carries, whole.timestamped) == (b"beside", ("explicit",), False)


async def test_ingredients_travel_along(tmp_path: Path) -> None:
    origin = Origin(*(getattr(ORIGIN, name) for name in Origin.__slots__[:-1]), (Ingredient("image/png", "ab", b"in"),))
    with stand(tmp_path) as built:
        done = await built.client.mark("acme", b"x", "image/png", origin, MARKING)
    assert done.marked.data == b"x0199-flow-0 [AI] acme"
    (said,) = done.ingredients
    assert (said["media_type"], said["aigc"]) == ("image/png", False)
    assert said["c2pa"] in {"absent", "broken"}  # two bytes are no picture


@pytest.mark.parametrize(("data", "ended"), [(b"hang", -signal.SIGALRM), (b"die", -signal.SIGKILL)])
async def test_a_worker_that_hangs_or_dies_is_replaced_and_its_call_refused(
    tmp_path: Path, data: bytes, ended: int
) -> None:
    with stand(tmp_path, alarm=1 if data == b"hang" else 60) as built:
        with pytest.raises(Unavailable, match="not delivered"):
            await marked(built, data)
        assert built.replaced() == ended
        assert await marked(built, b"pixels ") == b"pixels 0199-flow-0 [AI] acme"


@pytest.mark.parametrize("data", [b"bad", b"surprise", b"eat", b"disk full"])
async def test_what_fails_in_a_worker_refuses_its_call_alone(tmp_path: Path, data: bytes) -> None:
    with stand(tmp_path) as built:
        with pytest.raises(Unavailable, match="could not be marked") as refused:
            await marked(built, data)
        assert "caller" not in refused.value.message
        assert await marked(built, b"pixels ") == b"pixels 0199-flow-0 [AI] acme"


async def test_a_type_that_cannot_be_marked_is_denied_with_a_way_out(tmp_path: Path) -> None:
    with stand(tmp_path) as built, pytest.raises(Denied, match="image/png") as refused:
        await marked(built, b"odd")
    assert (refused.value.rule, "png" in refused.value.remedy) == ("lexgate.label.unsupported", True)


async def test_jobs_wait_for_the_next_worker(tmp_path: Path) -> None:
    """One job hangs; those behind it are served by the worker that takes its place."""
    with stand(tmp_path, alarm=2) as built:
        hanging = asyncio.ensure_future(marked(built, b"hang"))
        await asyncio.sleep(0.1)
        waiting = [asyncio.ensure_future(marked(built, b"pixels ")) for _ in range(3)]
        with pytest.raises(Unavailable):
            await hanging
        await asyncio.to_thread(built.replaced)
        assert await asyncio.gather(*waiting) == [b"pixels 0199-flow-0 [AI] acme"] * 3


async def test_a_tenant_that_asks_for_much_leaves_room_for_others(tmp_path: Path) -> None:
    with stand(tmp_path, seconds=0.5) as built:
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
    with stand(tmp_path) as built:
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
