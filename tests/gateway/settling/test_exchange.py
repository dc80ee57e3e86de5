"""A settlement that is known: filled in for another flow of the same content, it says what was settled."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from audit.canonical import canonical
from audit.errors import RecordInvalid
from gateway.flow import Timing
from gateway.inspection.cache import VerdictCache
from gateway.settling.exchange import Settled, Settling, settled_before

FLOW = "0199aaaa-0000-7000-8000-000000000001"
RESULT: dict[str, Any] = {
    "flow": "0199aaaa-0000-7000-8000-000000000000",
    "pub": {"labels": ["ai"], "answer_entities": {"PERSON": 1}},
    "meter": {
        "reported": None, "counted": {"input": 3, "output": 4, "method": "exact"}, "discrepancy": False,
        "price": {"amount": "0.1"}, "latency_ms": 9, "first_byte_ms": 8,
    },
    "digest": {"fingerprint": "", "text": "abc"},
    "rows": [],
}  # fmt: skip


@pytest.mark.parametrize("first_byte", [0.0, 1.25])
def test_what_was_settled_is_said_of_the_next_flow_with_its_own_id_and_times(first_byte: float) -> None:
    services: Any = SimpleNamespace(verdicts=VerdictCache(b"k" * 32, 1_000_000))
    flow: Any = SimpleNamespace(
        id=FLOW, who=SimpleNamespace(tenant="acme"), timing=Timing(1.0, first_byte=first_byte, ended=1.5)
    )
    assert settled_before(flow, b"content", services) is None
    Settling({}, "acme", "t", (), b"content").remember(RESULT, services)
    said = settled_before(flow, b"content", services)
    assert said is not None
    times = {"latency_ms": 500, "first_byte_ms": 250 if first_byte else None}
    for name, own in (("pub", {}), ("meter", times), ("digest", {})):
        assert said[name].data == canonical({"flow": FLOW, **RESULT[name], **own})
    assert orjson.loads(said["meter"].data)["price"] == {"amount": "0.1"}
    assert "abc" not in repr(Settled.of(RESULT))


def test_a_settlement_without_a_canonical_form_is_not_remembered() -> None:
    services: Any = SimpleNamespace(verdicts=VerdictCache(b"k" * 32, 1_000_000))
    broken = RESULT | {"pub": {"labels": [0.5]}}
    with pytest.raises(RecordInvalid):
        Settled.of(broken)
    Settling({}, "acme", "t", (), b"content").remember(broken, services)
    assert services.verdicts.get("acme", "settled", b"content") is None
