"""A trace id is a random number; where a caller may have written something in it, a call begins its own."""

from __future__ import annotations

import random

import pytest

from gateway.settings import Telemetry
from gateway.telemetry.spans import Tracing
from gateway.telemetry.trace_ids import is_random

SPAN = "00f067aa0ba902b7"


@pytest.mark.parametrize(
    "trace_id",
    [
        "4111111111111111".zfill(32),
        "00000000000000000004915123456789",
        "13800138000".ljust(32, "0"),
        "ab4111111111111111cdef0123456789",
        "deadbeef110105194912310021abcdef",
        b"Maria Schneider".hex().ljust(32, "0"),
        b"anna@example.com".hex(),
    ],
)
def test_a_trace_id_with_content_in_it_is_not_continued(trace_id):
    assert not is_random(trace_id)
    trace = Tracing(Telemetry()).begin(f"00-{trace_id}-{SPAN}-01", "flow", "name")
    assert trace_id not in trace.traceparent
    assert trace.trace_id != trace_id


def test_random_ids_travel_also_those_of_64_bits():
    source = random.Random(7)
    assert is_random("4bf92f3577b34da6a3ce929d0e0e4736")
    assert is_random("a3ce929d0e0e4736".zfill(32))
    kept = sum(is_random(source.randbytes(16).hex()) for _ in range(5000))
    assert kept > 4950
    trace = Tracing(Telemetry()).begin(f"00-4bf92f3577b34da6a3ce929d0e0e4736-{SPAN}-01", "flow", "name")
    assert trace.traceparent.startswith("00-4bf92f3577b34da6a3ce929d0e0e4736-")
