"""Who is measured: how each target is configured, started, awaited and stopped. All of it stays on the loopback."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from benchmarks import corpus

CALLER_KEY = "lxg_benchmark_caller_key"
LITELLM_VERSIONS = ("1.82.6", "1.100.5")
"""No other version is started: some releases of 2026 were reported as compromised."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(slots=True)
class Target:
    """One gateway or proxy. `conversations` False: it keeps nothing between calls, so turns in between tell nothing."""

    name: str
    command: Sequence[str]
    port: int
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    boot_seconds: float = 60.0
    stateful: bool = False
    idle: float = 0.0
    process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        if self.process is None:
            raise RuntimeError(f"{self.name} was not started")
        return self.process.pid

    def start(self, core: int) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "output.log").open("wb") as log:
            self.process = subprocess.Popen(
                ["taskset", "-c", str(core), *self.command],
                cwd=self.folder,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def ready(self) -> bool:
        """True once a whole call comes back."""
        body = corpus.prompts("ready", 1, 300)[0].encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/v1/chat/completions", body)
        request.add_header("Content-Type", "application/json")
        request.add_header("Authorization", f"Bearer {CALLER_KEY}")
        deadline = time.monotonic() + self.boot_seconds
        while time.monotonic() < deadline and self.process is not None and self.process.poll() is None:
            try:
                with urllib.request.urlopen(request, timeout=20) as answer:
                    answer.read()
                    return True
            except (urllib.error.URLError, OSError):
                time.sleep(0.3)
        return False

    def pause(self) -> None:
        """A target that keeps state watches its own processes: it is left running, and its idle cost is stated."""
        if not self.stateful:
            self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        if not self.stateful:
            self._signal(signal.SIGCONT)

    def stop(self) -> None:
        if self.process is None:
            return
        self._signal(signal.SIGCONT)
        self._signal(signal.SIGTERM, whole=not self.stateful)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self.process.wait(5)

    def _signal(self, number: signal.Signals, *, whole: bool = True) -> None:
        if self.process is not None and self.process.poll() is None:
            if whole:
                os.killpg(self.process.pid, number)
            else:
                self.process.send_signal(number)


def bare(name: str) -> Callable[[Path, str], Target]:
    def make(folder: Path, upstream: str) -> Target:
        port = free_port()
        command = [sys.executable, "-m", "benchmarks.proxies", name, "--port", str(port), "--upstream", upstream]
        root = str(Path(__file__).resolve().parents[1])
        return Target(name, command, port, folder, {"PYTHONPATH": root})

    return make


def lexgate(folder: Path, upstream: str) -> Target:
    """Everything on, as `lexgate serve` starts it: strict bundle, an EU organisation, a provider in the US."""
    from audit.keys import Keyring

    port, control = free_port(), free_port()
    folder.mkdir(parents=True, exist_ok=True)
    Keyring.create(folder / "keys")
    key = hashlib.sha256(CALLER_KEY.encode()).hexdigest()
    many = 1_000_000_000
    settings = {
        "listen": {"data": f"127.0.0.1:{port}", "control": f"127.0.0.1:{control}"},
        "organisation": {"name": "Benchmark GmbH", "country": "DE"},
        "providers": [
            {
                "name": "canned",
                "base_url": upstream,
                "protocols": ["openai", "anthropic", "gemini"],
                "jurisdiction": "US",
            }
        ],
        "policies": {"bundle": "builtin:strict"},
        "applications": [{"name": "bench", "tenant": "acme", "audience": "internal", "purpose": "support"}],
        "principals": [{"key_sha256": key, "application": "bench", "user": "li.wei", "country": "DE"}],
        "limits": {
            "calls_per_minute": many,
            "concurrent": 1024,
            "tenant_calls_per_minute": many,
            "tenant_concurrent": 1024,
        },
    }
    (folder / "lexgate.yaml").write_text(yaml.safe_dump(settings))
    command = [str(Path(sys.executable).parent / "lexgate"), "serve", "--config", "lexgate.yaml"]
    return Target("lexgate", command, port, folder, stateful=True)


def nginx(folder: Path, upstream: str) -> Target | None:
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        return None
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "nginx.conf").write_text(f"""
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log warn;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; client_body_buffer_size 1m;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  upstream provider {{ server {upstream.removeprefix("http://")}; keepalive 64; }}
  server {{ listen 127.0.0.1:{port}; keepalive_requests 1000000000;
    location / {{ proxy_pass http://provider; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; }} }}
}}
""")
    return Target("nginx", [program, "-p", str(folder), "-c", str(folder / "nginx.conf")], port, folder)


def litellm(program: str) -> Callable[[Path, str], Target | None]:
    def make(folder: Path, upstream: str) -> Target | None:
        version = litellm_version(program)
        if version not in LITELLM_VERSIONS:
            return None
        port = free_port()
        folder.mkdir(parents=True, exist_ok=True)
        parameters = {"model": f"openai/{corpus.MODEL}", "api_base": f"{upstream}/v1", "api_key": "none"}
        config = {"model_list": [{"model_name": corpus.MODEL, "litellm_params": parameters}]}
        (folder / "litellm.yaml").write_text(yaml.safe_dump(config))
        command = [
            program,
            "--config",
            "litellm.yaml",
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
            "--num_workers",
            "1",
        ]
        environment = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR", "LITELLM_TELEMETRY": "False"}
        return Target(f"litellm-{version}", command, port, folder, environment, boot_seconds=180)

    return make


def litellm_version(program: str) -> str:
    """Asked of the interpreter beside the program, so that nothing of LiteLLM runs before its version is known."""
    interpreter = Path(program).parent / "python"
    question = "import importlib.metadata as m; print(m.version('litellm'))"
    try:
        return subprocess.run(
            [interpreter, "-c", question], capture_output=True, text=True, timeout=30, check=True
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
