"""Bodies that came before, byte for byte: known to the tenant that sent them, within bounds."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gateway.ingress import known_requests
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


def keep(known: KnownRequests, text: str, times: int = 2) -> Any:
    """Lets a body come so often; the last flow."""
    for _ in range(times):
        last = flow(text)
        known.keep(last)
    return last


def test_a_body_that_came_twice_is_known_to_its_tenant_alone() -> None:
    known = KnownRequests()
    second = keep(known, "Hi")
    assert known.get(flow("Hi")) is second.known
    assert known.get(flow("Hi", tenant="globex")) is None
    assert known.get(flow("Ho")) is None


def test_a_body_that_came_once_is_remembered_as_a_number_and_no_more() -> None:
    known, first = KnownRequests(), flow("Hi")
    known.keep(first)
    assert first.known is not None  # for the steps of its own flow
    assert known.get(flow("Hi")) is None


def test_numbers_of_bodies_that_came_once_leave_after_many_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_requests, "ONCE", 2)
    known = KnownRequests()
    for text in "abcd":
        keep(known, text, times=1)
    keep(known, "e", times=1)  # the generation of a and b leaves
    keep(known, "a", times=1)
    keep(known, "d", times=1)
    assert [known.get(flow(text)) is not None for text in "ad"] == [False, True]


def test_the_least_recently_used_leave_when_the_bytes_are_used_up() -> None:
    size = OVERHEAD + WEIGHT * len(flow("a").body)
    known = KnownRequests(most_bytes=2 * size)
    for text in "ab":
        keep(known, text)
    assert known.get(flow("a")) is not None
    keep(known, "c")
    assert [known.get(flow(text)) is not None for text in "abc"] == [True, False, True]


def test_a_body_that_is_kept_again_counts_once() -> None:
    known = KnownRequests(most_bytes=2 * (OVERHEAD + WEIGHT * len(flow("a").body)))
    for text in "aab":
        keep(known, text)
    assert [known.get(flow(text)) is not None for text in "ab"] == [True, True]


def test_large_bodies_are_known_message_by_message_instead() -> None:
    known = KnownRequests()
    large = keep(known, "x" * LARGEST)
    assert large.known is None
    assert known.get(large) is None
