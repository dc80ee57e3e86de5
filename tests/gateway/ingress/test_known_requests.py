"""Bodies that came before, byte for byte: known to the tenant that sent them, within bounds."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from gateway.ingress.endpoints import ENDPOINTS
from gateway.ingress.known_requests import LARGEST, OVERHEAD, WEIGHT, KnownRequests
from gateway.protocols.openai_chat import decode

CHAT = ENDPOINTS["/v1/chat/completions"]


def flow(text: str, tenant: str = "acme", **named: Any) -> Any:
    body = b'{"model":"m","messages":[{"role":"user","content":"%b"}]}' % text.encode()
    return SimpleNamespace(
        who=SimpleNamespace(tenant=tenant), body=body, digests={"received": f"{tenant}/{hash(body)}"}, endpoint=CHAT,
        request=decode(body), known=None, findings=(), uninspected=(), said=(), unread=(), files=(),
        replaceable=frozenset(), **named,
    )  # fmt: skip


def test_a_body_is_known_to_its_tenant_alone() -> None:
    known = KnownRequests()
    first = flow("Hi")
    assert known.get(first) is None
    known.keep(first)
    assert known.get(flow("Hi")) is first.known
    assert known.get(flow("Hi", tenant="globex")) is None
    assert known.get(flow("Ho")) is None


def test_the_least_recently_used_leave_when_the_bytes_are_used_up() -> None:
    size = OVERHEAD + WEIGHT * len(flow("a").body)
    known = KnownRequests(most_bytes=2 * size)
    for text in "ab":
        known.keep(flow(text))
    assert known.get(flow("a")) is not None
    known.keep(flow("c"))
    assert [known.get(flow(text)) is not None for text in "abc"] == [True, False, True]


def test_a_body_that_is_kept_again_counts_once() -> None:
    known = KnownRequests(most_bytes=2 * (OVERHEAD + WEIGHT * len(flow("a").body)))
    for text in "aaab":
        known.keep(flow(text))
    assert [known.get(flow(text)) is not None for text in "ab"] == [True, True]


def test_large_bodies_are_known_message_by_message_instead() -> None:
    known, large = KnownRequests(), flow("x" * LARGEST)
    known.keep(large)
    assert large.known is None
    assert known.get(large) is None
