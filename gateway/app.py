"""Composition root of the data plane: settings → stores → services → the ASGI application."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import structlog

from audit.errors import AuditError
from audit.keys import Keyring
from gateway import pipeline
from gateway.admission.limits import LimitTable
from gateway.admission.strangers import Refusals
from gateway.configuration.effective import Effective
from gateway.deciding.decided_calls import DecidedCalls
from gateway.deciding.policy_point import PolicyPoint
from gateway.errors import ConfigurationError, LexgateError, Unavailable
from gateway.heavy_work import HeavyWork
from gateway.identity.directory import Directory
from gateway.identity.issued_keys import Issued, IssuedKeysFile
from gateway.identity.port import NoTokens, TokenVerifier
from gateway.ingress.catalogue import create_catalogue
from gateway.ingress.known_requests import KnownRequests
from gateway.ingress.reverse_proxy import ReverseProxy
from gateway.inspection.cache import VerdictCache
from gateway.inspection.client import InspectorPool
from gateway.inspection.guard import GuardScanner
from gateway.lineage.ancestry import Lineage
from gateway.lineage.table import LineageTable
from gateway.marking import content_store, stamps
from gateway.marking.client import MarkingClient
from gateway.marking.content_store import ContentStore
from gateway.marking.film_states import FOLDER as FILM_STATES
from gateway.marking.film_states import FilmStates
from gateway.marking.films import Films
from gateway.marking.installed import unavailable
from gateway.marking.keys import signer_of
from gateway.marking.stamps import Stamps
from gateway.marking.wire import FILMS
from gateway.marking.wire import SOCKET as MARKING_SOCKET
from gateway.model_names import ModelNames
from gateway.processes.writer import SOCKET
from gateway.protocols.registry import DECODERS
from gateway.recording.log_connection import LogConnection
from gateway.services import Services, TenantKeys
from gateway.settings import Settings
from gateway.settling.settler import Settler
from gateway.telemetry.call_metrics import CallMetrics
from gateway.telemetry.metrics import Registry, resume_snapshot, write_snapshot
from gateway.telemetry.spans import Tracing
from gateway.upstream.fetch import Fetcher
from gateway.upstream.headers import RequestHeaders
from gateway.upstream.health import Health
from gateway.upstream.http1 import Http1Client
from gateway.upstream.key_pool import KeyPools
from gateway.upstream.port import Upstream
from gateway.upstream.probing import Prober
from gateway.upstream.routing import Routes
from gateway.vault import Vault
from watermark.label import LABEL_TEXTS

METRICS_SECONDS = 1.0
MARKING_WAIT = 3
"""How many jobs may be done before one's own, in the time that a call waits for marking."""
ISSUED_KEYS_SECONDS = 0.2
REFUSALS_SECONDS = 60.0
START_SECONDS = 20.0
REACH_SECONDS = 10.0
"""How long a worker that starts waits for inspectors and extractors that start beside it; then it serves without them."""

log = structlog.get_logger("lexgate.app")


class DataPlane:
    """A data worker's parts. `services()` is the set in force; `reload` swaps it whole."""

    def __init__(self, services: Services, slot: int, instance: str, issued: IssuedKeysFile) -> None:
        self._services = services
        self._slot = slot
        self._instance = instance
        self._issued = issued
        self._tasks: list[asyncio.Task[None]] = []
        self._prober = Prober(self.services)
        self.application = ReverseProxy(self.services, create_catalogue(self.services))

    def services(self) -> Services:
        return self._services

    @classmethod
    async def start(cls, effective: Effective, slot: int, guard: GuardScanner) -> DataPlane:
        """Connects to the log writer and the inspectors. Raises when one of them is not there: then nothing starts."""
        settings = effective.settings
        keyring = Keyring.open(settings.keys_dir, settings.key_passphrase)
        run = settings.run_path
        logged = LogConnection(run / SOCKET, keyring, f"worker-{slot}", settings.timeouts.record)
        await logged.start()
        inspectors = InspectorPool([run / f"inspector-{index}.sock" for index in range(settings.inspection.processes)])
        await inspectors.start()
        extractors = InspectorPool(
            [run / f"extractor-{index}.sock" for index in range(settings.inspection.processes)]
            if settings.inspection.files
            else []
        )
        await extractors.start()
        detectors = await _detectors(inspectors)
        await asyncio.gather(inspectors.reach(REACH_SECONDS), extractors.reach(REACH_SECONDS))
        plane: DataPlane
        settler = Settler(lambda: plane.services())  # noqa: PLW0108  `plane` is made below
        issued = IssuedKeysFile(settings.issued_keys_path)
        services = _compose(
            effective, slot, keyring, logged, inspectors, extractors, detectors, guard, settler, issued.read()
        )
        plane = cls(services, slot, effective.instance, issued)
        services.tokens.start()
        settler.start()
        plane._prober.start()
        plane._tasks = [
            asyncio.ensure_future(plane._publish_metrics()),
            asyncio.ensure_future(plane._report_refusals()),
            asyncio.ensure_future(plane._watch_issued_keys()),
            *([asyncio.ensure_future(services.stamps.run())] if slot == 0 else []),
        ]
        return plane

    def reload(self, effective: Effective) -> None:
        """Swaps in a new configuration between two calls; calls that run keep what they began with."""
        old, settings = self._services, effective.settings
        policy = old.policy if old.policy.digest == effective.digest else _policy(effective)
        directory = Directory(settings, self._issued.last)
        tokens = _tokens(settings, old.tokens)
        old.tokens.close()
        tokens.start()
        old.health.configure(settings.breaker)
        self._services = replace(
            old,
            settings=settings,
            directory=directory,
            tokens=tokens,
            routes=Routes(settings.providers),
            policy=policy,
            own=effective.own,
            known_requests=old.known_requests if effective.own.version == old.own.version else KnownRequests(),
            decided_calls=DecidedCalls(),
            request_headers=RequestHeaders(),
            key_pools=KeyPools(),
            outbound_tools=_outbound_tools(settings),
        )
        log.info("configuration in force", generation=effective.generation, bundle=effective.digest)

    async def quiet(self, seconds: float) -> None:
        """Ends the calls that the gateway makes of its own accord, and waits until no other one runs, at most so long."""
        ends = time.monotonic() + seconds
        await self._services.films.close()
        while self._services.log.running and time.monotonic() < ends:  # noqa: ASYNC110  calls end one by one
            await asyncio.sleep(0.02)

    async def close(self) -> None:
        """Settles what waits, reports refusals, and leaves the log in good order."""
        services = self._services
        for task in self._tasks:
            task.cancel()
        await self._prober.close()
        services.tokens.close()
        await services.settler.close()
        await self._append_refusals()
        services.heavy.close()
        await services.upstream.close()
        services.vault.close()
        await services.inspectors.close()
        await services.extractors.close()
        await services.log.close()
        services.tracing.close()
        self._write_metrics()

    async def _publish_metrics(self) -> None:
        while True:
            self._write_metrics()
            await asyncio.sleep(METRICS_SECONDS)

    def _write_metrics(self) -> None:
        services = self._services
        services.metrics.gauge("lexgate_log_connected", float(services.log.available))
        services.metrics.gauge("lexgate_open_flows", float(services.log.running))
        services.health.publish()
        services.call_metrics.count_all()
        write_snapshot(
            services.metrics,
            services.settings.run_path,
            self._slot,
            {"bundle": services.policy.digest, "log_available": services.log.available, "instance": self._instance},
        )

    async def _watch_issued_keys(self) -> None:
        """A key that was issued, rotated or revoked takes effect with the next call; running ones go on."""
        while True:
            await asyncio.sleep(ISSUED_KEYS_SECONDS)
            if self._issued.has_changed():
                try:
                    issued = await asyncio.to_thread(self._issued.read)
                except LexgateError as error:
                    log.error("issued keys refused, those in force stay", problem=error.message)
                    continue
                await self._use(issued)

    async def _use(self, issued: Issued) -> None:
        """Many keys take a while to be listed: not in the event loop. A reload meanwhile has the last word."""
        while True:
            settings = self._services.settings
            directory = await asyncio.to_thread(Directory, settings, issued)
            if self._services.settings is settings:
                self._services = replace(self._services, directory=directory)
                log.info("issued keys in force", keys=len(issued.keys))
                return

    async def _report_refusals(self) -> None:
        while True:
            await asyncio.sleep(REFUSALS_SECONDS)
            await self._append_refusals()

    async def _append_refusals(self) -> None:
        draft = self._services.refusals.take(time.time_ns() // 1000)
        if draft is not None:
            with contextlib.suppress(AuditError, LexgateError):  # counted again from zero; the log's absence is loud
                await self._services.log.current().append(draft)


async def _detectors(inspectors: InspectorPool) -> str:
    """The inspectors' version, which is part of every cache key."""
    ends = time.monotonic() + START_SECONDS
    while True:
        try:
            answer = await inspectors.call("version", {}, 5.0)
            return str(answer["version"])
        except Unavailable:
            if time.monotonic() > ends:
                raise
            await asyncio.sleep(0.05)


def _compose(
    effective: Effective,
    slot: int,
    keyring: Keyring,
    logged: LogConnection,
    inspectors: InspectorPool,
    extractors: InspectorPool,
    detectors: str,
    guard: GuardScanner,
    settler: Settler,
    issued: Issued,
) -> Services:
    settings = effective.settings
    directory = Directory(settings, issued)
    limits = LimitTable(settings.run_path / "limits.map", settings.workers, slot)
    metrics = Registry()
    keys = TenantKeys(keyring.derive)
    resume_snapshot(metrics, settings.run_path, slot)
    metrics.gauge("lexgate_start_time_seconds", time.time())
    return Services(
        settings=settings,
        directory=directory,
        tokens=_tokens(settings),
        routes=Routes(settings.providers),
        limits=limits,
        refusals=Refusals(keyring.derive("refusals")),
        log=logged,
        inspectors=inspectors,
        extractors=extractors,
        verdicts=VerdictCache(keyring.derive("cache"), settings.inspection.cache_bytes),
        lineage=Lineage(LineageTable(settings.store_path.with_name("lineage.map")), keys),
        known_requests=KnownRequests(),
        texts_version=f"text/{detectors}",
        segments_version=f"segment/{detectors}",
        own=effective.own,
        guard=guard,
        model_names=ModelNames(guard),
        policy=_policy(effective),
        decided_calls=DecidedCalls(),
        upstream=_upstream(settings),
        request_headers=RequestHeaders(),
        key_pools=KeyPools(),
        health=Health(settings.breaker, metrics),
        settler=settler,
        heavy=HeavyWork(),
        tracing=Tracing(settings.telemetry),
        metrics=metrics,
        call_metrics=CallMetrics(metrics),
        keys=keys,
        decoders=DECODERS,
        own_labels=tuple(LABEL_TEXTS),
        outbound_tools=_outbound_tools(settings),
        vault=Vault(settings.run_path, keys.get),
        marking=_marking(settings),
        signer=signer_of(settings),
        stamps=Stamps(settings.store_path.with_name(stamps.FOLDER), settings.marking.timestamp_url),
        content=ContentStore(
            settings.store_path.with_name(content_store.FOLDER),
            keys.get,
            settings.marking.store_bytes,
            settings.marking.link_seconds,
        ),
        films=Films(FilmStates(settings.run_path / FILM_STATES, keys.get), pipeline.run),
        fetcher=Fetcher(settings.marking.largest_bytes, settings.timeouts.total),
        placeholder_key=keyring.derive("placeholder"),
        subject_key=keyring.derive("subject"),
    )


def _marking(settings: Settings) -> MarkingClient:
    marking, run = settings.marking, settings.run_path
    films = (run / FILMS, MARKING_WAIT * marking.video_seconds) if marking.video_processes else None
    missing = unavailable(marking.processes)
    return MarkingClient(run / MARKING_SOCKET, marking.largest_bytes, MARKING_WAIT * marking.seconds, missing, films)


def _policy(effective: Effective) -> PolicyPoint:
    """The staged bundle, which must be the one that was checked."""
    point = PolicyPoint.of(effective.bundle if effective.bundle.startswith("builtin:") else Path(effective.bundle))
    if point.digest != effective.digest:
        raise ConfigurationError("the policy bundle is not the one that was checked")
    return point


def _upstream(settings: Settings) -> Upstream:
    """The client to providers that was asked for. aiohttp is loaded only where it is wanted: 6 MB and 0.15 s."""
    if settings.upstream == "http1":
        return Http1Client(settings.timeouts)
    from gateway.upstream.client import UpstreamClient

    return UpstreamClient(settings.timeouts)


def _tokens(settings: Settings, before: TokenVerifier | None = None) -> TokenVerifier:
    if not settings.issuers:
        return NoTokens()
    from gateway.identity.tokens import Tokens

    return Tokens(settings, before=before)


def _outbound_tools(settings: Settings) -> MappingProxyType[str, frozenset[str]]:
    return MappingProxyType({item.name: frozenset(item.outbound_tools) for item in settings.applications})
