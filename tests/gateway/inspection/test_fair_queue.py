"""Turns: tenants by the time they used, small jobs before large ones, nobody twice before everybody once."""

from __future__ import annotations

import threading

from hypothesis import given
from hypothesis import strategies as st

from gateway.inspection.fair_queue import FairQueue


def served(queue, turns, seconds=1.0):
    """Which jobs run, each turn so long; no job ends."""
    order = []
    for _ in range(turns):
        turn = queue.take()
        order.append(turn.job)
        queue.back(turn, seconds)
    return order


def test_jobs_of_one_tenant_run_in_order_of_arrival():
    queue = FairQueue()
    for job in "abc":
        queue.put("acme", job)
    jobs = []
    for _ in range(3):
        turn = queue.take()
        jobs.append(turn.job)
        queue.done(turn, 1.0)
    assert jobs == ["a", "b", "c"]


def test_a_tenant_with_many_jobs_gets_no_more_turns_than_one_with_one():
    queue = FairQueue()
    for number in range(10):
        queue.put("many", f"many {number}")
    queue.put("one", "one")
    order = served(queue, 12)
    assert order.count("one") == 6


def test_a_small_job_goes_before_the_rest_of_a_large_one():
    queue = FairQueue()
    queue.put("acme", "large")
    assert served(queue, 3) == ["large"] * 3
    queue.put("acme", "small")
    assert queue.take().job == "small"


def test_who_comes_late_has_no_claim_on_the_past():
    queue = FairQueue()
    queue.put("early", "early")
    served(queue, 100)
    queue.put("late", "late")
    assert served(queue, 10).count("early") >= 4


def test_who_leaves_and_comes_back_gains_nothing():
    queue = FairQueue()
    queue.put("steady", "steady")
    queue.put("hopper", "hop 0")
    turns = []
    for hop in range(1, 40):
        turn = queue.take()
        turns.append(turn.tenant)
        if turn.tenant == "steady":
            queue.back(turn, 1.0)
        else:
            queue.done(turn, 1.0)
            queue.put("hopper", f"hop {hop}")
    assert abs(turns.count("hopper") - turns.count("steady")) <= 2


def test_a_closed_queue_ends_after_its_jobs():
    queue = FairQueue()
    queue.put("acme", "last")
    queue.close()
    queue.done(queue.take(), 1.0)
    assert queue.take() is None


def test_taking_waits_for_a_job():
    queue = FairQueue()
    taken = []
    thread = threading.Thread(target=lambda: taken.append(queue.take().job))
    thread.start()
    queue.put("acme", "job")
    thread.join(10)
    assert taken == ["job"]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 5)), min_size=1, max_size=30))
def test_every_job_is_served_and_nobody_waits_while_another_has_had_much_more(jobs):
    queue = FairQueue()
    for number, (tenant, turns) in enumerate(jobs):
        queue.put(tenant, [number, turns])
    used = dict.fromkeys("abc", 0)
    left = {tenant: sum(turns for name, turns in jobs if name == tenant) for tenant in "abc"}
    while any(left.values()):
        turn = queue.take()
        used[turn.tenant] += 1
        left[turn.tenant] -= 1
        turn.job[1] -= 1
        (queue.back if turn.job[1] else queue.done)(turn, 1.0)
        assert all(used[turn.tenant] - used[other] <= 1 for other in "abc" if left[other])
    assert not queue.contended


def test_without_waiting_there_is_a_job_or_none_and_tenants_can_be_passed_over():
    queue = FairQueue()
    assert queue.take_now() is None
    queue.put("busy", "one")
    queue.put("busy", "two")
    first = queue.take_now()
    assert first.job == "one"
    assert queue.take_now({"busy"}) is None
    queue.put("other", "three")
    assert queue.take_now({"busy"}).job == "three"
    assert queue.take_now().job == "two"
    queue.done(first, 1.0)
    assert queue.take_now() is None
