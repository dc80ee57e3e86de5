"""The C extension counts as Python counts: the same calls are refused, and the shared memory holds the same bytes."""

from __future__ import annotations

import contextlib
import struct
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.admission import limits as module
from gateway.admission.limits import Limit, LimitTable
from gateway.errors import TooManyRequests

native = pytest.importorskip("gateway.admission._limits")
NOON = 1_800_000_000.0 // 60 * 60
KINDS = tuple(
    (Limit(f"principal:{name}", calls, at_once), Limit("tenant:t", 6, 4))
    for name, calls, at_once in (("a", 3, 2), ("b", 100, 1), ("c", 2, 100))
)
STEPS = st.lists(
    st.tuples(st.sampled_from(["enter", "leave"]), st.integers(0, 1), st.integers(0, 2), st.sampled_from([0, 1, 61])),
    max_size=40,
)


def played(folder: Path, steps: list[tuple[str, int, int, int]]) -> tuple[list[str], bytes]:
    """What was said to each call of two workers, and what the memory held at the end."""
    tables = [LimitTable(folder / "limits", 2, slot) for slot in range(2)]
    running: list[tuple[int, int]] = []
    said, now = [], NOON
    for what, slot, kind, seconds in steps:
        now += seconds
        if what == "leave" and running:
            at, its = running.pop()
            tables[at].leave(KINDS[its])
        elif what == "enter":
            try:
                tables[slot].enter(KINDS[kind], now)
            except TooManyRequests as refused:
                said.append(f"{refused.message} {refused.retry_after}")
            else:
                running.append((slot, kind))
                said.append("entered")
    return said, (folder / "limits").read_bytes()


@given(STEPS)
def test_any_calls_are_counted_alike(steps: list[tuple[str, int, int, int]]) -> None:
    with TemporaryDirectory() as first, TemporaryDirectory() as second, pytest.MonkeyPatch.context() as patch:
        by_c = played(Path(first), steps)
        patch.setattr(module, "native", None)
        assert played(Path(second), steps) == by_c


@given(st.binary(max_size=120), st.integers(0, 64))
def test_any_bytes_as_a_plan_stay_inside_the_memory(plan: bytes, size: int) -> None:
    memory = bytearray(size)
    for what in (lambda: native.enter(memory, plan, 1), lambda: native.leave(memory, plan)):
        with contextlib.suppress(ValueError):  # it is no plan; else it was one
            what()
    assert len(memory) == size


def test_a_name_that_lost_its_column_is_given_another(tmp_path: Path) -> None:
    table = LimitTable(tmp_path / "limits", 1, 0)
    table.enter(KINDS[0], NOON)
    table.leave(KINDS[0])
    place = table._places[KINDS[0][0].name]
    table._map[place.cell : place.cell + 8] = (12345).to_bytes(8, "little")  # as another worker does with a silent name
    table.enter(KINDS[0], NOON + 600)
    assert table._places[KINDS[0][0].name].cell != place.cell


@pytest.mark.parametrize(
    "limits",
    [
        (Limit("tenant:t", 10**20, 10**20),),
        tuple(Limit(f"principal:{number}", 9, 9) for number in range(9)),
    ],
    ids=["larger than a plan's numbers", "more than a plan holds"],
)
def test_limits_that_fit_no_plan_are_counted_all_the_same(tmp_path: Path, limits: tuple[Limit, ...]) -> None:
    table = LimitTable(tmp_path / "limits", 1, 0)
    for _ in range(2):
        table.enter(limits, NOON)
        table.leave(limits)
    assert table._map[table._places[limits[-1].name].mine :][:16] == struct.pack("<QII", int(NOON // 60), 2, 0)
