"""Keys of a provider: in turn, resting, waking."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.settings import Provider
from gateway.upstream.key_pool import KeyPool, KeyPools, awake_first


def test_they_take_turns():
    pool = KeyPool(["a", "b", "c"])
    assert "".join(pool.take(0).value for _ in range(7)) == "abcabca"


def test_a_resting_one_is_passed_over_until_it_wakes():
    pool = KeyPool(["a", "b"])
    pool.take(0).rests_until = 10
    assert [pool.take(1).value for _ in range(3)] == ["b", "b", "b"]
    assert pool.take(10).value == "a"


def test_when_all_rest_the_first_to_wake_is_tried():
    pool = KeyPool(["a", "b"])
    pool.take(0).rests_until = 30
    pool.take(0).rests_until = 20
    assert (pool.awake(1), pool.wait(1), pool.take(1).value) == (0, 19, "b")


def test_a_provider_without_a_key_has_an_empty_one():
    assert KeyPool([]).take(0).value == ""


def test_the_same_key_twice_is_one():
    assert len(KeyPool(["a", "a"])) == 1


def test_a_key_has_no_repr():
    assert "sesame" not in repr(KeyPool(["sesame"]).take(0))


@given(st.integers(1, 6), st.lists(st.tuples(st.floats(0, 5), st.floats(0, 20)), max_size=40))
def test_an_awake_key_is_never_passed_over_for_a_resting_one(number, steps):
    pool, now = KeyPool([str(n) for n in range(number)]), 0.0
    for wait, rest in steps:
        now += wait
        awake = pool.awake(now)
        key = pool.take(now)
        assert (key.rests_until <= now) == (awake > 0)
        key.rests_until = now + rest


def test_providers_with_awake_keys_come_first(monkeypatch):
    for name in ("A", "B"):
        monkeypatch.setenv(f"KEY_{name}", name)
    one, two = (
        Provider(name=name, base_url="http://x", jurisdiction="DE", secret=f"env:KEY_{name}") for name in ("A", "B")
    )
    pools = KeyPools()
    pools.of(one).take(0).rests_until = 5
    assert awake_first([one, two], pools, 1) == [two, one]
    assert awake_first([one, two], pools, 5) == [one, two]
