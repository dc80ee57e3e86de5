"""Frames: any cut of the bytes gives the same messages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.inspection.frames import FrameError, Unpacker, pack

messages = st.lists(
    st.tuples(st.integers(0, 99), st.text(st.characters(codec="utf-8"), max_size=20)).map(list), max_size=6
)


@given(messages, st.lists(st.integers(1, 7), min_size=1, max_size=40))
def test_cuts_do_not_matter(sent, cuts):
    data = b"".join(pack(message) for message in sent)
    unpacker, got, at = Unpacker(), [], 0
    for size in [*cuts, len(data)]:
        got += unpacker.feed(data[at : at + size])
        at += size
    assert got == sent


def test_a_broken_peer_is_noticed():
    with pytest.raises(FrameError):
        Unpacker().feed(b"\xff\xff\xff\xff")
    with pytest.raises(FrameError):
        Unpacker().feed(b"\x00\x00\x00\x01{")
    with pytest.raises(FrameError):
        pack(["\ud800"])
