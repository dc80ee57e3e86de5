"""The circuit breaker: what holds after any sequence of calls and times."""

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gateway.upstream.breaker import STILL, Bounds, Breaker, State

BOUNDS = Bounds(failures=3, open_s=5.0, longest_open_s=40.0)


def failing(breaker: Breaker, now: float) -> Breaker:
    """A call that is let through and fails."""
    assert breaker.admits(now)
    entered = breaker.entered(now)
    return entered.failed(now, trial=entered.trial)


def test_failures_in_a_row_open_it_and_a_trial_closes_it():
    breaker = Breaker(BOUNDS)
    for now in (1.0, 2.0):
        breaker = failing(breaker, now)
        assert breaker.state(now) is State.CLOSED
    breaker = failing(breaker, 3.0)
    assert (breaker.state(3.0), breaker.wait(3.0)) == (State.OPEN, 5.0)
    assert not breaker.admits(7.9)
    assert (breaker.state(8.0), breaker.admits(8.0)) == (State.HALF_OPEN, True)
    trying = breaker.entered(8.0)
    assert not trying.admits(8.0)
    assert trying.succeeded() == Breaker(BOUNDS)


def test_each_failed_trial_doubles_the_rest_up_to_the_longest():
    breaker, now, rests = Breaker(BOUNDS), 0.0, []
    for _ in range(3):
        breaker = failing(breaker, now)
    for _ in range(6):
        rests.append(breaker.wait(now))
        now += breaker.wait(now)
        breaker = failing(breaker, now)
    assert rests == [5.0, 10.0, 20.0, 40.0, 40.0, 40.0]


def test_a_success_between_failures_counts_them_anew():
    breaker = Breaker(BOUNDS)
    for now in range(20):
        breaker = failing(breaker, now)
        if now % 2:
            breaker = breaker.succeeded()
    assert breaker.state(20) is State.CLOSED


def test_failures_far_apart_are_not_in_a_row():
    breaker = Breaker(BOUNDS)
    for turn in range(10):
        breaker = failing(breaker, turn * (STILL + 1))
    assert breaker.state(10 * (STILL + 1)) is State.CLOSED


def test_a_trial_that_tells_nothing_makes_room_for_the_next():
    breaker = Breaker(BOUNDS)
    for _ in range(3):
        breaker = failing(breaker, 0.0)
    trying = breaker.entered(5.0)
    assert not trying.admits(6.0)
    assert trying.abandoned().admits(6.0)


def test_calls_from_before_the_opening_neither_prolong_it_nor_end_the_trial():
    breaker = Breaker(BOUNDS)
    for _ in range(3):
        breaker = failing(breaker, 0.0)
    assert breaker.failed(1.0) == breaker
    trying = breaker.entered(5.0)
    assert trying.failed(5.5) == trying


def test_a_probe_that_reaches_the_provider_ends_the_rest():
    breaker = Breaker(BOUNDS)
    for _ in range(3):
        breaker = failing(breaker, 0.0)
    assert breaker.half_opened(1.0).admits(1.0)
    assert Breaker(BOUNDS).half_opened(1.0) == Breaker(BOUNDS)


@given(st.lists(st.tuples(st.floats(0, 100), st.booleans()), max_size=60))
def test_whatever_happens_it_is_usable_again_after_the_longest_rest(steps):
    breaker, now = Breaker(BOUNDS), 0.0
    for wait, fine in steps:
        now += wait
        if breaker.admits(now):
            breaker = breaker.entered(now).succeeded() if fine else failing(breaker, now)
    assert breaker.admits(now + BOUNDS.longest_open_s)
    assert breaker.wait(now) <= BOUNDS.longest_open_s


class Calls(RuleBasedStateMachine):
    """Overlapping calls against one breaker, beside a plain account of what they did."""

    @initialize()
    def begin(self):
        self.breaker = Breaker(BOUNDS)
        self.now = 0.0
        self.running: list[bool] = []  # whether each running call is the trial
        self.since_success = 0

    @rule(seconds=st.floats(0, 50))
    def time_passes(self, seconds):
        self.now += seconds

    @precondition(lambda self: self.breaker.admits(self.now))
    @rule()
    def a_call_begins(self):
        half_open = self.breaker.state(self.now) is State.HALF_OPEN
        self.breaker = self.breaker.entered(self.now)
        self.running.append(half_open)

    @precondition(lambda self: self.running)
    @rule(data=st.data(), how=st.sampled_from(["succeeded", "failed", "abandoned"]))
    def a_call_ends(self, data, how):
        trial = self.running.pop(data.draw(st.integers(0, len(self.running) - 1)))
        before = self.breaker
        if how == "succeeded":
            self.breaker = before.succeeded()
            self.running = [False] * len(self.running)  # what began as a trial is one no more
            self.since_success = 0
            assert self.breaker.state(self.now) is State.CLOSED
        elif how == "failed":
            self.breaker = before.failed(self.now, trial=trial)
            self.since_success += 1
            opened = self.breaker.openings > before.openings
            assert not opened or trial or self.since_success >= BOUNDS.failures
        elif trial:
            self.breaker = before.abandoned()

    @invariant()
    def at_most_one_trial_runs(self):
        assert sum(self.running) <= 1
        assert self.breaker.trial == (sum(self.running) == 1)

    @invariant()
    def an_open_breaker_lets_nothing_through(self):
        assert self.breaker.admits(self.now) == (self.breaker.wait(self.now) == 0)
        if self.breaker.state(self.now) is State.OPEN:
            assert not self.breaker.admits(self.now)
            assert self.breaker.open_until - self.now <= BOUNDS.longest_open_s


TestCalls = Calls.TestCase
