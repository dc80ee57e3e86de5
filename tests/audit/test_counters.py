"""Counters of distinct subjects against a model that keeps plain sets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.counters import ROLLING, Counters, CounterUse
from audit.errors import AppendRefused
from audit.store.migrate import upgrade
from audit.store.sqlite import connect_writer


@contextmanager
def counters() -> Iterator[tuple[Counters, Any]]:
    with TemporaryDirectory() as name:
        path = Path(name) / "c.db"
        upgrade(path)
        with closing(connect_writer(path)) as connection:
            yield Counters(connection), connection


def at(year: int, month: int) -> int:
    return round(datetime(year, month, 15, tzinfo=UTC).timestamp() * 1e6)


subjects = st.frozensets(st.sampled_from("abcdefgh"), max_size=4)
steps = st.lists(
    st.tuples(st.sampled_from(["keep", "part", "release", "hold"]), subjects, st.integers(0, 3)), max_size=25
)


@settings(max_examples=40, deadline=None)
@given(steps, st.sampled_from(["2026", ROLLING]))
def test_like_sets(sequence: list[tuple[str, frozenset[str], int]], period: str) -> None:
    counted: dict[str, int] = {}
    held: dict[str, frozenset[str]] = {}
    month = 24_000 + 1
    with counters() as (real, connection):
        for number, (action, wanted, later) in enumerate(sequence):
            month += later
            flow = f"f{number % 5}"
            held.pop(flow, None)
            now = at(month // 12, month % 12 + 1)
            floor = month - 12 if period == ROLLING else 0
            live = {s for s, seen in counted.items() if seen >= floor}
            others = frozenset().union(*held.values()) | live if held else live
            (state,) = real.reserve(flow, "t", [CounterUse("c", period, wanted)], now)
            assert (state.before, state.new) == (len(others), len(wanted - others))
            kept = wanted if action == "keep" else frozenset(sorted(wanted)[:1])
            if action in ("keep", "part"):
                connection.execute("begin")
                real.check_keep(flow, {"c": kept})
                real.keep(flow, {"c": kept})
                connection.execute("commit")
                counted |= dict.fromkeys(kept, month)
            elif action == "release":
                real.release(flow)
            else:
                held[flow] = wanted
        assert real.held() == len([h for h in held.values() if h])


def test_a_year_ago_is_out_of_the_rolling_window_and_in_its_own_year() -> None:
    with counters() as (real, connection):
        uses = [CounterUse("us", ROLLING, frozenset("ab")), CounterUse("cn", "2025", frozenset("ab"))]
        connection.execute("begin")
        real.reserve("f", "t", uses, at(2025, 3))
        real.keep("f", {"us": "ab", "cn": "ab"})
        connection.execute("commit")
        asked = [CounterUse("us", ROLLING, frozenset("ac")), CounterUse("cn", "2025", frozenset("ac"))]
        assert [(s.before, s.new) for s in real.reserve("g", "t", asked, at(2026, 3))] == [(2, 1), (2, 1)]
        assert [(s.before, s.new) for s in real.reserve("g", "t", asked, at(2026, 4))] == [(0, 2), (2, 1)]


def test_only_what_was_reserved_is_kept() -> None:
    with counters() as (real, _):
        real.reserve("f", "t", [CounterUse("c", "2026", frozenset("ab"))], at(2026, 1))
        real.check_keep("f", {"c": "a"})
        for keep in ({"c": "z"}, {"d": "a"}):
            with pytest.raises(AppendRefused):
                real.check_keep("f", keep)
