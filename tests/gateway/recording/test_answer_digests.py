"""Whatever was received and delivered, in whatever pieces: the digests are those of all of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import keyed_hash, keyed_hash_python
from gateway.recording import answer_digests
from gateway.recording.answer_digests import Digests

KEY = b"k" * 32
STEPS = st.lists(
    st.tuples(st.sampled_from(["received", "delivered", "as it came"]), st.binary(max_size=4) | st.just(b"a" * 40)),
    max_size=12,
)


@pytest.mark.parametrize("kind", [keyed_hash.KeyedHash, keyed_hash_python.KeyedHash])
@given(STEPS)
def test_any_pieces_give_the_digests_of_all_of_them(kind, steps):
    hashes = kind(KEY, 32)
    digests, received, delivered = Digests(hashes), b"", b""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(answer_digests, "AHEAD", 64)
        for what, piece in steps:
            if what == "received":
                digests.received(piece)
                received += piece
                continue
            given_ = piece if what == "delivered" else received[len(delivered) :][:40]
            digests.delivered(given_)
            delivered += given_
        assert digests.as_dict() == {"response": hashes.hex(received), "delivered": hashes.hex(delivered)}


def test_what_is_delivered_as_it_came_is_hashed_once():
    digests = Digests(keyed_hash.KeyedHash(KEY, 32))
    for piece in (b"one", b"two"):
        digests.received(piece)
        digests.delivered(piece)
    said = digests.as_dict()
    assert said["response"] == said["delivered"]
    assert digests._delivered is None
