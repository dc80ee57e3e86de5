"""Closed, not open: whatever component fails, the call is refused with a clear error, and nothing reaches the provider.

The parts are real (log writer, inspector, data plane, canned provider), all in one process; one part at a time breaks.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

import audit.service
from audit.errors import LogUnavailable
from audit.keys import Keyring
from gateway.app import DataPlane
from gateway.commands.key import new_key
from gateway.configuration.effective import Effective
from gateway.errors import Unavailable
from gateway.extraction.extract import Reading
from gateway.inspection.guard import GuardScanner
from gateway.inspection.service import serve
from gateway.processes import extractor
from gateway.processes.inspector import methods
from gateway.services import Services
from gateway.settings import Settings
from policies.bundle import load
from policies.errors import PolicyFailed
from tests.providers.canned import CannedProvider


@asynccontextmanager
async def data_plane(folder: Path, provider: str, key_hash: str) -> AsyncIterator[DataPlane]:
    settings = Settings.model_validate(
        {
            "store": f"sqlite:///{folder / 'lexgate.db'}",
            "run_dir": str(folder),
            "keys": {"file": str(folder / "keys")},
            "inspection": {"names": False},
            "timeouts": {"record": 0.5, "inspect": 1.0},
            "providers": [{"name": "abroad", "base_url": provider, "protocols": ["openai", "anthropic"], "jurisdiction": "US"}],
            "applications": [{"name": "site", "tenant": "acme", "audience": "public"}],
            "principals": [{"key_sha256": key_hash, "application": "site", "user": "u", "country": "DE"}],
        }
    )  # fmt: skip
    (folder / "metrics").mkdir()
    keyring = Keyring.create(folder / "keys")
    ready = [asyncio.Event(), asyncio.Event(), asyncio.Event()]
    tasks = [
        asyncio.ensure_future(
            audit.service.run(settings.store_path, keyring, folder / "log.sock", "test/log", ready[0].set)
        ),
        asyncio.ensure_future(serve(folder / "inspector-0.sock", lambda: methods(names=False), ready[1].set)),
        asyncio.ensure_future(serve(folder / "extractor-0.sock", lambda: extractor.methods(Reading()), ready[2].set)),
    ]
    await asyncio.gather(*(event.wait() for event in ready))
    plane = await DataPlane.start(
        Effective(settings, "builtin:strict", load("builtin:strict").digest, 1), 0, GuardScanner()
    )
    try:
        yield plane
    finally:
        await plane.close()
        for task in reversed(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Broken:
    """Stands for any part that has failed: whatever is asked of it raises."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Any:
        def fail(*_arguments: Any, **_named: Any) -> Any:
            raise self._error

        return fail


class BrokenInspectors:
    """Inspectors that cannot answer."""

    async def call(self, method: str, payload: Any, deadline_s: float, tenant: str = "") -> Any:
        raise Unavailable("inspection is not available")

    async def close(self) -> None: ...


class DeadLog:
    """A log whose connection is lost while a call is under way."""

    def __init__(self, kinds: set[str], real: Any) -> None:
        self._kinds, self._real = kinds, real
        self.lost = real.lost

    async def append(self, draft: Any, **named: Any) -> Any:
        if draft.kind.value in self._kinds:
            raise LogUnavailable("the log writer is gone")
        return await self._real.append(draft, **named)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class LogOf:
    """Hands out a given appender."""

    def __init__(self, real: Any, appender: Any) -> None:
        self._real, self._appender = real, appender

    def current(self) -> Any:
        return self._appender

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class NoLog:
    """The log connection while there is no log writer."""

    def current(self) -> Any:
        raise Unavailable("the log is not available", retry_after=1)


def dead_log(kind: str) -> Callable[[Services], Services]:
    return lambda services: replace(services, log=LogOf(services.log, DeadLog({kind}, services.log.current())))


FAILURES: dict[str, Callable[[Services], Services]] = {
    "detector": lambda services: replace(services, inspectors=BrokenInspectors()),
    "verdict cache": lambda services: replace(services, verdicts=Broken(RuntimeError("cache"))),
    "lineage": lambda services: replace(services, lineage=Broken(RuntimeError("map"))),
    "policy": lambda services: replace(services, policy=Broken(PolicyFailed("undefined"))),
    "policy panic": lambda services: replace(services, policy=Broken(RuntimeError("panic"))),
    "log": dead_log("intent"),
    "limits": lambda services: replace(services, limits=Broken(RuntimeError("map"))),
    "keys": lambda services: replace(services, keys=Broken(RuntimeError("keys"))),
    "decoder": lambda services: replace(services, decoders={}),
    "settings of providers": lambda services: replace(services, routes=Broken(RuntimeError("routes"))),
}
PERSONAL = "card 4111 1111 1111 1111, phone +49 151 23456789"


async def ask(plane: DataPlane, key: str, *, stream: bool = False, text: str = PERSONAL) -> httpx.Response:
    transport = httpx.ASGITransport(app=plane.application)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://lexgate") as client:
        return await client.post(
            "/v1/chat/completions",
            headers={"Authorization": f"Bearer {key}"},
            json={"model": "echo", "stream": stream, "messages": [{"role": "user", "content": text}]},
        )


@pytest.mark.parametrize("failure", FAILURES)
async def test_a_failed_part_refuses_the_call_and_nothing_leaves(tmp_path: Path, failure: str) -> None:
    key, key_hash = new_key("caller")
    async with CannedProvider() as provider, data_plane(tmp_path, provider.url, key_hash) as plane:
        assert (await ask(plane, key)).status_code == 200
        received = len(provider.requests)
        plane._services = FAILURES[failure](whole := plane.services())
        answer = await ask(plane, key, text=PERSONAL + ", something new for maria@example.com")
        plane._services = whole
        assert answer.status_code in {500, 503}
        assert answer.json()["error"]["code"] in {"lexgate_unavailable", "lexgate_internal"}
        assert "4111" not in answer.text
        assert len(provider.requests) == received


@pytest.mark.parametrize("stream", [False, True])
async def test_an_outcome_that_cannot_be_recorded_withholds_the_end_of_the_answer(tmp_path: Path, stream: bool) -> None:
    key, key_hash = new_key("caller")
    async with CannedProvider() as provider, data_plane(tmp_path, provider.url, key_hash) as plane:
        plane._services = dead_log("outcome")(whole := plane.services())
        answer = await ask(plane, key, stream=stream, text="hello")
        plane._services = whole
        assert "lexgate_unavailable" in answer.text
        assert "[DONE]" not in answer.text
        assert stream or answer.status_code == 503
        whole.call_metrics.count_all()
        ends = {row["labels"]["status"] for row in whole.metrics.snapshot()["counters"]["lexgate_calls"]}
        assert ends == {"interrupted"}  # as the log closes it: not as the call would have ended


async def test_a_label_that_fails_withholds_the_end_of_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: Any) -> str:
        raise RuntimeError("no label")

    key, key_hash = new_key("caller")
    async with CannedProvider() as provider, data_plane(tmp_path, provider.url, key_hash) as plane:
        monkeypatch.setattr("gateway.marking.outputs.text_label", broken)
        for stream in (False, True):
            answer = await ask(plane, key, stream=stream, text="hello out there")
            assert "lexgate_internal" in answer.text
            assert "[DONE]" not in answer.text


async def test_calls_that_a_missing_log_refuses_are_counted(tmp_path: Path) -> None:
    key, key_hash = new_key("caller")
    async with CannedProvider() as provider, data_plane(tmp_path, provider.url, key_hash) as plane:
        whole = plane.services()
        plane._services = replace(whole, log=NoLog())
        answer = await ask(plane, key)
        plane._services = whole
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        counters = whole.metrics.snapshot()["counters"]
        assert [row["labels"]["status"] for row in counters["lexgate_calls"]] == ["failed"]
        assert [row["labels"]["code"] for row in counters["lexgate_refusals"]] == ["lexgate_unavailable"]
        assert not provider.requests
