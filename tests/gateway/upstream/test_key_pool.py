"""Keys of a provider: in turn, resting, waking."""

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from gateway.settings import Provider
from gateway.upstream.key_pool import EVERY_MODEL, MOST_RESTS, KeyPool, KeyPools, awake_first
from gateway.upstream.port import Unreachable


def test_they_take_turns():
    pool = KeyPool(["a", "b", "c"])
    assert "".join(pool.take("m", 0).value for _ in range(7)) == "abcabca"


def test_a_resting_one_is_passed_over_until_it_wakes():
    pool = KeyPool(["a", "b"])
    pool.take("m", 0).rest("m", 10)
    assert [pool.take("m", 1).value for _ in range(3)] == ["b", "b", "b"]
    assert pool.take("m", 10).value == "a"


def test_it_rests_for_one_model_or_for_all():
    pool = KeyPool(["a"])
    pool.take("m", 0).rest("m", 10)
    assert (pool.awake("m", 1), pool.awake("other", 1)) == (False, True)
    pool.take("m", 0).rest(EVERY_MODEL, 10)
    assert not pool.awake("other", 1)
    assert pool.awake("other", 10)


def test_when_all_rest_the_first_to_wake_is_tried():
    pool = KeyPool(["a", "b"])
    pool.take("m", 0).rest("m", 30)
    pool.take("m", 0).rest("m", 20)
    assert (pool.awake("m", 1), pool.take("m", 1).value) == (False, "b")


def test_a_provider_without_a_key_has_an_empty_one():
    assert KeyPool([]).take("m", 0).value == ""


def test_the_same_key_twice_is_one():
    assert len(KeyPool(["a", "a"])) == 1


def test_a_key_has_no_repr():
    assert "sesame" not in repr(KeyPool(["sesame"]).take("m", 0))


def test_models_without_number_fill_no_memory():
    key = KeyPool(["a"]).take("m", 0)
    for number in range(5 * MOST_RESTS):
        key.rest(f"model-{number}", number)
    assert len(key._rests) == MOST_RESTS
    assert key.wakes(f"model-{5 * MOST_RESTS - 1}") > 0


@given(st.integers(1, 6), st.lists(st.tuples(st.floats(0, 5), st.floats(0, 20), st.sampled_from("mn")), max_size=40))
def test_an_awake_key_is_never_passed_over_for_a_resting_one(number, steps):
    pool, now = KeyPool([str(n) for n in range(number)]), 0.0
    for wait, rest, model in steps:
        now += wait
        awake = pool.awake(model, now)
        key = pool.take(model, now)
        assert (key.wakes(model) <= now) == awake
        key.rest(model, now + rest)


def test_providers_with_awake_keys_come_first(monkeypatch):
    for name in ("A", "B"):
        monkeypatch.setenv(f"KEY_{name}", name)
    one, two = (
        Provider(name=name, base_url="http://x", jurisdiction="DE", secret=f"env:KEY_{name}") for name in ("A", "B")
    )
    pools = KeyPools()
    pools.of(one).take("m", 0).rest("m", 5)
    assert awake_first([one, two], pools, "m", 1) == [two, one]
    assert awake_first([one, two], pools, "other", 1) == [one, two]
    assert awake_first([one, two], pools, "m", 5) == [one, two]


def test_a_key_that_is_gone_is_told_to_operators_and_not_to_callers(tmp_path):
    gone = Provider(name="gone", base_url="http://127.0.0.1:9", jurisdiction="US", secret=f"file:{tmp_path}/key")
    there = Provider(name="there", base_url="http://127.0.0.1:9", jurisdiction="US")
    pools = KeyPools()
    with structlog.testing.capture_logs() as said:
        for _ in range(3):
            with pytest.raises(Unreachable) as caught:
                pools.of(gone)
            assert str(tmp_path) not in caught.value.message
        assert awake_first([gone, there], pools, "m", 0) == [there, gone]
    assert [(line["provider"], str(tmp_path) in line["problem"]) for line in said] == [("gone", True)]
    (tmp_path / "key").write_text("sk-1\n")
    assert pools.of(gone).take("m", 0).value == "sk-1"
