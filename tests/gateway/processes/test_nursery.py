"""Children that are forked: they are the supervisor's own, as if it had started them, and share what was imported."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from gateway.errors import Unavailable
from gateway.processes import births
from gateway.processes import nursery as nursery_module
from gateway.processes.births import Born, Nursery
from gateway.processes.child import READY_FD
from gateway.processes.child_process import Child

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere children are started as programs")

SCRIPT = """
import random, secrets, socket, ssl, sys, uuid, uuid_utils
random.random(), secrets.token_hex(8), uuid.uuid4(), ssl.RAND_bytes(8), uuid_utils.uuid7()
from gateway.processes.nursery import next_child
exec(next_child(socket.socket(fileno=int(sys.argv[1])))[1])
"""
TELL = """
import json, os
said = {"parent": os.getppid(), "session": os.getsid(0), "self": os.getpid(), "said": os.environ.get("SAID")}
said["files"] = sorted(int(each) for each in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{each}"))
os.write(%d, json.dumps(said).encode())
"""


@pytest.fixture
def nursery() -> Iterator[Nursery]:
    """A nursery whose children run the Python text they are ordered with."""
    door, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    high = fcntl.fcntl(theirs, fcntl.F_DUPFD, 60)  # above all that a child is given
    theirs.close()
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(high), " " * 200], pass_fds=(high,))
    os.close(high)
    door.setblocking(False)
    made = Nursery(process, door)
    yield made
    made.close()


async def born(nursery: Nursery, text: str, *fds: int) -> Born:
    child = await nursery.child(("process-none", text), {"SAID": "hello"}, fds)
    assert child is not None
    return child


async def told(fd: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(await asyncio.to_thread(os.read, fd, 4096))
    return found


async def test_a_child_is_ours_alone_in_its_session_with_its_files_and_nothing_else(nursery: Nursery) -> None:
    reading, writing = os.pipe()
    child = await born(nursery, TELL % writing, writing)
    said = await told(reading)
    assert said["parent"] == os.getpid()
    assert said["session"] == said["self"] == child.pid
    assert said["said"] == "hello"
    assert said["files"] == [0, 1, 2, writing]
    assert await child.wait() == 0
    assert child.returncode == 0


async def test_files_keep_their_numbers_however_they_were_numbered_in_the_nursery(nursery: Nursery) -> None:
    pipes = [os.pipe() for _ in range(6)]
    writing = [pipe[1] for pipe in pipes]
    for order in (writing, list(reversed(writing))):
        text = "import os\n" + "".join(f"os.write({fd}, b'{number}')\n" for number, fd in enumerate(writing))
        child = await born(nursery, text, *order)
        assert await child.wait() == 0
        assert [os.read(pipe[0], 10) for pipe in pipes] == [str(number).encode() for number in range(6)]


async def test_it_shows_its_own_command(nursery: Nursery) -> None:
    reading, writing = os.pipe()
    text = f"import os, time; os.write({writing}, b'.'); time.sleep(60)"
    child = await born(nursery, text, writing)
    await asyncio.to_thread(os.read, reading, 1)
    seen = psutil.Process(child.pid)
    assert [word for word in seen.cmdline() if word] == [sys.executable, "-m", "gateway", "process-none", text]
    assert seen.ppid() == os.getpid()
    child.kill()
    assert await child.wait() == -signal.SIGKILL
    with pytest.raises(ProcessLookupError):
        child.send_signal(signal.SIGTERM)


async def test_how_it_ended_is_known(nursery: Nursery) -> None:
    children = [await born(nursery, f"raise SystemExit({code})") for code in (0, 3, 7)]
    assert [await child.wait() for child in children] == [0, 3, 7]
    child = await born(nursery, "import time; time.sleep(60)")
    child.send_signal(signal.SIGTERM)
    assert await child.wait() == -signal.SIGTERM


async def test_it_stays_when_the_nursery_goes_and_the_next_is_made_in_another_way(nursery: Nursery) -> None:
    child = await born(nursery, "import time; time.sleep(60)")
    process = psutil.Process(nursery._process.pid)
    process.kill()
    assert await nursery.child(("process-none", ""), {}, ()) is None
    assert await nursery.child(("process-none", ""), {}, ()) is None
    assert child.returncode is None
    child.kill()
    await child.wait()


async def test_a_killed_nursery_is_buried_without_another_birth(nursery: Nursery) -> None:
    child = await born(nursery, "import time; time.sleep(60)")
    process = psutil.Process(nursery._process.pid)
    process.kill()
    await gone(process)
    child.kill()
    await child.wait()


async def test_whoever_was_being_born_when_the_nursery_was_killed_is_buried(
    nursery: Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(births, "REAP_SECONDS", 0.2)
    before = {each.pid for each in psutil.Process().children()}
    ordering = asyncio.ensure_future(nursery.child(("process-none", "import time; time.sleep(60)"), {}, ()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    ordering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ordering
    for left in psutil.Process().children():
        if left.pid not in before - {nursery._process.pid}:
            await gone(left)


async def gone(process: psutil.Process) -> None:
    """Until it has ended and is no zombie either."""
    while process.is_running():
        await asyncio.sleep(0.02)


async def test_a_child_that_nobody_hears_of_ends_before_it_does_anything(nursery: Nursery, tmp_path: Path) -> None:
    """Its birth took too long, or the start was given up: somebody else will do its work."""
    file = tmp_path / "done"
    ordering = asyncio.ensure_future(nursery.child(("process-none", f"open({str(file)!r}, 'w')"), {}, ()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    ordering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ordering
    await asyncio.sleep(1.0)
    assert not file.exists()
    assert await nursery.child(("process-none", ""), {}, ()) is None


async def test_without_a_nursery_children_are_started_as_programs(tmp_path: Path) -> None:
    """The same child, the same words: only it takes longer."""
    child = Child("none", ("process-check-own", str(tmp_path / "none")))
    with pytest.raises(Exception, match="ended before it was ready"):
        await child.start()


async def test_a_child_of_the_supervisor_is_forked_and_says_that_it_is_ready(nursery: Nursery) -> None:
    text = f"import os; os.write(int(os.environ['{READY_FD}']), b'1'); import time; time.sleep(60)"
    child = Child("one", ("process-none", text), beats=True, nursery=nursery)
    await child.start()
    first = child.process
    assert isinstance(first, Born)
    assert first.returncode is None
    await child.stop(5.0)
    assert await first.wait() == -signal.SIGTERM
    await child.start()
    assert child.process is not first
    await child.stop(5.0)


async def test_who_replaces_one_that_foreign_files_may_have_broken_is_not_its_sibling(nursery: Nursery) -> None:
    """It would lie at the same addresses, and a second file could use what a first one has found out."""
    child = Child("one", ("process-none", f"import os; os.write(int(os.environ['{READY_FD}']), b'1')"), nursery=nursery)
    child.apart = True
    await child.start()
    assert isinstance(child.process, Born)
    await child.process.wait()
    with pytest.raises(Unavailable):  # as a program there is no such command
        await child.start()
    assert not isinstance(child.process, Born)


async def test_one_that_cannot_be_started_now_is_unavailable_and_leaves_no_file_open(
    nursery: Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its watcher tries again: an error of another kind would end the watcher, and nobody would start it ever again."""

    async def no_room(*_: object, **__: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    nursery.close()
    monkeypatch.setattr(asyncio, "create_subprocess_exec", no_room)
    before = len(os.listdir("/proc/self/fd"))
    child = Child("one", ("process-none", ""), beats=True, nursery=nursery)
    with pytest.raises(Unavailable, match="Resource temporarily unavailable"):
        await child.start()
    child.forget_heartbeat()
    assert len(os.listdir("/proc/self/fd")) == before


async def test_siblings_draw_other_numbers_than_one_another(nursery: Nursery) -> None:
    """Flow ids, keys, nonces and salts come from these. The nursery itself has drawn from some of them before a birth."""
    text = (
        "import json, os, random, secrets, ssl, uuid, uuid_utils\n"
        "from cryptography.hazmat.primitives.ciphers.aead import AESGCM\n"
        "drawn = [random.random(), secrets.token_hex(8), str(uuid.uuid4()), ssl.RAND_bytes(8).hex()]\n"
        "drawn += [uuid_utils.uuid7().hex[16:], AESGCM.generate_key(128).hex()]\n"
    )
    reading, writing = os.pipe()
    rows = []
    for _ in range(4):
        child = await born(nursery, text + f"os.write({writing}, json.dumps(drawn).encode())", writing)
        assert await child.wait() == 0
        rows.append(json.loads(os.read(reading, 4096)))
    assert [len(set(column)) for column in zip(*rows, strict=True)] == [4] * 6


def test_nothing_that_is_imported_before_a_fork_starts_a_thread() -> None:
    """OpenBLAS would, behind numpy: then the nursery refuses to fork, and each start is slow."""
    text = (
        "import importlib, os\n"
        "from gateway.processes.nursery import MODULES\n"
        "for kind, modules in MODULES.items():\n"
        "    for module in modules:\n"
        "        importlib.import_module(module)\n"
        "        print(kind, module, len(os.listdir('/proc/self/task')))\n"
    )
    lines = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(lines) == sum(len(modules) for modules in nursery_module.MODULES.values())
    assert [line for line in lines if not line.endswith(" 1")] == []
