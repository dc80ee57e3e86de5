"""Hashes under one key are those of Python's own BLAKE2b, for any key, beginning and pieces."""

from __future__ import annotations

from hashlib import blake2b

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import keyed_hash, keyed_hash_python

KINDS = [keyed_hash.KeyedHash, keyed_hash_python.KeyedHash]
SOME = st.one_of(st.binary(max_size=8), st.sampled_from([0, 1, 127, 128, 129, 255, 256, 1000]).map(bytes))


@pytest.mark.parametrize("kind", KINDS)
@given(key=st.binary(min_size=1, max_size=64), size=st.integers(1, 64), first=SOME, pieces=st.lists(SOME, max_size=4))
def test_any_pieces_give_the_hash_of_all_of_them(kind, key, size, first, pieces):
    hashed = kind(key, size, first)
    expected = blake2b(first + b"".join(pieces), key=key, digest_size=size)
    assert hashed.digest(*pieces) == expected.digest()
    assert hashed.hex(*pieces) == expected.hexdigest()
    assert hashed.digest(*pieces) == expected.digest()  # it begins anew each time


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("key", "size"), [(b"", 16), (bytes(65), 16), (b"k", 0), (b"k", 65)])
def test_no_key_and_no_size_are_refused(kind, key, size):
    with pytest.raises(ValueError, match=r"1 to 64|between 1 and 64|digest_size"):
        kind(key, size)


@pytest.mark.parametrize("kind", KINDS)
def test_a_text_is_no_bytes(kind):
    with pytest.raises(TypeError):
        kind(b"k", 16).digest("text")


@pytest.mark.parametrize("kind", KINDS)
@given(first=SOME, pieces=st.lists(SOME, max_size=4), more=SOME)
def test_a_message_may_come_in_pieces_and_go_on_after_it_was_looked_at(kind, first, pieces, more):
    running = kind(b"k", 32, first).running()
    for piece in pieces:
        running.update(piece)
    other = running.copy()
    so_far = first + b"".join(pieces)
    assert running.hex() == blake2b(so_far, key=b"k", digest_size=32).hexdigest()
    running.update(more)
    assert running.hex() == blake2b(so_far + more, key=b"k", digest_size=32).hexdigest()
    assert other.hex() == blake2b(so_far, key=b"k", digest_size=32).hexdigest()
