"""The control process's server: uvicorn with our limits, TLS, and a shutdown that lets running requests end."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from gateway.control.app import create_app
from gateway.control.connection import limited
from gateway.control.deps import ControlDeps

SIGNALS = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files. With `client_ca` only clients with a certificate of that authority are let in."""

    certificate: Path
    key: Path
    client_ca: Path | None = None

    def context(self) -> ssl.SSLContext:
        """A server context for TLS 1.2 and later. Raises OSError or ssl.SSLError when a file cannot be used."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.certificate, self.key)
        if self.client_ca is not None:
            context.load_verify_locations(self.client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
        return context


async def run(
    deps: ControlDeps,
    *,
    host: str = "127.0.0.1",
    port: int = 8081,
    sockets: Sequence[socket.socket] = (),
    tls: TlsFiles | None = None,
    ready: Callable[[int], None] | None = None,
    stop: asyncio.Event | None = None,
    drain_s: int = 10,
) -> None:
    """Serve until `stop` is set, or without it until SIGTERM or SIGINT; then let running requests end for `drain_s`.

    `sockets` are bound sockets to take instead of host and port. `ready` is called with the port (0 for Unix sockets)
    once requests are answered. Raises OSError when the address cannot be used.
    """
    listening = list(sockets) or [_bind(host, port)]
    ended = stop or asyncio.Event()
    server = _Server(_config(deps, tls, drain_s), lambda: ready and ready(_port(listening[0])))
    loop = asyncio.get_running_loop()
    if stop is None:
        for number in SIGNALS:
            loop.add_signal_handler(number, ended.set)
    serving = loop.create_task(server.serve(listening))
    stopping = loop.create_task(ended.wait())
    try:
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        await serving
    finally:
        stopping.cancel()
        if stop is None:
            for number in SIGNALS:
                loop.remove_signal_handler(number)
        for bound in listening:
            bound.close()


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: `run` decides when to stop, and nothing is raised again afterwards."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], object]) -> None:
        super().__init__(config)
        self._on_start = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        if self.started:
            self._on_start()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _config(deps: ControlDeps, tls: TlsFiles | None, drain_s: int) -> uvicorn.Config:
    context = tls.context() if tls else None
    return uvicorn.Config(
        create_app(deps),
        http=limited(deps.header_deadline_s, deps.body_deadline_s),
        ws="none",
        lifespan="on",
        loop="none",
        log_config=None,
        access_log=False,  # paths and queries name people; who looked at what goes into the log by on_access
        server_header=False,
        proxy_headers=False,
        limit_concurrency=512,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=drain_s,
        ssl_context_factory=(lambda _config, _default: context) if context else None,
    )


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=256)


def _port(bound: socket.socket) -> int:
    name = bound.getsockname()
    return int(name[1]) if isinstance(name, tuple) else 0
