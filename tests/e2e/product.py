"""The whole product, started as its user would start it: `lexgate serve` with a configuration, beside a canned provider."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import yaml

from gateway.commands.key import new_key
from tests import kept_patterns

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 90.0


@dataclass(slots=True)
class Caller:
    """A configured caller: what a test presents."""

    key: str
    application: str
    tenant: str


@dataclass(slots=True)
class Product:
    """One running Lexgate and the canned provider behind it."""

    folder: Path
    config: dict[str, Any]
    callers: dict[str, Caller]
    operator_key: str
    provider_url: str
    record_file: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    verify: ssl.SSLContext | bool = True
    code: Path = ROOT  # the checkout whose Lexgate runs

    @property
    def scheme(self) -> str:
        return "https" if self.config.get("tls", {}).get("certificate") else "http"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.config['listen']['data']}"

    @property
    def control_url(self) -> str:
        return f"{self.scheme}://{self.config['listen']['control']}"

    @property
    def config_file(self) -> Path:
        return self.folder / "lexgate.yaml"

    @property
    def log_file(self) -> Path:
        return self.folder / "lexgate.log"

    def write_config(self) -> None:
        self.config_file.write_text(yaml.safe_dump(self.config))

    def start(self) -> None:
        """Starts `lexgate serve` and waits until it is ready."""
        kept_patterns.give(self.folder / "run")
        with self.log_file.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "gateway", "serve", "--config", str(self.config_file)],
                cwd=self.folder, stdout=log, stderr=log, env=os.environ | self.environment | {"PYTHONPATH": str(self.code)},
                start_new_session=True,
            )  # fmt: skip
        self.processes.append(process)
        self.wait_until_ready()
        kept_patterns.take(self.folder / "run")

    def wait_until_ready(self) -> None:
        ends = time.monotonic() + START_SECONDS
        reason = "no answer"
        while time.monotonic() < ends:
            if self.gateway.poll() is not None:
                raise AssertionError(f"lexgate ended with {self.gateway.returncode}:\n{self.log()}")
            with contextlib.suppress(httpx.HTTPError):
                answer = httpx.get(f"{self.control_url}/readyz", headers=self.officer, verify=self.verify)
                if answer.status_code == 200:
                    return
                reason = answer.text
            time.sleep(0.1)
        raise AssertionError(f"lexgate is not ready: {reason}\n{self.log()}")

    @property
    def gateway(self) -> subprocess.Popen[bytes]:
        return self.processes[-1]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ends the gateway; returns its exit code."""
        if self.gateway.poll() is None:
            self.gateway.send_signal(number)
        return self.gateway.wait(60)

    def log(self) -> str:
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    @property
    def officer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.operator_key}"}

    def headers(self, caller: str = "crm", **extra: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.callers[caller].key}", "Content-Type": "application/json"} | extra

    def chat(self, content: str, model: str = "echo", caller: str = "crm", **fields: Any) -> httpx.Response:
        """One whole OpenAI chat call."""
        body = {"model": model, "messages": [{"role": "user", "content": content}], **fields}
        return httpx.post(
            f"{self.url}/v1/chat/completions", headers=self.headers(caller), content=json.dumps(body), timeout=60
        )

    def requests(self) -> list[dict[str, Any]]:
        """What the provider received, in order; `body` as bytes."""
        if not self.record_file.exists():
            return []
        received = [json.loads(line) for line in self.record_file.read_text().splitlines()]
        return [request | {"body": base64.b64decode(request["body"])} for request in received]

    def record(self, flow: str, status: str = "completed") -> dict[str, Any]:
        """A flow's record once it has this status and, for a forwarded one, is settled."""
        ends = time.monotonic() + 30
        answer: dict[str, Any] = {}
        while time.monotonic() < ends:
            response = httpx.get(f"{self.control_url}/api/records/{flow}", headers=self.officer)
            if response.status_code == 200:
                answer = response.json()
                if answer["status"] == status and (not answer["intents"] or answer["settle"]):
                    return answer
            time.sleep(0.05)
        raise AssertionError(f"record of {flow} is not {status}: {answer}")

    def lexgate(self, *arguments: str, seconds: float = 120) -> subprocess.CompletedProcess[str]:
        """The command line, as an operator types it."""
        return subprocess.run(
            [sys.executable, "-m", "gateway", *arguments],
            cwd=self.folder, capture_output=True, text=True, timeout=seconds, check=False,
            env=os.environ | {"PYTHONPATH": str(self.code)},
        )  # fmt: skip


def files_of(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Each file that a gateway has written, with its bytes; all but `provider.jsonl`, which is the provider's.

    While the gateway runs, files come and go between being listed and being read (a store's `-shm`, what is staged): one that
    is gone holds nothing any more.
    """
    for place, _, names in os.walk(folder):  # passes over folders that are gone
        for file in (Path(place, name) for name in names if name != "provider.jsonl"):
            with contextlib.suppress(FileNotFoundError):
                if file.is_file():
                    yield file, file.read_bytes()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        return int(bound.getsockname()[1])


@contextlib.contextmanager
def canned_provider(record: Path) -> Iterator[str]:
    """The canned provider as a process of its own; its URL."""
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "tests/providers/canned.py"), "--port", "0", "--record", str(record)],
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"]
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


@contextlib.contextmanager
def running(folder: Path, **overrides: Any) -> Iterator[Product]:
    """A running product in a folder of its own. `overrides` replace top-level options of the configuration."""
    record = folder / "provider.jsonl"
    with canned_provider(record) as provider_url:
        product = prepare(folder, provider_url, record, overrides)
        try:
            product.start()
            yield product
        finally:
            end(product)


def end(product: Product) -> None:
    """Ends what still runs."""
    for process in product.processes:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(45)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)


def prepare(folder: Path, provider_url: str, record: Path, overrides: dict[str, Any]) -> Product:
    """Keys and configuration for a test: two tenants, a public application, providers at home and abroad."""
    from audit.keys import Keyring

    Keyring.create(folder / "keys")
    callers: dict[str, Caller] = {}
    principals = []
    applications = [
        {"name": "crm", "tenant": "acme", "audience": "internal", "purpose": "support"},
        {"name": "site", "tenant": "acme", "audience": "public", "purpose": "answers"},
        {"name": "other", "tenant": "globex", "audience": "internal", "purpose": "support"},
        {"name": "peking", "tenant": "acme", "audience": "internal", "purpose": "support"},
    ]
    countries = {"peking": "CN"}
    for application in applications:
        key, digest = new_key("caller")
        name = application["name"]
        callers[name] = Caller(key, name, application["tenant"])
        principals.append(
            {"key_sha256": digest, "application": name, "user": f"{name}.user", "country": countries.get(name, "DE")}
        )
    operator_key, operator_hash = new_key("operator")
    config: dict[str, Any] = {
        "listen": {"data": f"127.0.0.1:{free_port()}", "control": f"127.0.0.1:{free_port()}"},
        "store": "sqlite:///./lexgate.db",
        "keys": {"file": "./keys"},
        "organisation": {"name": "Example AG", "country": "DE"},
        "providers": [
            {"name": "home", "base_url": provider_url, "protocols": ["openai", "anthropic", "gemini"], "jurisdiction": "DE", "models": ["home-*", "home/*"]},
            {"name": "abroad", "base_url": provider_url, "protocols": ["openai", "anthropic", "gemini"], "jurisdiction": "US", "models": ["*"]},
        ],
        "policies": {"bundle": "builtin:strict"},
        "applications": applications,
        "principals": principals,
        "operators": [
            {"key_sha256": operator_hash, "name": "officer", "roles": ["operator", "security", "compliance", "auditor"]}
        ],
        "limits": {"calls_per_minute": 100000, "tenant_calls_per_minute": 100000, "concurrent": 1000, "tenant_concurrent": 2000},
    } | overrides  # fmt: skip
    product = Product(folder, config, callers, operator_key, provider_url, record)
    product.write_config()
    return product
