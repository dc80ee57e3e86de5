"""The processes of `lexgate serve`, and what happens when one dies.

Started together, since most of a start is imports and models: who needs another waits for its socket. Stopped in the order
of who needs whom, control process and data workers first, so that running calls still find everything. A child that ends is made again, slower each time it fails; a data worker
whose event loop is stuck is killed (its calls are refused, its flows closed as `interrupted` by the log writer).

  SIGTERM, SIGINT   drain and end        SIGHUP   reload the whole configuration; a bad one changes nothing
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import os
import secrets
import signal
import socket
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import structlog

from gateway.configuration.bundle_stage import signature, stage
from gateway.configuration.effective import Effective
from gateway.configuration.own_stage import sources_of, stage_own
from gateway.configuration.reading import load
from gateway.configuration.secrets import require_secrets
from gateway.errors import ConfigurationError, Unavailable
from gateway.identity import issued_keys
from gateway.inspection.databases import forget
from gateway.inspection.service import STUCK_S
from gateway.marking.installed import unavailable
from gateway.marking.keys import prepare_signer
from gateway.marking.queue import MarkingQueue
from gateway.marking.wire import FILMS, SOCKET
from gateway.marking.worker import listen
from gateway.processes.births import Nursery
from gateway.processes.child_process import Child
from gateway.settings import Settings

WATCH_SECONDS = 0.1
BUNDLE_SECONDS = 0.5
STABLE_SECONDS = 30.0
LONGEST_BACKOFF = 10.0
STOP_SECONDS = 10.0
BIND_SECONDS = 3.0
START_TRIES = 3
MARKING_BACKLOG = 32
"""Marking jobs that arrive at once before further ones are refused."""

log = structlog.get_logger("lexgate.supervisor")


class _Lane(NamedTuple):
    """Marking workers that take jobs from one queue."""

    name: str
    workers: int
    queue: MarkingQueue


class Supervisor:
    """Runs one Lexgate. `config` is read again on SIGHUP. `nursery`: where its processes are forked."""

    def __init__(self, config: Path, settings: Settings, nursery: Nursery | None = None) -> None:
        self._config = config
        self._settings = settings
        self._nursery = nursery
        self._generation = 0
        self._instance = secrets.token_hex(8)
        self._bundle_signature: object = None
        self._ending = asyncio.Event()
        self._reload_wanted = asyncio.Event()
        self._sockets: list[socket.socket] = []
        self._groups: list[list[Child]] = []
        self._replaced: set[str] = set()  # children that were told to end, so that a new one reads the configuration
        self._tasks: list[asyncio.Task[None]] = []
        self._lanes: list[_Lane] = []
        self._queues: list[asyncio.Task[None]] = []

    async def run(self, ready: asyncio.Event | None = None) -> None:
        """Serves until SIGTERM or SIGINT. Raises ConfigurationError or Unavailable when it cannot start."""
        with _only_one(self._settings.run_path):
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self._ending.set)
            loop.add_signal_handler(signal.SIGHUP, self._reload_wanted.set)
            try:
                await self._start()
                if ready is not None:
                    ready.set()
                log.info("ready", data=self._settings.listen.data, control=self._settings.listen.control)
                await self._ending.wait()
            finally:
                await self._stop()

    async def _start(self) -> None:
        settings = self._settings
        prepare_signer(settings)
        _remove_sockets(settings.run_path)
        effective = await self._put_in_force(settings)
        lanes = self._lanes = [
            _Lane(name.partition(".")[0], count, _queue(settings, name, count))
            for name, count in ((SOCKET, settings.marking.processes), (FILMS, settings.marking.video_processes))
            if count and not unavailable(settings.marking.processes)
        ]
        data, control = [await _listen(address) for address in (settings.listen.data, settings.listen.control)]
        self._sockets = [data, control]
        file = str(effective)
        nursery = self._nursery
        writer = Child("log-writer", ("process-writer", file), nursery=nursery)
        patience = settings.timeouts.inspect + STUCK_S  # native code may hold an inspector's loop for so long
        inspectors = [
            Child(
                f"inspector-{index}",
                ("process-inspector", file, str(index)),
                beats=True,
                patience=patience,
                nursery=nursery,
            )
            for index in range(settings.inspection.processes)
        ]
        markers = [
            Child(
                f"{lane.name}-{index}",
                ("process-marker", file, f"{lane.name}-{index}", str(lane.queue.turns.fileno())),
                pass_fds=(lane.queue.turns.fileno(),),
                nursery=nursery,
                apart=True,
            )
            for lane in lanes
            for index in range(lane.workers)
        ]
        extractors = [
            Child(
                f"extractor-{index}",
                ("process-extractor", file, str(index)),
                beats=True,
                patience=patience,
                nursery=nursery,
            )
            for index in range(settings.inspection.processes if settings.inspection.files else 0)
        ]
        workers = [
            Child(
                f"worker-{slot}",
                ("process-worker", file, str(slot), str(data.fileno())),
                pass_fds=(data.fileno(),),
                beats=True,
                nursery=nursery,
            )
            for slot in range(settings.workers)
        ]
        control_process = Child(
            "control",
            ("process-control", file, str(control.fileno())),
            pass_fds=(control.fileno(),),
            nursery=nursery,
        )
        self._groups = [[writer, *inspectors, *markers, *extractors], [*workers, control_process]]
        self._queues = [asyncio.ensure_future(lane.queue.run()) for lane in lanes]
        # Who has most to do first, whom a call can do without last: they are forked one after the other.
        await _all_started([*inspectors, writer, *workers, *extractors, control_process, *markers])
        forget(settings.run_path, (settings.run_path / "lock").stat().st_mtime)  # patterns of versions before
        self._tasks = [asyncio.ensure_future(self._watch(child)) for group in self._groups for child in group]
        self._tasks += [asyncio.ensure_future(self._watch_bundle()), asyncio.ensure_future(self._watch_reload())]

    async def _stop(self) -> None:
        log.info("draining")
        for task in self._tasks:
            task.cancel()
        for bound in self._sockets:
            bound.close()
        grace = self._settings.timeouts.drain + STOP_SECONDS
        for group in reversed(self._groups):
            await asyncio.gather(*(child.stop(grace) for child in reversed(group)))
        for queue in self._queues:  # calls that ran to their end had their files marked
            queue.cancel()
        for lane in self._lanes:
            lane.queue.close()

    async def _watch(self, child: Child) -> None:
        """Keeps one child alive."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            if child.stalled(self._settings.timeouts.stall):
                log.error("event loop is stuck, the process is replaced", child=child.name)
                child.signal(signal.SIGKILL)
            if child.alive and child.process is not None and not child.beats:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(child.process.wait(), 1.0)
            if child.alive:
                continue
            if child.process is not None:
                await child.process.wait()
                if child.name in self._replaced:
                    self._replaced.discard(child.name)
                    log.info("replaced by one with the new configuration", child=child.name)
                else:
                    log.error("ended, starting it again", child=child.name, code=child.process.returncode)
            stable = asyncio.get_running_loop().time() - child.started > STABLE_SECONDS
            child.failures = 0 if stable else child.failures + 1
            await asyncio.sleep(0 if child.failures <= 1 else min(LONGEST_BACKOFF, 0.1 * 2**child.failures))
            with contextlib.suppress(Unavailable):  # still not there: the next round tries again
                await child.start()

    async def _watch_bundle(self) -> None:
        """A replaced bundle, recogniser or registered table is taken into use; a bad one changes nothing."""
        while True:
            await asyncio.sleep(BUNDLE_SECONDS)
            now = _signature(self._settings)
            if now != self._bundle_signature:
                await self._try_reload(self._settings)

    async def _watch_reload(self) -> None:
        while True:
            await self._reload_wanted.wait()
            self._reload_wanted.clear()
            try:
                settings = load(self._config)
                _same_foundations(self._settings, settings)
            except ConfigurationError as error:
                log.error("configuration refused, the old one stays", problem=error.message)
                continue
            await self._try_reload(settings)

    async def _try_reload(self, settings: Settings) -> None:
        self._bundle_signature = _signature(settings)
        try:
            await self._put_in_force(settings)
        except ConfigurationError as error:
            log.error("configuration refused, the old one stays", problem=error.message)
            return
        self._settings = settings
        for lane in self._lanes:
            lane.queue.several = settings.several_tenants
        for child in self._groups[1]:
            if child.beats:
                child.signal(signal.SIGHUP)
            elif child.alive:
                self._replaced.add(child.name)
                await child.stop(STOP_SECONDS)  # its listening socket stays with us; `_watch` starts it again at once

    async def _put_in_force(self, settings: Settings) -> Path:
        """Stages the bundle and writes the effective configuration. Raises ConfigurationError; nothing changes then."""
        self._bundle_signature = _signature(settings)
        for provider in settings.providers:
            require_secrets(provider)
        issued_keys.read(settings.issued_keys_path)
        staged = await stage(settings.policies.bundle, settings.run_path)
        own = await stage_own(settings)
        self._generation += 1
        return Effective(settings, staged.path, staged.digest, self._generation, self._instance, own).write()


def _queue(settings: Settings, name: str, workers: int) -> MarkingQueue:
    """From which the marking workers of one lane take their jobs."""
    marking, listener = settings.marking, listen(settings.run_path, name, MARKING_BACKLOG)
    return MarkingQueue(listener, workers, marking.seconds, marking.video_seconds, several=settings.several_tenants)


def _signature(settings: Settings) -> object:
    """Changes whenever a file does that is taken into use without being asked: the bundle, own detectors."""
    return signature(settings.policies.bundle), sources_of(settings).signature()


async def _all_started(children: Sequence[Child]) -> None:
    """Starts them side by side. When one cannot be started none is begun any more, and that is raised."""
    starting = [asyncio.ensure_future(_started(child)) for child in children]
    try:
        await asyncio.gather(*starting)
    except BaseException:
        for task in starting:
            task.cancel()
        await asyncio.gather(*starting, return_exceptions=True)
        raise


def _remove_sockets(run_dir: Path) -> None:
    """What a supervisor that was killed left: nobody must wait at the door of a process that is gone."""
    for socket_file in run_dir.glob("*.sock"):
        socket_file.unlink(missing_ok=True)


async def _started(child: Child) -> None:
    """Starts a child; one that ends before it is ready is given two more tries."""
    for _ in range(START_TRIES - 1):
        try:
            await child.start()
        except Unavailable as error:
            log.warning("could not start, trying again", child=child.name, problem=error.message)
        else:
            return
    await child.start()


def _same_foundations(old: Settings, new: Settings) -> None:
    """What a running Lexgate stands on cannot change under it."""
    for name in ("listen", "tls", "store", "run_dir", "keys", "workers", "origin"):
        if getattr(old, name) != getattr(new, name):
            raise ConfigurationError(f"{name}: takes effect only after a restart")
    for name in ("inspection", "marking"):
        if getattr(old, name) != getattr(new, name):
            raise ConfigurationError(f"{name}: takes effect only after a restart")


async def _listen(address: str) -> socket.socket:
    """A listening socket. Children of a supervisor that was killed may hold the address for a moment longer."""
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    ends = time.monotonic() + BIND_SECONDS
    while True:
        try:
            return socket.create_server((host, int(port)), family=family, backlog=2048)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() > ends:
                raise ConfigurationError(f"listen {address}: {os.strerror(error.errno or 0)}") from error
        await asyncio.sleep(0.1)


@contextlib.contextmanager
def _only_one(run_dir: Path) -> Iterator[None]:
    """Two Lexgates on one run folder would share sockets and a log: the second one is refused."""
    run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    (run_dir / "metrics").mkdir(mode=0o700, exist_ok=True)
    with (run_dir / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationError(f"{run_dir}: another Lexgate is running here") from None
        lock.write(str(os.getpid()))
        lock.flush()
        (run_dir / "limits.map").unlink(missing_ok=True)
        yield
