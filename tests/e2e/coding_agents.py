"""Coding agents as their users start them: in a scratch home and project, through Lexgate, with nothing but the loopback."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e.product import Product, end, prepare
from tests.providers.scripted import Script, ScriptedProvider, scripted

MODULES = Path(__file__).parent / "agents/node_modules"
SECONDS = 150


def missing(name: str) -> str:
    """Why this agent cannot run here; empty when it can. For pytest.mark.skipif."""
    if not shutil.which("node"):
        return "node is missing, so no coding agent can run"
    return "" if (MODULES / ".bin" / name).exists() else f"{name} is missing: make install-dev (needs npm)"


@dataclass(slots=True)
class Outside:
    """A proxy that lets nothing through and remembers who asked for what: agents must not talk to the world."""

    url: str
    asked: list[str] = field(default_factory=list)


@contextlib.contextmanager
def no_way_out() -> Iterator[Outside]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        outside = Outside(f"http://127.0.0.1:{server.getsockname()[1]}")

        def refuse() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection:
                        outside.asked.append(connection.recv(4096).decode("latin-1").partition("\r\n")[0])
                        connection.sendall(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n")

        threading.Thread(target=refuse, daemon=True).start()
        yield outside
        server.shutdown(socket.SHUT_RDWR)


@dataclass(slots=True)
class Session:
    """Where an agent works: its project, and Lexgate between it and the scripted provider."""

    product: Product
    provider: ScriptedProvider
    project: Path
    home: Path

    def seen(self) -> str:
        """Every byte that the provider got: request lines, headers and bodies, with JSON's escapes undone."""
        lines = []
        for request in self.provider.requests:
            lines += [request.path, *(f"{name}: {value}" for name, value in request.headers), request.body.decode()]
            if request.body:
                lines.append(json.dumps(request.json(), ensure_ascii=False))
        return "\n".join(lines)

    def run(self, command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs an agent to its end. It gets no variable of ours but the path."""
        with no_way_out() as outside:
            done = subprocess.run(
                [str(MODULES / ".bin" / command[0]), *command[1:]],
                cwd=self.project, capture_output=True, text=True, timeout=SECONDS, stdin=subprocess.DEVNULL, check=False,
                env={
                    "HOME": str(self.home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "dumb",
                    "HTTPS_PROXY": outside.url, "HTTP_PROXY": outside.url, "NO_PROXY": "127.0.0.1", **environment,
                },
            )  # fmt: skip
        assert self.provider.failures == [], "\n".join(self.provider.failures)
        assert outside.asked == [], f"it wanted out: {outside.asked}\n{done.stdout}\n{done.stderr}"
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done


@contextlib.contextmanager
def session(folder: Path, script: Script, tool: str, **overrides: Any) -> Iterator[Session]:
    """Lexgate before a scripted provider abroad, and an empty project."""
    project, home = folder / "project", folder / "home"
    for made in (project, home):
        made.mkdir()
    record = folder / "provider.jsonl"
    with scripted(script, record, tool) as provider:
        product = prepare(folder, provider.url, record, overrides)
        try:
            product.start()
            yield Session(product, provider, project, home)
        finally:
            end(product)
