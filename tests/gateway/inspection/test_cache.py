"""The cache: per tenant, bounded by bytes, least recently used first."""

from __future__ import annotations

from gateway.inspection.cache import VerdictCache


def test_what_was_put_comes_back_for_the_same_tenant_version_and_content():
    cache = VerdictCache(b"key", 10_000)
    cache.put("acme", "v1", b"hello", ("verdict",))
    assert cache.get("acme", "v1", b"hello") == ("verdict",)
    assert cache.get("other", "v1", b"hello") is None
    assert cache.get("acme", "v2", b"hello") is None
    assert cache.get("acme", "v1", b"hello!") is None
    assert (cache.hits, cache.misses) == (1, 3)


def test_boundaries_between_fields_are_kept():
    cache = VerdictCache(b"key", 10_000)
    cache.put("ab", "c", b"x", 1)
    assert cache.get("a", "bc", b"x") is None


def test_the_least_recently_used_leaves_first():
    cache = VerdictCache(b"key", 3 * 1200)
    for name in (b"a", b"b", b"c"):
        cache.put("t", "v", name, name, 600)
    assert cache.get("t", "v", b"a") == b"a"
    cache.put("t", "v", b"d", b"d", 600)
    assert cache.get("t", "v", b"b") is None
    assert cache.get("t", "v", b"a") == b"a"
    assert cache.used_bytes <= 3600


def test_replacing_does_not_count_twice_and_the_too_big_is_not_kept():
    cache = VerdictCache(b"key", 2000)
    for _ in range(10):
        cache.put("t", "v", b"a", 1, 500)
    assert cache.used_bytes < 1100
    cache.put("t", "v", b"big", 1, 5000)
    assert cache.get("t", "v", b"big") is None
    assert cache.get("t", "v", b"a") == 1


def test_nothing_readable_is_kept_of_content():
    cache = VerdictCache(b"key", 10_000)
    cache.put("acme", "v1", b"the planted value", (1,))
    assert b"planted" not in b"".join(cache._entries)
