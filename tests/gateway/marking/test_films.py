"""What a job is told as while its film is marked, cannot be marked, or fails to be: by the bytes that the caller gets."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from audit.keys import Keyring
from gateway.errors import Denied, LexgateError, Unavailable
from gateway.flow import Principal
from gateway.ingress.endpoints import endpoint_of
from gateway.marking.content_store import ContentStore
from gateway.marking.demand import _demand
from gateway.marking.film_states import FilmStates
from gateway.marking.films import MOST, SHARE, TRIES, Films

JOB = "video_123"
BODY = b'{"id":"video_123", "status" : "completed","progress":100,"completed_at":7,"prompt":"a \\u0066ox"}'
EARLY = b'{"id":"video_123", "status" : "in_progress","progress":100,"completed_at":null,"prompt":"a \\u0066ox"}'


@dataclass
class Stage:
    """Films over real files, with calls whose end the test decides."""

    folder: Path
    now: float = field(default_factory=time.time)  # files have the real one's times
    end: Callable[[Any], LexgateError | None] = lambda flow: None
    calls: list[Any] = field(default_factory=list)
    held: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.held.set()
        Keyring.create(self.folder / "keys")
        derive = Keyring.open(self.folder / "keys").derive
        self.content = ContentStore(self.folder / "content", derive, 1_000_000, 600, lambda: self.now)
        self.films = Films(FilmStates(self.folder / "films", derive, lambda: self.now), self._run)
        log = SimpleNamespace(current=lambda: None, enter=lambda *_: None, leave=lambda _: None)
        trace = SimpleNamespace(traceparent="", span=None)
        self.services: Any = SimpleNamespace(
            log=log, content=self.content, tracing=SimpleNamespace(begin=lambda *_: trace),
            settings=SimpleNamespace(
                timeouts=SimpleNamespace(total=60), marking=SimpleNamespace(video_seconds=60, unsupported="profile"),
                labels=SimpleNamespace(profile="auto"),
            ),
        )  # fmt: skip
        self.trace = trace

    async def _run(self, flow: Any, services: Any) -> None:
        """The journey of the call that gets and marks the film."""
        self.calls.append(flow)
        await self.held.wait()
        flow.error = self.end(flow)
        if flow.error is not None:
            await flow.caller.start(flow.error.status, [])
            return
        flow.labels = ("explicit", "c2pa")
        await flow.caller.start(200, [(b"content-type", b"video/mp4")])
        await flow.caller.send(b"marked by " + flow.id.encode(), more=False)

    def asked(self, user: str = "li", tenant: str = "acme", job: str = JOB, *, waived: bool = False) -> Any:
        """A call about a job."""
        demand = _demand("DE", "public", date(2026, 11, 26), "auto", frozenset(), "profile", waived)
        path, who = f"/v1/videos/{job}", Principal(tenant, "crm", "public", user, "support", "DE", "", "k")
        headers = {b"authorization": b"Bearer secret", b"host": b"a"} | ({b"lexgate-label": b"none"} if waived else {})
        return SimpleNamespace(
            id="0199-poll", who=who, film={}, trace=self.trace, several_tenants=True, kept=None, time_us=1_790_000_000_000_000,
            endpoint=endpoint_of(path, b"", "GET"), outputs=SimpleNamespace(demand=demand, made=[]),
            decision=SimpleNamespace(labels=()), caller=SimpleNamespace(headers=headers),
            report=SimpleNamespace(complete=True, finish="completed", response_id=job), upstream=SimpleNamespace(status=200),
        )  # fmt: skip

    async def told(self, flow: Any = None) -> bytes:
        said = await self.films.told(flow or self.asked(), self.services, BODY)
        if self.held.is_set():
            await asyncio.gather(*self.films._running.values(), return_exceptions=True)
            await asyncio.sleep(0)
        return said

    async def content_of(self, flow: Any = None) -> Any:
        flow = flow or self.asked()
        flow.endpoint = endpoint_of(f"{flow.endpoint.path}/content", b"", "GET")
        await self.films.recall(flow, self.services)
        return flow.kept


async def test_a_job_is_in_progress_until_its_film_is_marked_and_nothing_else_is_changed(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.held.clear()
    assert [await stage.told() for _ in range(3)] == [EARLY] * 3
    stage.held.set()
    await stage.told()  # it may be marked by then, or not: afterwards it is
    assert await stage.told() == BODY
    (call,) = stage.calls
    assert call.parents == ("0199-poll",)
    assert call.who.user == "li"
    assert b"secret" not in repr(call.caller.headers).encode()
    kept = await stage.content_of()
    assert (kept.body, kept.flow, kept.carries) == (b"marked by " + call.id.encode(), call.id, ("explicit", "c2pa"))
    assert kept.headers == {"content-type": "video/mp4"}
    assert len(stage.calls) == 1


async def test_a_film_that_can_never_be_marked_fails_at_once_and_is_not_tried_again_by_asking(tmp_path: Path) -> None:
    stage = Stage(tmp_path, end=lambda _: Denied("it cannot carry the marks", rule="lexgate.label.unsupported"))
    assert await stage.told() == EARLY
    for _ in range(3):
        said = orjson.loads(await stage.told())
        assert (said["status"], said["completed_at"]) == ("failed", None)
        assert said["error"] == {"code": "lexgate_denied", "message": "it cannot carry the marks"}
        stage.now += 3600
    assert len(stage.calls) == 1


async def test_what_may_be_over_soon_is_tried_again_later_and_later_and_not_for_ever(tmp_path: Path) -> None:
    stage, times = Stage(tmp_path, end=lambda _: Unavailable("the worker died")), []
    start = stage.now
    while orjson.loads(await stage.told())["status"] == "in_progress":
        if len(times) < len(stage.calls):
            times.append(stage.now - start)
        stage.now += 1
    assert [round(each) for each in times] == [0, 5, 15, 35, 75, 155]
    assert len(stage.calls) == TRIES
    stage.end = lambda _: None  # whoever asks for the content tries it once more
    assert (await stage.content_of()).body.startswith(b"marked by")
    assert await stage.told() == BODY


async def test_who_asks_for_content_too_early_does_not_make_the_job_fail(tmp_path: Path) -> None:
    stage = Stage(tmp_path, end=lambda _: Unavailable("not yet"))
    for _ in range(2 * TRIES):
        with pytest.raises(Unavailable, match="not yet"):
            await stage.content_of()
    stage.end = lambda _: None
    assert await stage.told() == EARLY
    assert await stage.told() == BODY


async def test_films_are_told_apart_by_principal_tenant_and_the_marks_that_are_demanded(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    whose: list[dict[str, Any]] = [{}, {"user": "max"}, {"tenant": "globex"}, {"waived": True}, {"job": "video_124"}]
    for number, each in enumerate(whose, 1):
        assert await stage.told(stage.asked(**each)) == EARLY
        assert await stage.told(stage.asked(**each)) == BODY
        assert len(stage.calls) == number
    bodies = {(await stage.content_of(stage.asked(**each))).body for each in whose}
    assert len(bodies) == len(whose)


async def test_what_is_kept_for_no_longer_is_marked_anew_and_its_job_stays_completed(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    await stage.told()
    first = await stage.content_of()
    stage.now += 601
    assert await stage.told() == BODY
    assert (await stage.content_of()).body != first.body
    assert len(stage.calls) == 2


async def test_one_tenant_has_half_of_what_is_in_hand_and_others_the_rest(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.held.clear()
    for number in range(MOST):
        assert await stage.told(stage.asked(job=f"video_{number}")) == EARLY
    await asyncio.sleep(0)
    assert len(stage.calls) == MOST * SHARE
    with pytest.raises(Unavailable, match="too many films"):
        await stage.content_of(stage.asked(job="video_99"))
    await stage.told(stage.asked(tenant="globex"))
    await asyncio.sleep(0)
    assert len(stage.calls) == MOST * SHARE + 1
    await stage.films.close()


async def test_a_caller_that_leaves_does_not_end_what_others_wait_for(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.held.clear()
    leaving, staying = [asyncio.ensure_future(stage.content_of()) for _ in range(2)]
    await asyncio.sleep(0.2)
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    stage.held.set()
    assert (await staying).body.startswith(b"marked by")
    assert len(stage.calls) == 1


async def test_a_film_of_a_job_that_was_deleted_meanwhile_is_not_kept(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.held.clear()
    await stage.told()
    deletion = stage.asked()
    deletion.endpoint = endpoint_of(f"/v1/videos/{JOB}", b"", "DELETE")
    assert await stage.films.told(deletion, stage.services, b"{}") == b"{}"
    stage.held.set()
    await stage.told()
    assert await stage.content_of() is None  # the provider is asked
    assert not [path for path in (tmp_path / "content").iterdir() if path.name.count("-") == 2]


async def test_a_film_that_an_answer_itself_gave_is_marked_there(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    flow = stage.asked()
    flow.outputs.made = ["one"]
    assert await stage.told(flow) == BODY
    assert stage.calls == []


async def test_where_there_is_no_room_a_film_is_marked_each_time_it_is_asked_for(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.content._most = 10
    assert await stage.told() == EARLY
    assert await stage.told() == BODY
    assert (await stage.content_of()).body != (await stage.content_of()).body
    assert len(stage.calls) == 3
