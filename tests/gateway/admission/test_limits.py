"""Limits hold over all workers together, and a replaced worker's running calls do not count for ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.admission.limits import Limit, LimitTable
from gateway.errors import TooManyRequests

NOON = 1_800_000_000.0 // 60 * 60


def two_workers(folder: Path) -> tuple[LimitTable, LimitTable]:
    return LimitTable(folder / "limits", 2, 0), LimitTable(folder / "limits", 2, 1)


def test_calls_a_minute_are_counted_over_both_workers(tmp_path: Path) -> None:
    first, second = two_workers(tmp_path)
    limits = [Limit("principal:a", 3, 10)]
    first.enter(limits, NOON)
    second.enter(limits, NOON + 1)
    first.enter(limits, NOON + 2)
    with pytest.raises(TooManyRequests) as refused:
        second.enter(limits, NOON + 3)
    assert refused.value.retry_after == 58
    second.enter(limits, NOON + 60)


def test_concurrent_calls_are_counted_until_they_leave(tmp_path: Path) -> None:
    first, second = two_workers(tmp_path)
    limits = [Limit("principal:a", 100, 2), Limit("tenant:t", 100, 100)]
    first.enter(limits, NOON)
    second.enter(limits, NOON)
    with pytest.raises(TooManyRequests, match="2 calls at once"):
        first.enter(limits, NOON)
    second.leave(limits)
    first.enter(limits, NOON)


def test_a_refused_call_counts_against_no_limit(tmp_path: Path) -> None:
    first, _ = two_workers(tmp_path)
    tight, wide = Limit("principal:a", 1, 10), Limit("tenant:t", 2, 10)
    first.enter([tight, wide], NOON)
    for _ in range(5):
        with pytest.raises(TooManyRequests):
            first.enter([tight, wide], NOON)
    first.enter([wide], NOON)


def test_a_new_worker_in_the_same_slot_forgets_the_dead_ones_calls(tmp_path: Path) -> None:
    first, _ = two_workers(tmp_path)
    limits = [Limit("principal:a", 100, 1)]
    first.enter(limits, NOON)
    reborn = LimitTable(tmp_path / "limits", 2, 0)
    reborn.enter(limits, NOON)
    with pytest.raises(TooManyRequests):  # its own call counts
        reborn.enter(limits, NOON)


def test_names_have_the_same_column_in_all_workers(tmp_path: Path) -> None:
    """A token's user is known to no configuration: whichever worker meets it first gives it its column."""
    first, second = two_workers(tmp_path)
    for number in range(200):
        limits = [Limit(f"principal:user-{number}", 2, 10)]
        table, other = (first, second) if number % 2 else (second, first)
        table.enter(limits, NOON)
        other.enter(limits, NOON)
        with pytest.raises(TooManyRequests):
            table.enter(limits, NOON)


def test_a_full_table_gives_the_columns_of_silent_names_to_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.admission.limits.COLUMNS", 8)
    first, second = LimitTable(tmp_path / "limits", 2, 0), LimitTable(tmp_path / "limits", 2, 1)
    busy = [Limit("principal:busy", 100, 10)]
    first.enter(busy, NOON)  # and does not leave
    for number in range(7):
        first.enter(limits := [Limit(f"principal:{number}", 100, 10)], NOON)
        first.leave(limits)
    with pytest.raises(TooManyRequests, match="room"):
        second.enter([Limit("principal:late", 100, 10)], NOON + 60)
    for number in range(7):
        late = [Limit(f"principal:late-{number}", 1, 10)]
        second.enter(late, NOON + 600)
        with pytest.raises(TooManyRequests, match="a minute"):
            first.enter(late, NOON + 600)
    with pytest.raises(TooManyRequests, match="1 calls at once"):
        second.enter([Limit("principal:busy", 100, 1)], NOON + 600)
    first.leave(busy)
