"""Requests that came before, byte for byte, from the same tenant: a retry, a probe, a template that many runs send.

Reading a request and finding what is in it depends on its bytes, its protocol and the detectors alone; so it is done once
and kept for a while, under the keyed digest that the record needs anyway. Memory only, per tenant, bounded.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.flow import Classification, Finding, Flow, Path
from gateway.inspection.cache import VerdictCache
from gateway.lineage import Said
from gateway.protocols.request import DecodedRequest
from gateway.redaction.redact import Redacted

LARGEST = 16_384
"""Bytes of a body that is kept. Larger ones are conversations: their messages are known one by one."""
WEIGHT = 24
"""Bytes in memory for each byte of a body, once it is decoded and redacted."""
RULES = 8
"""Redactions kept of one body: each bundle in force, and each principal, may have its own."""
BYTES = 16_777_216
"""Of all requests kept by one worker."""


@dataclass(slots=True)
class KnownRequest:
    """What the steps made of a body: decode and inspect at once, the later ones when they come to it."""

    request: DecodedRequest
    findings: tuple[Finding, ...] = field(repr=False)
    uninspected: tuple[str, ...]
    said: tuple[Said, ...] = field(default=(), repr=False)
    unread: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    replaceable: frozenset[Path] = frozenset()
    classification: Classification | None = None
    carried: frozenset[str] | None = field(default=None, repr=False)  # what an answer may repeat
    redacted: dict[str, Redacted] = field(default_factory=dict, repr=False)  # by rule and principal


class KnownRequests:
    """One worker's. `version` names the detectors: another version knows nothing of what this one has found."""

    def __init__(self, key: bytes, version: str, most_bytes: int = BYTES) -> None:
        self._cache = VerdictCache(key, most_bytes)
        self._version = version

    def under(self, own: str) -> KnownRequests:
        """The same memory under another version of the organisation's own detectors."""
        base = self._version.rpartition("/")[0]
        other = KnownRequests.__new__(KnownRequests)
        other._cache, other._version = self._cache, f"{base}/{own}"
        return other

    def get(self, flow: Flow) -> KnownRequest | None:
        """What is known of this flow's body, whose digest has been taken."""
        if len(flow.body) > LARGEST:
            return None
        known: KnownRequest | None = self._cache.get(flow.who.tenant, self._layer(flow), self._name(flow))
        return known

    def keep(self, flow: Flow) -> None:
        """Remembers a flow that has been inspected, unless it continues an earlier response: whose, its bytes do not say."""
        if flow.request is None or flow.request.previous or len(flow.body) > LARGEST:
            return
        known = flow.known = KnownRequest(
            flow.request, flow.findings, flow.uninspected, flow.said, flow.unread, flow.files, flow.replaceable
        )
        self._cache.put(flow.who.tenant, self._layer(flow), self._name(flow), known, WEIGHT * len(flow.body))

    def _layer(self, flow: Flow) -> str:
        return f"{self._version}/{flow.endpoint.protocol}/{flow.endpoint.path}"  # a path may name model and form

    @staticmethod
    def _name(flow: Flow) -> bytes:
        return flow.digests["received"].encode()
