"""Films that jobs made: marked as soon as somebody learns that one is there, and once. `completed` means: marked.

A provider's `completed` says that the film lies there, without marks. So who first asks for a job that is completed, or for
its content, starts a call of the gateway's own (a flow with intent and outcome, like any other): it fetches the film, has
it marked and keeps it. Until then the job is `in_progress` for the caller; a film that cannot be marked makes it `failed`.
Its content is then served from where it is kept; once that time is over, it is fetched and marked anew when it is asked for.
What is kept is told apart by the marks that are demanded: who asks for others gets these.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import orjson
import structlog
from uuid_utils import uuid7

from gateway.errors import Denied, LexgateError, Unavailable, UpstreamFailed
from gateway.flow import Flow, Timing
from gateway.ingress.endpoints import Endpoint, endpoint_of
from gateway.ingress.nobody import Nobody
from gateway.marking.demand import Demand, demand_of
from gateway.marking.film_states import FilmState, FilmStates
from gateway.protocols.openai_videos import CONTENT, DELETION, JOBS, STATUS
from gateway.protocols.pipe import Pipe
from gateway.protocols.video_answer import COMPLETED, still_in_progress, that_failed
from watermark.profile import KINDS

if TYPE_CHECKING:
    from gateway.services import Services

MOST, SHARE = 8, 0.5
"""Films that one data worker has in hand at once, and how many of them may be one tenant's."""
TRIES = 6
"""After so many a job is told as failed. Between them there are 5 s, and twice as many each time."""
FIRST_WAIT_SECONDS = 5.0
ELSEWHERE_SECONDS = 0.5
"""How often is looked whether another data worker has marked a film."""
PASSED_BY = frozenset({401, 403, 429, 503, 529})
"""Answers of a provider that are about our call to it, not about the caller's."""

log = structlog.get_logger("lexgate.films")


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer that is here already, in the place of a provider's (`gateway.upstream.port.UpstreamAnswer`).

    `flow`: the call that got and marked it. `carries`: its marks. `sidecars`: tokens of links to manifests beside it.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    flow: str = ""
    carries: tuple[str, ...] = ()
    sidecars: tuple[str, ...] = field(default=(), repr=False)

    async def chunks(self) -> AsyncIterator[bytes]:
        """All of it."""
        yield self.body

    async def relay(self, take: Callable[[bytes], bool], pipe: Pipe | None = None) -> None:
        """Hands over nothing: `chunks` has all."""

    def whole(self) -> bytes | None:
        """None: `chunks` has it."""
        return None

    def close(self) -> None:
        """Nothing is open."""


class Films:
    """Belongs to one event loop. `run` is the journey of a call."""

    def __init__(self, states: FilmStates, run: Callable[[Flow, Services], Awaitable[None]]) -> None:
        self._states = states
        self._run = run
        self._running: dict[str, asyncio.Task[Kept]] = {}
        self._of: Counter[str] = Counter()

    async def close(self) -> None:
        """Ends what runs; it is recorded as such, and begun anew when it is asked for."""
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        self._states.close()

    # --- a film's content is asked for ---

    async def recall(self, flow: Flow, services: Services) -> None:
        """Sets `flow.kept` to the marked film, which is waited for; nothing where the provider itself is to be asked.

        Raises what the call raised that was to get it, and Unavailable.
        """
        demand = None if type(flow.caller) is Nobody else demand_of(flow, services)
        if flow.endpoint.protocol != CONTENT or demand is None:
            return  # it comes as it was made, or this is the very call that gets it
        job, name = self._names(flow, flow.endpoint.job, demand)
        if await asyncio.to_thread(self._states.is_gone, job):
            return
        try:
            async with asyncio.timeout(services.settings.timeouts.total + 3 * services.settings.marking.video_seconds):
                flow.kept = await self._recalled(flow, services, name)
        except TimeoutError:
            raise Unavailable("the film is still being marked", retry_after=30) from None

    async def _recalled(self, flow: Flow, services: Services, name: str) -> Kept:
        while True:
            kept = await asyncio.to_thread(_kept, services, flow.who.tenant, name)
            if kept is not None:
                return kept
            task = self._running.get(name)
            if task is None:
                if self._of.total() >= MOST or self._of[flow.who.tenant] >= MOST * SHARE:
                    raise Unavailable("too many films are being marked; ask again later", retry_after=10)
                task = self._start(flow, services, name, flow.endpoint, noted=False)
            if task is None:  # another data worker has it in hand
                await asyncio.sleep(ELSEWHERE_SECONDS)
                continue
            return await asyncio.shield(task)

    # --- a job's state is told ---

    async def told(self, flow: Flow, services: Services, body: bytes) -> bytes:
        """What is said of a job: a film that is there but not marked yet is still in progress. Starts its marking."""
        report, protocol, status = flow.report, flow.endpoint.protocol, flow.upstream.status if flow.upstream else 0
        if report is None or not report.complete or status >= 400:
            return body
        if protocol == DELETION:
            await asyncio.to_thread(self._forget, flow, services)
        if protocol not in {JOBS, STATUS} or report.finish != COMPLETED or flow.outputs is None:
            return body
        demand, of = flow.outputs.demand, flow.endpoint.job or report.response_id or ""
        endpoint = endpoint_of(f"/v1/videos/{of}/content", b"", "GET")
        if endpoint is None or flow.outputs.made or not demand.marking("video").asks:
            return body  # its content cannot be asked for, or stood in the answer itself, or comes as it was made
        job, name = self._names(flow, of, demand)
        state, gone = await asyncio.to_thread(lambda: (self._states.get(name), self._states.is_gone(job)))
        if gone or (state is not None and state.state == "ready"):
            flow.film = {"state": "ready", **({} if state is None else {"flow": state.flow})}
            return body
        if state is not None and name not in self._running and (state.final or state.tries >= TRIES):
            flow.film = {"state": "failed", "flow": state.flow}
            return that_failed(body, state.code, state.message)
        if state is None or self._states.clock() >= state.at + FIRST_WAIT_SECONDS * 2 ** (state.tries - 1):
            self._start(flow, services, name, endpoint, noted=True)
        flow.film = {"state": "marking"}
        return still_in_progress(body)

    def _forget(self, flow: Flow, services: Services) -> None:
        """Of a job that was deleted nothing is kept, whatever marks it carries."""
        job = self._states.job(flow.who.tenant, principal_of(flow), flow.endpoint.job)
        try:
            for name in self._states.films_of(job):
                services.content.drop(flow.who.tenant, _place(name))
            self._states.forget(job)
        except OSError as error:
            log.error("a film of a deleted job could not be removed", flow=flow.id, error=type(error).__name__)

    # --- the call that gets and marks it ---

    def _start(
        self, flow: Flow, services: Services, name: str, endpoint: Endpoint, *, noted: bool
    ) -> asyncio.Task[Kept] | None:
        """The task that marks a film; None where another worker does, or too many are in hand.

        `noted`: its failure counts for what the job's state is told as.
        """
        tenant = flow.who.tenant
        if (running := self._running.get(name)) is not None:
            return running
        if self._of.total() >= MOST or self._of[tenant] >= MOST * SHARE or not self._states.lock(name):
            return None
        task = asyncio.ensure_future(self._marked(flow, services, name, endpoint, noted=noted))
        self._running[name] = task
        self._of[tenant] += 1

        def ended(task: asyncio.Task[Kept]) -> None:
            del self._running[name]
            self._of[tenant] -= 1
            self._states.unlock(name)
            if not task.cancelled():
                task.exception()  # told to whoever waits, and recorded: not an error of the loop

        task.add_done_callback(ended)
        return task

    async def _marked(self, cause: Flow, services: Services, name: str, endpoint: Endpoint, *, noted: bool) -> Kept:
        """Gets the film and has it marked, in a call of its own. Raises LexgateError."""
        nobody, flow_id = Nobody(cause.caller.headers), str(uuid7())
        appender = services.log.current()
        flow = Flow(
            id=flow_id,
            time_us=time.time_ns() // 1000,
            endpoint=endpoint,
            caller=nobody,
            log=appender,
            timing=Timing(time.perf_counter()),
            trace=services.tracing.begin(cause.trace.traceparent, flow_id, endpoint.route),
            principal=cause.who,
            several_tenants=cause.several_tenants,
            parents=(cause.id,),
        )
        flow.who = cause.who
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a call runs in a task")
        services.log.enter(task, appender)
        try:
            await self._run(flow, services)
        finally:
            services.log.leave(task)
        error = flow.error or _not_for_the_caller(nobody.status)
        if noted and (error is not None or nobody.status >= 400):
            failed = error or UpstreamFailed("the provider did not give the film")
            await asyncio.to_thread(self._note, name, _failure(self._states, name, flow_id, failed))
        if error is not None:
            raise error
        outputs = flow.outputs
        sidecars = tuple(outputs.sidecars) if outputs is not None else ()
        kept = Kept(nobody.status, nobody.answer_headers, nobody.answer, flow_id, flow.labels, sidecars)
        if kept.status < 400:
            media_type = nobody.answer_headers.get("content-type", "application/octet-stream")
            kept = replace(kept, headers={"content-type": media_type})
            await asyncio.to_thread(self._keep, services, cause.who.tenant, name, kept)
        return kept

    def _keep(self, services: Services, tenant: str, name: str, kept: Kept) -> None:
        """Where there is no room for it, it is marked anew each time it is asked for: that it can be is known now."""
        about = {"flow": kept.flow, "carries": list(kept.carries), "sidecars": list(kept.sidecars)}
        with contextlib.suppress(Unavailable):
            services.content.put(tenant, kept.headers["content-type"], kept.body, name=_place(name), about=about)
        self._note(name, FilmState("ready", kept.flow, self._states.clock()))
        if self._states.is_gone(name.partition("-")[0]):
            services.content.drop(tenant, _place(name))

    def _note(self, name: str, state: FilmState) -> None:
        try:
            self._states.put(name, state)
        except OSError as error:
            log.error("what became of a film could not be noted", flow=state.flow, error=type(error).__name__)

    def _names(self, flow: Flow, job: str, demand: Demand) -> tuple[str, str]:
        """The name of a principal's job, and of its film with the marks that are demanded."""
        of = self._states.job(flow.who.tenant, principal_of(flow), job)
        said = orjson.dumps([demand.waived, [asdict(demand.marking(kind)) for kind in KINDS]])
        return of, f"{of}-{sha256(said).hexdigest()[:16]}"


def principal_of(flow: Flow) -> str:
    """Whose jobs these are, within the tenant: as the vault knows them."""
    return f"{flow.who.application}/{flow.who.user}"


def _kept(services: Services, tenant: str, name: str) -> Kept | None:
    found = services.content.kept(tenant, _place(name))
    if found is None:
        return None
    about: Mapping[str, Any] = found.about
    headers = {"content-type": found.media_type}
    return Kept(200, headers, found.data, about["flow"], tuple(about["carries"]), tuple(about["sidecars"]))


def _place(name: str) -> bytes:
    """Where it lies in the store of marked files."""
    return sha256(f"film {name}".encode()).digest()[:16]


def _not_for_the_caller(status: int) -> LexgateError | None:
    return UpstreamFailed("the provider did not give the film") if status in PASSED_BY or status >= 500 else None


def _failure(states: FilmStates, name: str, flow: str, error: LexgateError) -> FilmState:
    """What is noted of one more failure. A denial stays one; anything else may be over soon."""
    before = states.get(name)
    tries = before.tries + 1 if before is not None and before.state == "failed" else 1
    return FilmState("failed", flow, states.clock(), tries, isinstance(error, Denied), error.code, error.message)
