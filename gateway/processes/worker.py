"""A data worker: one event loop, the hot path, nothing that blocks."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import structlog
import uvicorn
import uvloop

from gateway.app import DataPlane
from gateway.configuration.effective import Effective
from gateway.ingress.connection import limited
from gateway.inspection.guard import GuardScanner
from gateway.processes import child
from gateway.processes.writer import SOCKET
from gateway.settings import Settings, Tls
from gateway.telemetry import logs

KEEP_ALIVE_SECONDS = 75
NEEDED_SECONDS = 30.0
COLLECT_SECONDS = 3.0
"""After a reload: by then most calls of the configuration before have ended."""
LAST_WORDS_SECONDS = 5.0
"""For calls that the end of the drain has cancelled: to record their outcome and to say so to their callers."""

log = structlog.get_logger("lexgate.worker")


def main(effective: Path, slot: int, listener: int) -> None:
    """Runs until SIGTERM, then lets running calls end."""
    logs.configure(f"worker-{slot}")
    uvloop.run(_run(effective, slot, socket.socket(fileno=listener)))


async def _run(effective: Path, slot: int, listener: socket.socket) -> None:
    in_force = Effective.read(effective)
    guard = GuardScanner(in_force.settings.run_path)
    guard.warm()  # while those that it waits for start
    await _until_there(in_force.settings)
    plane = await DataPlane.start(in_force, slot, guard)
    settings = plane.services().settings
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, lambda: _reload(plane, effective))
    beating = asyncio.ensure_future(child.heartbeat())
    server = Server(_config(plane, settings))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.drain)
    gc.collect()
    gc.freeze()  # what lives from the start is never garbage: collections then look at calls only
    gc.set_threshold(20_000, 20, 50)
    saying = asyncio.ensure_future(_say_ready(server))
    try:
        await server.serve(sockets=[listener])
    finally:
        saying.cancel()
        await plane.quiet(LAST_WORDS_SECONDS)
        await plane.close()
        beating.cancel()


async def _until_there(settings: Settings) -> None:
    """Waits for the log writer and the inspectors, which start beside this process. Who does not come is missed later."""
    needed = [settings.run_path / SOCKET]
    needed += [settings.run_path / f"inspector-{index}.sock" for index in range(settings.inspection.processes)]
    ends = asyncio.get_running_loop().time() + NEEDED_SECONDS
    while not all(file.exists() for file in needed) and asyncio.get_running_loop().time() < ends:  # noqa: ASYNC110  no event of ours
        await asyncio.sleep(0.02)


class Server(uvicorn.Server):
    """uvicorn without its signal handlers, which raise the signal again and would end the process before it is tidy."""

    def drain(self) -> None:
        """Take no more calls, let the running ones end."""
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _reload(plane: DataPlane, effective: Path) -> None:
    """Takes the configuration in force; if that fails the old one stays, complete."""
    try:
        plane.reload(Effective.read(effective))
    except Exception as error:
        log.error("reload failed, the old configuration stays", error=type(error).__name__)
    # What was in force refers to itself, and full collections are rare: without this it would stay for hours.
    asyncio.get_running_loop().call_later(COLLECT_SECONDS, gc.collect)


async def _say_ready(server: uvicorn.Server) -> None:
    while not server.started:  # noqa: ASYNC110  uvicorn offers no event for it
        await asyncio.sleep(0.01)
    child.say_ready()


def _config(plane: DataPlane, settings: Settings) -> uvicorn.Config:
    context = tls_context(settings.tls)
    return uvicorn.Config(
        plane.application,
        http=limited(settings.limits, plane.application.serve),
        ws="none",
        loop="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=max(1, round(settings.timeouts.drain)),
        backlog=2048,
        ssl_context_factory=(lambda _config, _default: context) if context else None,
    )


def tls_context(tls: Tls) -> ssl.SSLContext | None:
    """A server context for TLS 1.2 and later, with client certificates demanded when `client_ca` is set."""
    if not tls.certificate:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(tls.certificate, tls.key)
    if tls.client_ca:
        context.load_verify_locations(tls.client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context
