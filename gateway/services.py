"""What the steps work with: everything long-lived, composed once by `gateway/app.py` and swapped whole on reload."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gateway.keyed_hash import KeyedHash
from gateway.recording.answer_digests import Digests

if TYPE_CHECKING:
    from gateway.admission.limits import LimitTable
    from gateway.admission.strangers import Refusals
    from gateway.deciding.decided_calls import DecidedCalls
    from gateway.deciding.policy_point import PolicyPoint
    from gateway.heavy_work import HeavyWork
    from gateway.identity.directory import Directory
    from gateway.identity.port import TokenVerifier
    from gateway.ingress.known_requests import KnownRequests
    from gateway.inspection.cache import VerdictCache
    from gateway.inspection.client import InspectorPool
    from gateway.inspection.guard import GuardScanner
    from gateway.inspection.own.version import Own
    from gateway.lineage.ancestry import Lineage
    from gateway.marking.client import MarkingClient
    from gateway.marking.content_store import ContentStore
    from gateway.marking.films import Films
    from gateway.marking.stamps import Stamps
    from gateway.model_names import ModelNames
    from gateway.recording.log_connection import LogConnection
    from gateway.settings import Settings
    from gateway.settling.settler import Settler
    from gateway.telemetry.call_metrics import CallMetrics
    from gateway.telemetry.metrics import Registry
    from gateway.telemetry.spans import Tracing
    from gateway.upstream.fetch import Fetcher
    from gateway.upstream.headers import RequestHeaders
    from gateway.upstream.health import Health
    from gateway.upstream.key_pool import KeyPools
    from gateway.upstream.port import Upstream
    from gateway.upstream.routing import Routes
    from gateway.vault import Vault
    from watermark.marking import Signer

Derive = Callable[[str, str], bytes]
"""(purpose, context) -> 32 bytes, from the key folder."""


@dataclass(slots=True)
class TenantKeys:
    """Keys of tenants, derived once each, and what hashes under them."""

    derive: Derive
    _known: dict[tuple[str, str], bytes] = field(default_factory=dict, repr=False)
    _hashes: dict[tuple[str, str, int], KeyedHash] = field(default_factory=dict, repr=False)

    def get(self, purpose: str, tenant: str) -> bytes:
        key = self._known.get((purpose, tenant))
        if key is None:
            key = self._known[(purpose, tenant)] = self.derive(purpose, tenant)
        return key

    def hash(self, purpose: str, tenant: str, size: int) -> KeyedHash:
        """Hashes of `size` bytes under the tenant's key."""
        hashes = self._hashes.get((purpose, tenant, size))
        if hashes is None:
            hashes = self._hashes[(purpose, tenant, size)] = KeyedHash(self.get(purpose, tenant), size)
        return hashes


@dataclass(frozen=True, slots=True)
class Services:
    """One consistent set. A call keeps the set it began with."""

    settings: Settings
    directory: Directory
    tokens: TokenVerifier
    routes: Routes
    limits: LimitTable
    refusals: Refusals
    log: LogConnection
    inspectors: InspectorPool
    extractors: InspectorPool  # of files
    verdicts: VerdictCache
    lineage: Lineage
    known_requests: KnownRequests
    texts_version: str  # version of patterns and models: part of every cache key, one name for each layer
    segments_version: str
    own: Own  # detectors of the organisation's own
    guard: GuardScanner
    model_names: ModelNames
    policy: PolicyPoint
    decided_calls: DecidedCalls
    upstream: Upstream
    request_headers: RequestHeaders
    key_pools: KeyPools
    health: Health
    settler: Settler
    heavy: HeavyWork
    tracing: Tracing
    metrics: Registry
    call_metrics: CallMetrics
    keys: TenantKeys
    decoders: Mapping[str, Callable[..., Any]]
    own_labels: tuple[str, ...]
    outbound_tools: Mapping[str, frozenset[str]]
    vault: Vault
    marking: MarkingClient
    signer: Signer  # of text manifests; files are signed by marking workers
    stamps: Stamps
    content: ContentStore
    films: Films
    fetcher: Fetcher
    placeholder_key: bytes = field(repr=False)
    subject_key: bytes = field(repr=False)

    def version_for(self, layer: str, tenant: str) -> str:
        """The cache's version of a layer for a tenant's content: other tenants' own detectors do not matter."""
        return f"{layer}/{self.own.version}" if self.own.concerns(tenant) else layer

    def own_detectors(self, tenant: str) -> dict[str, str] | None:
        """What an inspector needs to know of them; None when there are none for this tenant."""
        if not self.own.concerns(tenant):
            return None
        return {"version": self.own.version, "tenant": tenant, "key": self.keys.get("registered", tenant).hex()}

    def digest(self, tenant: str, data: bytes) -> str:
        """Keyed digest of bytes: provable to whoever holds them, worth nothing to anybody else."""
        return self.keys.hash("digest", tenant, 32).hex(data)

    def new_digests(self, tenant: str) -> Digests:
        return Digests(self.keys.hash("digest", tenant, 32))

    def fingerprint_key(self, tenant: str) -> bytes:
        return self.keys.get("fingerprint", tenant)
