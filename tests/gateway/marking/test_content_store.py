"""Marked files behind links: each link opens its own file for its own time, and any other link opens nothing."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.keys import Keyring
from gateway.errors import Unavailable
from gateway.marking.content_store import Content, ContentStore


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def store_in(folder: Path, clock: Clock, most: int = 1_000_000) -> ContentStore:
    if not (folder / "keys").exists():
        Keyring.create(folder / "keys")
    return ContentStore(folder / "content", Keyring.open(folder / "keys").derive, most, 600, clock)


def test_a_link_opens_its_file_until_its_time_is_over(tmp_path: Path) -> None:
    clock = Clock()
    store = store_in(tmp_path, clock)
    token = store.put("acme", "image/png", b"pixels")
    assert store.get(token) == Content("image/png", "acme", b"pixels")
    assert store_in(tmp_path, clock).get(token) is not None  # another worker's
    clock.now += 601
    assert store.get(token) is None


def test_what_lies_on_the_disk_is_sealed(tmp_path: Path) -> None:
    store_in(tmp_path, Clock()).put("acme", "image/png", b"pixels that say much" * 20)
    (file,) = (tmp_path / "content").iterdir()
    assert b"pixels" not in file.read_bytes()
    assert b"acme" not in file.read_bytes() + file.name.encode()


@given(st.data())
def test_a_link_with_any_bit_changed_opens_nothing(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    store = store_in(tmp_path_factory.mktemp("store"), Clock())
    raw = bytearray(base64.urlsafe_b64decode(store.put("acme", "image/png", b"pixels") + "=="))
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    assert store.get(base64.urlsafe_b64encode(raw).rstrip(b"=").decode()) is None


def test_a_link_is_written_in_one_way_only(tmp_path: Path) -> None:
    """Base64 can say the same bytes in many ways: by the four bits that are left over, and by what decoders pass over."""
    store = store_in(tmp_path, Clock())
    token = store.put("acme", "image/png", b"pixels")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    others = {token[:-1] + last for last in alphabet}
    others |= {
        f"{token}=",
        f"{token}==",
        f"{token}!",
        f"{token[:9]}*{token[9:]}",
        f" {token}",
        f"{token}\n",
        f"{token}é",
    }
    assert [other for other in sorted(others) if store.get(other) is not None] == [token]


@pytest.mark.parametrize("token", ["", "x", "../../keys/root.key", "ä" * 40, "A" * 50, "A" * 5000])
def test_what_is_no_link_opens_nothing(tmp_path: Path, token: str) -> None:
    store = store_in(tmp_path, Clock())
    assert store.get(token) is None  # not even the folder is there
    store.put("acme", "image/png", b"pixels")
    assert store.get(token) is None


def test_there_is_room_for_so_much_and_half_of_it_for_one_tenant(tmp_path: Path) -> None:
    clock = Clock()
    store = store_in(tmp_path, clock, most=10_000)
    store.put("acme", "image/png", bytes(4000))
    with pytest.raises(Unavailable):
        store.put("acme", "image/png", bytes(4000))
    token = store.put("globex", "image/png", bytes(4000))
    with pytest.raises(Unavailable):
        store.put("third", "image/png", bytes(4000))
    clock.now += 601  # what is over makes room
    store.put("acme", "image/png", bytes(4000))
    assert store.get(token) is None
    assert len(list((tmp_path / "content").iterdir())) == 1


def test_a_disk_that_takes_nothing_refuses_the_call(tmp_path: Path) -> None:
    store = store_in(tmp_path, Clock())
    (tmp_path / "content").mkdir()
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    import signal

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.raises(Unavailable):
            store.put("acme", "image/png", bytes(4000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list((tmp_path / "content").iterdir()) == []
