"""A known call is taken at once, and nobody can tell: records, answers and limits are those of the steps one by one.

The parts are real (log writer, inspector, data plane, canned provider), all in one process; callers keep a connection, and
what they ask for came before.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from audit.appender import Appender
from audit.record import body_of
from gateway import pipeline
from gateway.app import DataPlane
from gateway.commands.key import new_key
from gateway.configuration.effective import Effective
from gateway.processes.worker import Server, _config
from policies.bundle import load
from tests.gateway.test_closed import data_plane
from tests.providers.canned import CannedProvider

CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"
KEY, KEY_HASH = new_key("caller")
BEARER = {"authorization": f"Bearer {KEY}"}
ANTHROPIC = {"x-api-key": KEY, "anthropic-version": "2023-06-01"}
FLOW = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
CHANGES = re.compile(rb'"(span_id|trace_id|first_byte_ms|latency_ms|flow|response|delivered|now)":("[^"]*"|\d+|null)')


class Line:
    """A caller, who keeps a connection while it is kept for him."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, path: str, body: dict[str, Any], headers: dict[str, str]) -> tuple[int, bytes]:
        """Status and body of the answer, without what no two answers have in common."""
        data = orjson.dumps(body)
        fields = {"host": "x", "content-type": "application/json", **headers, "content-length": str(len(data))}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        reader, writer = self._streams or await asyncio.open_connection("127.0.0.1", self._port)
        self._streams = reader, writer
        writer.write(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + data)
        head_, _, _ = (await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n\r\n")
        lines = dict(line.lower().split(b": ", 1) for line in head_.split(b"\r\n")[1:])
        if b"content-length" in lines:
            said = await reader.readexactly(int(lines[b"content-length"]))
        else:
            said = await reader.readuntil(b"\r\n0\r\n\r\n")
        if lines.pop(b"connection", b"") == b"close":
            self.leave()
        for name in (b"lexgate-flow", b"date"):
            lines.pop(name, None)
        return int(head_[9:12]), repr(sorted(lines.items())).encode() + FLOW.sub(b"", said)

    def leave(self) -> None:
        """Closes the connection; the next call opens another one."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


class Told:
    """What was said to the log, in order, as bytes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.leaves: list[Any] = []
        self.at_once: list[bool] = []
        append, taken = Appender.append, pipeline.known_call

        async def told(appender: Appender, draft: Any, **named: Any) -> Any:
            if draft.flow:
                groups = {
                    name: FLOW.sub(b"", CHANGES.sub(b"", body_of(each, plain=True)))
                    for name, each in draft.apart().items()
                }
                self.leaves.append((draft.kind, draft.tenant, draft.user, draft.attempt, groups))
            return await append(appender, draft, **named)

        def tried(flow: Any, services: Any) -> bool:
            self.at_once.append(taken(flow, services))
            return self.at_once[-1]

        monkeypatch.setattr(Appender, "append", told)
        monkeypatch.setattr(pipeline, "known_call", tried)


@asynccontextmanager
async def served(folder: Path, audience: str = "internal") -> AsyncIterator[tuple[DataPlane, Line]]:
    async with CannedProvider() as provider, data_plane(folder, provider.url, KEY_HASH) as plane:
        listener = socket.create_server(("127.0.0.1", 0))
        server = Server(_config(plane, plane.services().settings))
        serving = asyncio.ensure_future(server.serve(sockets=[listener]))
        internal = [each.model_copy(update={"audience": audience}) for each in plane.services().settings.applications]
        plane.reload(effective(plane, applications=tuple(internal)))
        line = Line(listener.getsockname()[1])
        try:
            yield plane, line
        finally:
            line.leave()
            server.drain()
            await serving


def chat(text: str, **more: Any) -> dict[str, Any]:
    return {"model": "echo", "messages": [{"role": "user", "content": text}], **more}


OWN = frozenset({"authorization", "x-api-key", "anthropic-version"})
CALLS: dict[str, tuple[str, dict[str, Any], dict[str, str], bool]] = {
    "nothing in it": (CHAT, chat("Hello there."), BEARER, True),
    "what is redacted": (CHAT, chat("card 4111 1111 1111 1111, phone +49 151 23456789"), BEARER, True),
    "JSON is asked for": (CHAT, chat("Hi.", response_format={"type": "json_object"}), BEARER, True),
    "a stream": (CHAT, chat("Hello there.", stream=True), BEARER, True),
    "a model that nobody serves well": (CHAT, chat("Hello.", model="status-500"), BEARER, True),
    "Anthropic": (MESSAGES, {**chat("Hello there."), "max_tokens": 9}, ANTHROPIC, True),
    "a feature that is none": (CHAT, chat("Hello there."), {**BEARER, "openai-beta": "x" * 400}, True),
    "a session": (CHAT, chat("Hello there."), {**BEARER, "session-id": "s-1"}, False),
    "a trace": (CHAT, chat("Hello there."), {**BEARER, "traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}, False),
    "a purpose": (CHAT, chat("Hello there."), {**BEARER, "lexgate-purpose": "support"}, False),
    "another type": (CHAT, chat("Hello there."), {**BEARER, "content-type": "text/plain"}, False),
    "a stranger": (CHAT, chat("Hello there."), {"authorization": "Bearer nobody"}, False),
}


@pytest.mark.parametrize("audience", ["internal", "public"])
async def test_the_same_call_says_the_same_at_once_and_step_by_step(audience: str, tmp_path: Path) -> None:
    async with served(tmp_path, audience) as (_plane, line):
        for name, (path, body, headers, at_once) in CALLS.items():
            own = {field: value for field, value in headers.items() if field in OWN}
            for fields in (own, own, own, headers):
                await line.ask(path, body, fields)
            with pytest.MonkeyPatch.context() as patched:
                told = Told(patched)
                answer = await line.ask(path, body, headers)
                assert told.at_once == ([at_once] if name != "a feature that is none" else []), name
                leaves, told.leaves = told.leaves, []
                patched.setattr(pipeline, "known_call", lambda _flow, _services: False)
                assert await line.ask(path, body, headers) == answer, name
                assert told.leaves == leaves, name


async def test_a_body_is_not_known_by_its_second_coming_or_to_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with served(tmp_path) as (_plane, line):
        await line.ask(CHAT, chat("Warm."), BEARER)
        told = Told(monkeypatch)
        for text in ("Hello.", "Hello.", "Hello.", "Hello!"):
            await line.ask(CHAT, chat(text), BEARER)
        assert told.at_once == [False, False, True, False]


async def known(line: Line, told: Told) -> None:
    for _ in range(3):
        assert (await line.ask(CHAT, chat("Hello."), BEARER))[0] == 200
    assert told.at_once[-1]


def effective(plane: DataPlane, bundle: str = "builtin:strict", **changed: Any) -> Effective:
    settings = plane.services().settings
    return Effective(settings.model_copy(update=changed), bundle, load(bundle).digest, 2)


async def test_a_key_that_is_taken_back_ends_with_the_next_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with served(tmp_path) as (plane, line):
        await known(line, Told(monkeypatch))
        plane.reload(effective(plane, principals=()))
        assert (await line.ask(CHAT, chat("Hello."), BEARER))[0] == 401


async def test_another_bundle_decides_the_next_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with served(tmp_path) as (plane, line):
        told = Told(monkeypatch)
        await known(line, told)
        plane.reload(effective(plane, "builtin:lawful"))
        await line.ask(CHAT, chat("Hello."), BEARER)
        intents = [leaf for leaf in told.leaves if leaf[0] == "intent"]
        bundles = [
            orjson.loads(leaf[4]["pub"].replace(b",,", b",").replace(b"{,", b"{"))["bundle"] for leaf in intents[-2:]
        ]
        assert bundles == [load("builtin:strict").digest, load("builtin:lawful").digest]


async def test_a_limit_holds_from_the_next_call_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with served(tmp_path) as (plane, line):
        told = Told(monkeypatch)
        await known(line, told)
        limits = plane.services().settings.limits.model_copy(update={"calls_per_minute": 1})
        plane.reload(effective(plane, limits=limits))
        recorded = len(told.leaves)
        statuses = {(await line.ask(CHAT, chat("Hello."), BEARER))[0] for _ in range(3)}
        assert 429 in statuses
        assert len(told.leaves) <= recorded + 2  # nothing is recorded of a call over its limit, here as there
        assert plane.services().refusals.take(1) is not None


async def test_a_call_is_refused_when_a_part_that_it_needs_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with served(tmp_path) as (plane, line):
        await known(line, Told(monkeypatch))

        class Gone:
            def __getattr__(self, name: str) -> Any:
                raise RuntimeError(name)

        plane._services = replace(plane.services(), lineage=Gone())  # type: ignore[arg-type]
        assert (await line.ask(CHAT, chat("Hello."), BEARER))[0] == 500
