"""Requests that came before, byte for byte, from the same tenant: a retry, a probe, a template that many runs send.

Reading a request and finding what is in it depends on its bytes, its protocol and the detectors alone; so it is done once
and kept for a while, under the keyed digest that the record needs anyway. Memory only, per tenant, bounded.

Most bodies come once. So of a body's first coming only a number is kept, and what was made of it from the second on: the
third is the first that is known (a doorkeeper, as in Einziger, Friedman, Manes, "TinyLFU", 2017, section 3.4.2).
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from audit.canonical import Rendered
from gateway.flow import Classification, Finding, Flow, Path, Principal
from gateway.lineage.ancestry import Conversation, Said
from gateway.protocols.request import DecodedRequest
from gateway.redaction.redact import Redacted
from policies.decision import Decision

if TYPE_CHECKING:
    from gateway.deciding.decided_calls import Decided, DecidedCalls
    from gateway.ingress.endpoints import Endpoint
    from gateway.inspection.guard import GuardScanner
    from gateway.redaction.channel import Rules
    from gateway.settings import Provider

LARGEST = 16_384
"""Bytes of a body that is kept. Larger ones are conversations: their messages are known one by one."""
OVERHEAD = 12_288
"""Bytes in memory of what is made of any body: its walk, findings, what records say of it. Measured: 10 to 13 KB."""
WEIGHT = 8
"""Bytes in memory for each byte of a body beside that. Measured: 4, and 3 more that the verdict cache may have let go."""
RULES = 8
"""Redactions kept of one body: each bundle in force, and each principal, may have its own."""
BYTES = 16_777_216
"""Of all requests kept by one worker."""
ONCE = 16_384
"""Bodies that came once and are remembered as numbers, some 100 bytes each; twice as many at most."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What was made of a body the last time, and for whom: the same decision for the same principal makes the same."""

    decision: Decision
    principal: Principal
    redacted: Redacted
    body: bytes
    digest: str

    def __repr__(self) -> str:
        """Without the body."""
        return f"Sent({self.digest})"


class SaidOf(NamedTuple):
    """What an intent says of the persons and bytes of this body, for the last principal, session and body sent."""

    principal: Principal
    session: str
    forwarded: str
    subjects: Rendered
    digests: Rendered


@dataclass(frozen=True, slots=True)
class DecidedFor:
    """What was decided for this body the last time: where, in which minute, for whom and for which destination."""

    calls: DecidedCalls
    minute: int
    principal: Principal
    provider: Provider
    decided: Decided


@dataclass(frozen=True, slots=True)
class HeldTo:
    """What the last answer to this body was held to, under this guard, when this was what had been redacted."""

    guard: GuardScanner
    redacted: Redacted
    rules: Rules

    def __repr__(self) -> str:
        """Without the rules: they know values."""
        return "HeldTo()"


@dataclass(slots=True)
class KnownRequest:
    """What the steps made of a body: decode and inspect at once, the later ones when they come to it."""

    request: DecodedRequest
    findings: tuple[Finding, ...] = field(repr=False)
    uninspected: tuple[str, ...]
    said: tuple[Said, ...] = field(default=(), repr=False)
    unread: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    conversation: Conversation | None = field(default=None, repr=False)
    replaceable: frozenset[Path] = frozenset()
    classification: Classification | None = None
    subjects: list[str] | None = field(default=None, repr=False)  # keyed hashes, as a record names them
    carried: frozenset[str] | None = field(default=None, repr=False)  # what an answer may repeat
    redacted: dict[str, Redacted] = field(default_factory=dict, repr=False)  # by rule and principal
    decided: DecidedFor | None = field(default=None, repr=False)
    held_to: HeldTo | None = field(default=None, repr=False)
    sent: Sent | None = field(default=None, repr=False)
    said_of: SaidOf | None = field(default=None, repr=False)
    weight: int = 0


class KnownRequests:
    """One worker's, least recently used first out. Another version of the organisation's own detectors begins anew."""

    def __init__(self, most_bytes: int = BYTES) -> None:
        self._known: OrderedDict[_Name, KnownRequest] = OrderedDict()
        self._most = most_bytes
        self._bytes = 0
        self._once: set[int] = set()
        self._once_before: set[int] = set()  # of the generation before: it leaves as a whole

    def get(self, flow: Flow) -> KnownRequest | None:
        """What is known of this flow's body, whose digest has been taken."""
        return self.named(flow.who.tenant, flow.digests["received"], flow.endpoint)

    def named(self, tenant: str, digest: str, endpoint: Endpoint) -> KnownRequest | None:
        """The same, by what a body is known by."""
        name = (tenant, digest, endpoint.protocol, endpoint.path)
        known = self._known.get(name)
        if known is not None:
            self._known.move_to_end(name)
        return known

    def keep(self, flow: Flow) -> None:
        """Remembers a flow that has been inspected and whose body came before.

        Not one that continues an earlier response: whose, its bytes do not say.
        """
        if flow.request is None or flow.request.previous or len(flow.body) > LARGEST:
            return
        known = flow.known = KnownRequest(
            flow.request,
            flow.findings,
            flow.uninspected,
            flow.said,
            flow.unread,
            flow.files,
            replaceable=flow.replaceable,
        )
        name = _name(flow)
        if not self._came_before(hash(name)):
            return
        before = self._known.pop(name, None)
        if before is not None:
            self._bytes -= before.weight
        self._known[name] = known
        known.weight = OVERHEAD + WEIGHT * len(flow.body)
        self._bytes += known.weight
        while self._bytes > self._most:
            _, oldest = self._known.popitem(last=False)
            self._bytes -= oldest.weight

    def _came_before(self, number: int) -> bool:
        """Whether this body came lately; from now on it did. Two bodies of one number are kept sooner, nothing else."""
        if number in self._once or number in self._once_before:
            return True
        if len(self._once) >= ONCE:
            self._once, self._once_before = set(), self._once
        self._once.add(number)
        return False


_Name = tuple[str, str, str, str]


def _name(flow: Flow) -> _Name:
    """Tenant and keyed digest; the endpoint too, because a path may name model and form."""
    return flow.who.tenant, flow.digests["received"], flow.endpoint.protocol, flow.endpoint.path
