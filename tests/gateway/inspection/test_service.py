"""Inspector and pool over real sockets: answers, refusals, deadlines, death and return."""

from __future__ import annotations

import asyncio
import os
import signal
import socket as sockets
import sys
import threading
import time
from contextlib import asynccontextmanager

import pytest
import uvloop

from gateway.errors import Unavailable
from gateway.inspection import service
from gateway.inspection.client import InspectorPool
from gateway.inspection.connections import Connections
from gateway.inspection.engine import Engine
from gateway.inspection.frames import Unpacker, pack
from gateway.inspection.methods import from_row, inspection_methods
from gateway.inspection.service import TURN_S, serve


@asynccontextmanager
async def inspector(socket, methods, **options):
    ready = asyncio.Event()
    task = asyncio.create_task(serve(socket, methods, ready.set, **options))
    await asyncio.wait([task, asyncio.create_task(ready.wait())], return_when=asyncio.FIRST_COMPLETED)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def pool_of(*sockets):
    pool = InspectorPool(sockets)
    await pool.start()
    try:
        yield pool
    finally:
        await pool.close()


async def until(condition):
    while not condition():
        await asyncio.sleep(0.005)


@pytest.fixture
def socket(tmp_path):
    return tmp_path / "i.sock"


async def test_an_engine_built_in_the_worker_thread_answers(socket):
    async with inspector(socket, lambda: inspection_methods(Engine(names=False))), pool_of(socket) as pool:
        answer = await pool.call("inspect", {"texts": ["mail li@example.com", ""], "lang": ""}, 5)
        assert [[from_row(row).label for row in rows] for rows in answer["spans"]] == [["EMAIL"], []]
        assert await pool.call("version", None, 5) == Engine(names=False).version


async def test_many_calls_at_once_get_their_own_answers(socket):
    async with inspector(socket, {"echo": lambda value: value}), pool_of(socket) as pool:
        assert await asyncio.gather(*(pool.call("echo", n, 5) for n in range(100))) == list(range(100))


async def test_failures_are_told_without_content(socket, caplog):
    def fail(payload):
        raise ValueError(f"planted {payload}")

    async with inspector(socket, {"fail": fail}), pool_of(socket) as pool:
        with pytest.raises(Unavailable, match="ValueError") as failure:
            await pool.call("fail", "secret", 5)
        assert "planted" not in str(failure.value) + caplog.text
        with pytest.raises(Unavailable, match="unknown method"):
            await pool.call("other", None, 5)


async def test_what_cannot_be_answered_or_asked_fails_alone_and_the_thread_lives(socket):
    def steps(_payload):
        yield
        return {1, 2}  # no JSON

    async with inspector(socket, {"steps": steps, "echo": lambda value: value}), pool_of(socket) as pool:
        with pytest.raises(Unavailable, match="FrameError"):
            await pool.call("steps", None, 5)
        with pytest.raises(Unavailable, match="TypeError"):
            await pool.call(["echo"], None, 5)
        assert await pool.call("echo", 1, 5) == 1


async def test_a_text_that_cannot_be_sent_is_refused(socket):
    async with inspector(socket, {"echo": lambda value: value}), pool_of(socket) as pool:
        with pytest.raises(Unavailable, match="cannot be inspected"):
            await pool.call("echo", "\ud800", 5)
        assert await pool.call("echo", 1, 5) == 1


async def test_all_calls_run_in_one_thread_and_the_loop_stays_free(socket):
    threads, gate = set(), threading.Event()

    def run(payload):
        threads.add(threading.get_ident())
        if payload == "wait":
            gate.wait(10)
        return payload

    async with inspector(socket, {"run": run}), pool_of(socket) as pool:
        slow = asyncio.create_task(pool.call("run", "wait", 10))
        await until(lambda: threads)
        gate.set()  # reached while the method runs: nothing of this loop was blocked
        assert await slow == "wait"
        await pool.call("run", 1, 5)
    assert len(threads) == 1
    assert threading.get_ident() not in threads


async def test_a_late_answer_refuses_its_call_and_harms_no_other(socket):
    gate = threading.Event()
    async with inspector(socket, {"run": lambda value: gate.wait(10) and value}), pool_of(socket) as pool:
        with pytest.raises(Unavailable, match="in time"):
            await pool.call("run", 1, 0.05)
        gate.set()
        assert await pool.call("run", 2, 5) == 2


async def test_work_whose_deadline_passed_is_not_begun(socket):
    gate, begun = threading.Event(), []

    def run(value):
        begun.append(value)
        gate.wait(10)
        return value

    async with inspector(socket, {"run": run}), pool_of(socket) as pool:
        first = asyncio.create_task(pool.call("run", "first", 10))
        await until(lambda: begun)
        with pytest.raises(Unavailable):
            await pool.call("run", "second", 0.05)
        gate.set()
        await first
        await pool.call("run", "third", 5)
    assert begun == ["first", "third"]


async def test_overload_is_refused_at_once(socket):
    gate = threading.Event()
    async with (
        inspector(socket, {"run": lambda value: gate.wait(10) and value}, max_waiting=2),
        pool_of(socket) as pool,
    ):
        calls = [asyncio.create_task(pool.call("run", n, 10)) for n in range(3)]
        done, _ = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
        with pytest.raises(Unavailable, match="overload"):
            done.pop().result()
        gate.set()
        assert (
            sum(not isinstance(result, Unavailable) for result in await asyncio.gather(*calls, return_exceptions=True))
            == 2
        )


async def test_a_stopping_inspector_answers_what_was_sent_to_it(socket):
    gate, begun = threading.Event(), []

    def run(value):
        begun.append(value)
        return gate.wait(10) and value

    async with inspector(socket, {"run": run}) as serving, pool_of(socket) as pool:
        calls = [asyncio.create_task(pool.call("run", 1, 10))]
        await until(lambda: begun)
        calls += [asyncio.create_task(pool.call("run", n, 10)) for n in range(2, 5)]
        await until(lambda: pool._links[0].load == 4)  # they lie in the socket
        serving.cancel()
        await until(lambda: not socket.exists())
        gate.set()
        assert await asyncio.gather(*calls) == [1, 2, 3, 4]


async def hear(connection, many):
    """So many answers, whatever they are."""
    unpacker, heard = Unpacker(), []
    while len(heard) < many:
        heard += unpacker.feed(await asyncio.wait_for(asyncio.get_running_loop().sock_recv(connection, 65_536), 10))
    return heard


def dialled(path):
    connection = sockets.socket(sockets.AF_UNIX)
    connection.connect(str(path))
    connection.setblocking(False)
    return connection


async def test_who_takes_no_answers_is_read_no_further(socket):
    frame = pack([1, "say", None, time.monotonic() + 60, "t"])
    async with inspector(socket, {"say": lambda _: "x" * 10_000}), pool_of(socket) as pool:
        with dialled(socket) as rude:
            sent, still = 0, 0
            while still < 20:  # until there is no room for a while
                try:
                    sent, still = sent + rude.send(frame) // len(frame), 0
                except BlockingIOError:
                    still += 1
                    await asyncio.sleep(0.01)
            assert sent < 20_000  # what the kernel keeps, and no more
            assert await pool.call("say", None, 5) == "x" * 10_000
            assert len(await hear(rude, sent)) == sent


@pytest.mark.parametrize("deadline", ["nan", "1e9", None, [9], {}])
async def test_a_deadline_that_is_no_time_hangs_up_its_caller_alone(socket, deadline):
    async with inspector(socket, {"echo": lambda value: value}), pool_of(socket) as pool:
        with dialled(socket) as rude:
            rude.send(pack([1, "echo", 1, deadline, "t"]))
            assert await asyncio.wait_for(asyncio.get_running_loop().sock_recv(rude, 10), 10) == b""
        assert await pool.call("echo", 1, 5) == 1


async def test_a_service_whose_thread_ends_does_not_go_on_without_it(socket, monkeypatch):
    def broken(*_):
        raise MemoryError("content")

    monkeypatch.setattr(service._Worker, "_take", broken)
    async with inspector(socket, {"echo": lambda value: value}) as serving:
        with dialled(socket) as caller:
            caller.send(pack([1, "echo", 1, time.monotonic() + 60, "t"]))
            with pytest.raises(RuntimeError, match="MemoryError") as failure:
                await asyncio.wait_for(asyncio.shield(serving), 10)
    assert "content" not in str(failure.value)


async def test_calls_read_while_a_long_step_ends_are_not_forgotten(socket, monkeypatch):
    """The other thread saw that the step is long; before it reads, the step ends and the thread waits for its callers."""
    here, gate, waits, was_read = threading.current_thread(), threading.Event(), threading.Event(), threading.Event()
    serve_plainly = Connections.serve

    class Clock:
        def __getattr__(self, name):
            return getattr(time, name)

        def monotonic(self):
            if begun and not gate.is_set() and sys._getframe(1).f_code.co_name == "read_in_long_steps":
                gate.set()
                waits.wait(0.3)
                caller.send(pack([2, "run", 2, time.monotonic() + 60, "t"]))
            return time.monotonic()

    def slowly(connections, seconds):
        ours = threading.current_thread() is here
        if seconds is None and gate.is_set() and not was_read.is_set() and not ours:
            waits.set()
            was_read.wait(2)
        serve_plainly(connections, seconds)
        if ours:
            was_read.set()

    def run(value):
        begun.append(value)
        return gate.wait(10) and value

    begun: list[int] = []
    monkeypatch.setattr(Connections, "serve", slowly)
    monkeypatch.setattr(service, "time", Clock())
    async with inspector(socket, {"run": run}):
        with dialled(socket) as caller:
            caller.send(pack([1, "run", 1, time.monotonic() + 60, "t"]))
            assert await hear(caller, 2) == [[1, True, 1], [2, True, 2]]


async def test_connections_that_are_closed_are_not_woken():
    connections = Connections(lambda *_: None)
    descriptor = connections._awake
    connections.close()
    other = os.eventfd(0, os.EFD_NONBLOCK)
    os.dup2(other, descriptor)  # its number is another file's now
    try:
        connections.wake()
        with pytest.raises(BlockingIOError):  # nothing was written
            os.eventfd_read(other)
    finally:
        for each in {other, descriptor}:
            os.close(each)


async def test_death_fails_the_open_calls_and_the_pool_comes_back(socket):
    gate = threading.Event()
    async with pool_of(socket) as pool:
        with pytest.raises(Unavailable, match="not available"):
            await pool.call("echo", 1, 5)
        async with inspector(socket, {"wait": lambda _: gate.wait(10)}):
            await until(lambda: pool.connected)
            call = asyncio.create_task(pool.call("wait", None, 10))
            await until(lambda: pool._links[0].load)
            pool._links[0]._transport.abort()  # what a kill -9 looks like from here
            with pytest.raises(Unavailable, match="in the middle"):
                await call
            gate.set()
        async with inspector(socket, {"echo": lambda value: value}):
            await until(lambda: pool.connected)
            assert await pool.call("echo", 3, 5) == 3


def in_uvloop(work):
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)


@pytest.mark.parametrize("run", [asyncio.run, in_uvloop])
def test_answers_that_a_slow_reader_has_no_room_for_arrive_whole_and_in_order(socket, run):
    sizes = [3_000_000, 5, 1_000_000, 70, 300_000, 1, 200_000] * 3

    async def all_arrive() -> None:
        async with inspector(socket, {"say": lambda size: str(size)[-1] * size}), pool_of(socket) as pool:
            calls = [asyncio.create_task(pool.call("say", size, 30)) for size in sizes]
            await until(lambda: pool._links[0].load == len(sizes))
            pool._links[0]._transport.pause_reading()
            await asyncio.sleep(0.2)
            pool._links[0]._transport.resume_reading()
            assert await asyncio.gather(*calls) == [str(size)[-1] * size for size in sizes]
            assert await pool.call("say", 7, 5) == "7777777"  # and the next one is sent without the loop again

    run(all_arrive())


async def test_a_pool_waits_for_inspectors_that_start_beside_it(socket):
    async with pool_of(socket) as pool:
        await pool.reach(0.05)  # none comes
        assert not pool.connected
        reaching = asyncio.create_task(pool.reach(30))
        async with inspector(socket, {"echo": lambda value: value}):
            await reaching
            assert pool.connected == 1
            assert await pool.call("echo", 1, 5) == 1


async def test_the_least_loaded_inspector_is_chosen(tmp_path):
    gate = threading.Event()
    one, two = tmp_path / "1.sock", tmp_path / "2.sock"
    async with (
        inspector(one, {"run": lambda v: gate.wait(10) and 1}),
        inspector(two, {"run": lambda v: v and 2}),
        pool_of(one, two) as pool,
    ):
        stuck = asyncio.create_task(pool.call("run", 1, 10))
        await asyncio.sleep(0)
        assert await asyncio.gather(*(pool.call("run", 1, 5) for _ in range(1))) == [2]
        gate.set()
        assert await stuck == 1


async def test_a_service_that_cannot_be_built_ends_with_the_reason(socket):
    def build():
        raise RuntimeError("no model")

    with pytest.raises(RuntimeError, match="no model"):
        await serve(socket, build)
    assert not socket.exists()


def in_steps(order, gate=None):
    """A method that works in as many steps as it is told, and says whose step each was."""

    def work(payload):
        name, steps = payload
        for _ in range(steps):
            order.append(name)
            if gate is not None:
                gate.wait(10)
            time.sleep(TURN_S)
            yield
        return name

    return {"work": work}


async def test_a_large_call_does_not_keep_small_ones_waiting(socket):
    order: list[str] = []
    async with inspector(socket, in_steps(order)), pool_of(socket) as pool:
        large = asyncio.create_task(pool.call("work", ["large", 40], 30, "acme"))
        await until(lambda: order)
        for tenant in ("acme", "other"):
            assert await pool.call("work", [f"small of {tenant}", 1], 30, tenant) == f"small of {tenant}"
            assert order.count("large") < 40
        assert await large == "large"
    assert order.count("large") == 40


async def test_two_tenants_share_an_inspector_by_time(socket):
    order: list[str] = []
    async with inspector(socket, in_steps(order)), pool_of(socket) as pool:
        calls = [asyncio.create_task(pool.call("work", ["many", 4], 30, "many")) for _ in range(6)]
        await until(lambda: order)
        assert await pool.call("work", ["one", 4], 30, "one") == "one"
        done = len(order)
        await asyncio.gather(*calls)
    assert order[:done].count("many") < 24  # the other tenant's call did not wait for all of them


async def test_a_call_in_steps_ends_at_its_deadline_and_frees_the_thread(socket):
    order: list[str] = []
    async with inspector(socket, in_steps(order)), pool_of(socket) as pool:
        with pytest.raises(Unavailable, match="in time"):
            await pool.call("work", ["endless", 1_000_000], 0.1)
        assert await pool.call("work", ["next", 1], 30) == "next"


async def test_a_failure_in_a_later_step_is_told_without_content(socket):
    def fail(payload):
        yield
        raise ValueError(payload)

    async with inspector(socket, {"fail": fail}), pool_of(socket) as pool:
        with pytest.raises(Unavailable, match="ValueError") as failure:
            await pool.call("fail", "secret", 5)
    assert "secret" not in str(failure.value)


async def test_one_tenant_cannot_fill_the_queue(socket):
    gate = threading.Event()
    methods = {"run": lambda value: gate.wait(10) and value}
    async with inspector(socket, methods, max_waiting=8), pool_of(socket) as pool:
        calls = [asyncio.create_task(pool.call("run", n, 10, "greedy")) for n in range(8)]
        done, _ = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
        with pytest.raises(Unavailable, match="overload"):
            done.pop().result()
        other = asyncio.create_task(pool.call("run", 9, 10, "modest"))
        gate.set()
        assert await other == 9
        await asyncio.gather(*calls, return_exceptions=True)


STUCK = """
import asyncio, sys
from pathlib import Path
from gateway.inspection import service

service.STUCK_S = 0.2

def forever(_):
    while True:
        pass

def inside(_):
    import re
    return re.match(r"(a+)+$", "a" * 40 + "b")  # native code that holds the interpreter for hours

methods = {"forever": forever, "inside": inside, "echo": lambda value: value}
asyncio.run(service.serve(Path(sys.argv[1]), methods, dies_when_stuck=True))
"""


@pytest.mark.parametrize("method", ["forever", "inside"])
async def test_a_stuck_inspector_ends_itself_and_refuses_its_calls(socket, method):
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", STUCK, str(socket))
    async with pool_of(socket) as pool:
        await asyncio.wait_for(until(lambda: pool.connected), 30)
        assert await pool.call("echo", 1, 5) == 1
        with pytest.raises(Unavailable):
            await pool.call(method, None, 0.2)
        assert await asyncio.wait_for(process.wait(), 30) == -signal.SIGPROF
        await asyncio.wait_for(until(lambda: not pool.connected), 30)
        with pytest.raises(Unavailable):
            await pool.call("echo", 1, 5)
