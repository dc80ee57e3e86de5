"""What the control plane needs from the rest of Lexgate, as the composition root hands it over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from gateway.content.verification import Verification
from gateway.control.operators import Operator
from gateway.flow import Classification, Finding
from gateway.settings import ContentVerification


class Page(Protocol):
    """One page of a search, newest first."""

    @property
    def records(self) -> Sequence[Mapping[str, Any]]: ...
    @property
    def next(self) -> str | None: ...


class RecordStore(Protocol):
    """The read side of the log: `audit.search.Records`. Blocking; called from a bounded thread pool."""

    def find(self, q: str = "", after: str | None = None, limit: int = 50) -> Page: ...
    def get(self, flow: str) -> Mapping[str, Any] | None: ...
    def proof(self, flow: str) -> Mapping[str, Any] | None: ...
    def trace(self, flow: str) -> Mapping[str, Any] | None: ...
    def checkpoint(self) -> str: ...
    def tile(self, level: int, index: int, width: int) -> bytes | None: ...
    def entries(self, index: int, width: int) -> bytes | None: ...


class Inspectors(Protocol):
    """The inspector processes: `gateway.inspection.client.InspectorPool`. Raises gateway.errors.Unavailable."""

    async def call(self, method: str, payload: Any, deadline_s: float) -> Any: ...


class Rule(Protocol):
    """A rule that spoke in a decision."""

    @property
    def id(self) -> str: ...
    @property
    def effect(self) -> str: ...
    @property
    def citation(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def remedy(self) -> str: ...


class PolicyDecision(Protocol):
    """`policies.decision.Decision`: what the bundle says of one input document."""

    @property
    def action(self) -> str: ...
    @property
    def redact(self) -> Mapping[str, str]: ...
    @property
    def route(self) -> Sequence[str]: ...
    @property
    def cap(self) -> int | None: ...
    @property
    def labels(self) -> Sequence[str]: ...
    @property
    def log(self) -> str: ...
    @property
    def guard(self) -> str | None: ...
    @property
    def rules(self) -> Sequence[Rule]: ...
    @property
    def bundle(self) -> str: ...
    @property
    def mechanism(self) -> str | None: ...
    @property
    def tier(self) -> str | None: ...


class ToldKey(Protocol):
    """What may be told of a caller's key."""

    def as_dict(self, now: float) -> dict[str, Any]: ...


Tenants = frozenset[str] | None


class ContentVerifier(Protocol):
    """Verification of content: `gateway.content.verification.Verifier`. Blocking; called from a bounded thread pool."""

    def verify(
        self,
        data: bytes,
        declared: str,
        tenants: Tenants,
        records: Callable[[str], Mapping[str, Any] | None],
        sidecar: bytes = b"",
    ) -> Verification: ...
    def public(self, data: bytes, declared: str = "", sidecar: bytes = b"") -> Verification: ...


class CallerKeys(Protocol):
    """Callers' keys: `gateway.identity.key_keeper.KeyKeeper`. `by` is recorded; other tenants' keys do not exist."""

    def listed(self, tenants: Tenants) -> Sequence[ToldKey]: ...
    async def issue(
        self,
        by: str,
        *,
        application: str,
        user: str,
        country: str,
        region: str,
        lasts_s: float | None,
        tenants: Tenants,
    ) -> tuple[str, ToldKey]: ...
    async def rotate(self, by: str, key_id: str, *, grace_s: float, tenants: Tenants) -> tuple[str, ToldKey]: ...
    async def revoke(self, by: str, key_id: str, *, tenants: Tenants) -> ToldKey: ...


@dataclass(frozen=True, slots=True)
class Access:
    """One look of an operator at records. `action`: records.search, records.read, records.prove or content.verify.

    A search has its query, a lookup its flow; both can name people, so neither shows in a repr. `found` is how many
    records the answer holds: a look at another tenant's record finds 0, as a look at one that does not exist.
    """

    action: str
    found: int
    flow: str = field(default="", repr=False)
    query: str = field(default="", repr=False)


Classify = Callable[[Sequence[Finding], Sequence[str]], Classification]
Policy = Callable[[Mapping[str, Any]], PolicyDecision]
OnAccess = Callable[[Operator, Access], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlDeps:
    """Everything `create_app` builds on.

    `policy` is always called from one and the same thread, first on first use: an engine that is bound to its creating
    thread can be created inside it. `readiness` names each component with None (ready) or the reason why not, and
    `metrics` answers Prometheus text; both may block. `on_access` is awaited before an answer with records leaves;
    if it fails nothing is shown.
    """

    organisation: str
    version: str
    origin: str
    operators: tuple[Operator, ...]
    records: RecordStore
    inspectors: Inspectors
    keys: CallerKeys
    verifier: ContentVerifier
    classify: Classify
    policy: Policy
    readiness: Callable[[], Mapping[str, str | None]]
    metrics: Callable[[], bytes]
    on_access: OnAccess | None = None
    content: ContentVerification = field(default_factory=ContentVerification)
    inspect_deadline_s: float = 10.0
    records_deadline_s: float = 15.0
    policy_deadline_s: float = 5.0
    header_deadline_s: float = 10.0
    body_deadline_s: float = 30.0
