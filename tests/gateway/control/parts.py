"""Small real parts for the control plane's tests: a record store in memory, an inspector, and a running server."""

from __future__ import annotations

import asyncio
import hashlib
import re
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from audit.errors import QueryInvalid
from gateway.content.verdict import Match, judge, named_flows
from gateway.content.verification import Verification
from gateway.control.deps import ControlDeps
from gateway.control.operators import Operator, Role
from gateway.control.serve import run
from gateway.flow import Classification
from gateway.identity.key_keeper import CallerKey
from policies.decision import Decision, RuleHit
from watermark.evidence import Looking
from watermark.verify import examine

KEYS = {role: f"key-of-{role.value}" for role in Role}
ACME_KEY, TWO_KEY = "key-of-acme-compliance", "key-of-two-tenants"
ACME_OPERATOR_KEY = "key-of-acme-operator"


Before = Callable[[], Awaitable[None]]


def sha256(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


OPERATORS = (
    *(Operator(role.value, frozenset({role}), None, sha256(KEYS[role])) for role in Role),
    Operator("acme-operator", frozenset({Role.OPERATOR}), frozenset({"acme"}), sha256(ACME_OPERATOR_KEY)),
    Operator("acme-officer", frozenset({Role.COMPLIANCE}), frozenset({"acme"}), sha256(ACME_KEY)),
    Operator("two-officer", frozenset({Role.COMPLIANCE}), frozenset({"acme", "globex"}), sha256(TWO_KEY)),
)


def flow_id(number: int) -> str:
    return f"01990000-0000-7000-8000-{number:012x}"


def record(number: int, tenant: str) -> dict[str, Any]:
    return {
        "flow": flow_id(number),
        "time": "2026-11-22T08:00:00.000001Z",
        "status": "completed",
        "intents": [{"attempt": 1, "leaf": 3 * number}],
        "outcome": {"leaf": 3 * number + 1},
        "settle": None,
        "pub": {"decision": "redact", "grade": "L3"},
        "meter": {"reported": None},
        "facts": {},
        "subj": {"tenant": tenant, "user": "li.wei"},
        "digest": {},
    }


@dataclass
class Page:
    records: list[dict[str, Any]]
    next: str | None


@dataclass
class MemoryRecords:
    """Records of three tenants, newest first; the query language has `tenant:` and `flow:`."""

    kept: list[dict[str, Any]] = field(
        default_factory=lambda: [record(n, ("acme", "globex", "initech")[n % 3]) for n in range(30)][::-1]
    )

    def find(self, q: str = "", after: str | None = None, limit: int = 50) -> Page:
        if after is not None and not re.fullmatch(r"[0-9]{1,9}", after, re.ASCII):
            raise QueryInvalid(after, "is not a cursor of this log")
        wanted = list(self.kept)
        for token in q.split():
            key, _, value = token.partition(":")
            if key == "tenant":
                wanted = [one for one in wanted if one["subj"]["tenant"] == value]
            elif key == "flow":
                wanted = [one for one in wanted if one["flow"] == value]
            else:
                raise QueryInvalid(token, "is not a search term")
        start = int(after or 0)
        more = start + limit < len(wanted)
        return Page(wanted[start : start + limit], str(start + limit) if more else None)

    def get(self, flow: str) -> dict[str, Any] | None:
        return next((one for one in self.kept if one["flow"] == flow), None)

    def proof(self, flow: str) -> dict[str, Any] | None:
        return {"flow": flow, "leaves": []} if self.get(flow) else None

    def trace(self, flow: str) -> dict[str, Any] | None:
        found = self.get(flow)
        if found is None:
            return None
        member = {"flow": flow, "time": found["time"], "relation": "self", "status": found["status"]}
        member |= {"application": None, "user": found["subj"]["user"], "parents": []}
        return {"flow": flow, "tenant": found["subj"]["tenant"], "complete": True, "flows": [member]}

    def checkpoint(self) -> str:
        return "lexgate/example-ag\n30\nAAAA\n\n— lexgate/example-ag sig\n"

    def tile(self, level: int, index: int, width: int) -> bytes | None:
        return b"\1" * 32 * width if (level, index) == (0, 0) and width <= 30 else None

    def entries(self, index: int, width: int) -> bytes | None:
        return b"\0\3abc" * width if index == 0 and width <= 30 else None


class MemoryKeys:
    """Callers' keys: whatever is asked of them is done, and nothing is kept."""

    def told(self, key_id: str = "0" * 16) -> CallerKey:
        return CallerKey(key_id, "acme", "crm", "li.wei", "DE", "", "issued", 1_790_000_000, None)

    def listed(self, tenants: Any) -> list[CallerKey]:
        return [self.told()] if tenants is None or "acme" in tenants else []

    async def issue(self, by: str, **wish: Any) -> tuple[str, CallerKey]:
        return "lxk_new", self.told()

    async def rotate(self, by: str, key_id: str, **how: Any) -> tuple[str, CallerKey]:
        return "lxk_new", self.told()

    async def revoke(self, by: str, key_id: str, **how: Any) -> CallerKey:
        return self.told(key_id)


class SmallVerifier:
    """Looks at files in this process, and knows one text of acme's."""

    OURS = b"The text that call one of acme has answered."

    def verify(self, data: bytes, declared: str, tenants: Any, records: Any, sidecar: bytes = b"") -> Verification:
        found = self.public(data, declared, sidecar)
        record = records(flow_id(3)) if data == self.OURS else None
        matches = (Match(flow_id(3), 0, ("exact",), 1000, {"model": "m"}),) if record is not None else ()
        return replace(found, public=False, matches=matches, verdict=judge(found.carried, (), matches))

    def public(self, data: bytes, declared: str = "", sidecar: bytes = b"") -> Verification:
        carried = examine(data, declared, Looking(sidecar=sidecar))
        verdict = judge(carried, named_flows(carried), ())
        return Verification(verdict, carried, len(data), hashlib.sha256(data).hexdigest(), public=True)


class DigitInspector:
    """Finds runs of digits, over the same wire format as the inspector processes."""

    async def call(self, method: str, payload: Any, deadline_s: float) -> Any:
        assert method == "inspect"
        assert set(payload) == {"texts", "lang"}
        assert deadline_s > 0
        (text,) = payload["texts"]
        rows = [[found.start(), found.end(), "PHONE", 0.9, "digits"] for found in re.finditer("[0-9]{7,}", text)]
        return {"spans": [rows]}


def classify(findings: Any, uninspected: Any) -> Classification:
    grade = "L3" if findings else "L1"
    return Classification(
        grade, ("personal",) if findings else (), {}, {}, reasons=("a phone number",) * bool(findings)
    )


def block_china(document: Any) -> Decision:
    hits = (RuleHit("cn.transfer", "block", "PIPL art. 38", "no mechanism", "file a standard contract"),)
    blocked = document["destination"]["country"] == "CN"
    rules = hits if blocked else ()
    return Decision("block" if blocked else "allow", {}, (), None, (), "standard", None, rules, "sha256:00")


def deps(**changes: Any) -> ControlDeps:
    given = ControlDeps(
        organisation="Example AG <script>",
        version="0.1.0",
        origin="lexgate/example-ag",
        operators=OPERATORS,
        records=MemoryRecords(),
        inspectors=DigitInspector(),
        keys=MemoryKeys(),
        verifier=SmallVerifier(),
        classify=classify,
        policy=block_china,
        readiness=lambda: {"log": None, "inspection": None, "policy": None},
        metrics=lambda: b"# EOF\n",
    )
    return replace(given, **changes)


@contextmanager
def serving(
    given: ControlDeps, *, first: Before | None = None, last: Before | None = None, **options: Any
) -> Iterator[str]:
    """The control plane on a loopback port, in a thread with its own event loop; yields its base URL.

    `first` is awaited in that loop before it serves, `last` after.
    """
    started: list[int] = []
    up = threading.Event()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    def ready(port: int) -> None:
        started.append(port)
        up.set()

    def main() -> None:
        asyncio.set_event_loop(loop)
        if first is not None:
            loop.run_until_complete(first())
        loop.run_until_complete(run(given, port=0, ready=ready, stop=stop, **options))
        if last is not None:
            loop.run_until_complete(last())
        loop.close()

    thread = threading.Thread(target=main)
    thread.start()
    try:
        assert up.wait(20)
        yield f"{'https' if options.get('tls') else 'http'}://127.0.0.1:{started[0]}"
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(20)
        assert not thread.is_alive()


def document(**changes: Any) -> dict[str, Any]:
    """A complete policy input document."""
    classes = ("pi", "spi", "health", "financial", "geo", "biometric", "identifier", "genomic", "omic")
    counters = ("cn_pi_ytd", "cn_spi_ytd", *(f"us_{name}_12m" for name in classes[2:]))
    whole = {
        "schema": "lexgate/input@1",
        "now": "2026-11-24T12:00:00Z",
        "caller": {"tenant": "acme", "application": "crm", "audience": "internal", "user": "li.wei",
                   "purpose": "support", "country": "DE"},
        "organisation": {"name": "Example AG", "country": "DE", "ciio": False},
        "destination": {"provider": "demo", "model": "smollm2-135m", "country": "US", "retention_days": None,
                        "training": None, "certifications": []},
        "request": {"protocol": "openai_chat", "stream": True, "json_mode": False, "tools": 0, "provider_tools": [],
                    "references": [], "uninspected": []},
        "data": {"grade": "L1", "categories": [], "entities": {}, "subjects": dict.fromkeys(classes, 0),
                 "new_subjects": dict.fromkeys(classes, 0), "important": False, "minors": False},
        "counters": dict.fromkeys(counters, 0),
        "mechanisms": [],
        "attempt": 1,
    }  # fmt: skip
    return whole | changes
