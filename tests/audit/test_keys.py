"""Key files: made once, private, sealed by a passphrase, and silent about what they hold."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from audit.datakeys import DataKeys, unwrap_flow
from audit.errors import KeysUnusable
from audit.keys import Keyring


def test_keys_are_made_once_and_private(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    made = Keyring.create(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for file in folder.glob("*.key"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(KeysUnusable, match="never overwritten"):
        Keyring.create(folder)
    again = Keyring.open(folder)
    assert str(again.verifier_key("a/b")) == str(made.verifier_key("a/b"))
    assert again.derive("subject", "acme") == made.derive("subject", "acme")


def test_of_two_that_make_keys_at_once_one_does(tmp_path: Path) -> None:
    def make(_: int) -> str:
        try:
            return str(Keyring.create(tmp_path / "keys").verifier_key("x"))
        except KeysUnusable:
            return ""

    with ThreadPoolExecutor(4) as pool:
        made = [key for key in pool.map(make, range(4)) if key]
    assert made == [str(Keyring.open(tmp_path / "keys").verifier_key("x"))]


def test_derived_keys_differ_by_purpose_and_context(tmp_path: Path) -> None:
    keyring = Keyring.create(tmp_path / "keys")
    derived = {keyring.derive(p, c) for p in ("placeholder", "subject", "salt") for c in ("", "acme", "b")}
    assert len(derived) == 9
    assert {len(key) for key in derived} == {32}


def test_a_passphrase_seals_the_files(tmp_path: Path) -> None:
    made = Keyring.create(tmp_path / "keys", "correct horse")
    assert Keyring.open(tmp_path / "keys", "correct horse").kek == made.kek
    for wrong in ("", "battery staple"):
        with pytest.raises(KeysUnusable, match="passphrase"):
            Keyring.open(tmp_path / "keys", wrong)


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b'{"format":"lexgate-key/1","kind":"kek","key":"AAAA"}', b"\xff"]
)
def test_a_damaged_file_is_said_to_be_one(tmp_path: Path, content: bytes) -> None:
    Keyring.create(tmp_path / "keys")
    (tmp_path / "keys" / "kek.key").write_bytes(content)
    with pytest.raises(KeysUnusable, match=r"kek\.key"):
        Keyring.open(tmp_path / "keys")


def test_missing_keys_are_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(KeysUnusable, match="lexgate init"):
        Keyring.open(tmp_path / "none")


def test_no_repr_holds_a_secret(tmp_path: Path) -> None:
    keyring = Keyring.create(tmp_path / "keys")
    key = keyring.data_keys.for_flow("f", "acme", "li.wei")
    said = repr(keyring) + repr(key) + repr(key.user)
    for secret in (keyring.kek, keyring.salt_key, key.key, key.user.key):
        assert repr(secret)[2:-1] not in said


def test_a_wrapped_key_opens_only_for_whom_it_was_made() -> None:
    keys = DataKeys(bytes(32))
    made = keys.for_flow("f1", "acme", "li.wei")
    user = keys.unwrap_user(made.user.id, "acme", "li.wei", made.user.wrapped)
    assert user == made.user.key
    assert unwrap_flow(made.user.key, made.prefix, "f1") == made.key
    assert unwrap_flow(made.user.key, made.prefix, "f2") is None
    assert keys.unwrap_user(made.user.id, "acme", "other", made.user.wrapped) is None
    assert keys.unwrap_user(made.user.id, "acmel", "i.wei", made.user.wrapped) is None
    assert DataKeys(b"\x01" * 32).unwrap_user(made.user.id, "acme", "li.wei", made.user.wrapped) is None


def test_forgetting_a_user_makes_new_keys() -> None:
    keys = DataKeys(bytes(32))
    old = keys.for_flow("f1", "acme", "li.wei")
    assert keys.for_flow("f1", "acme", "li.wei") is old
    keys.forget("acme", "li.wei")
    assert keys.for_flow("f1", "acme", "li.wei").user.id != old.user.id


def test_a_process_that_was_forked_draws_keys_of_its_own() -> None:
    """Keys are drawn in advance: two processes that used the same ones would encrypt two texts under one nonce."""
    keys = DataKeys(bytes(32))
    keys.for_flow("f1", "acme", "li.wei")  # and others are waiting now
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, b"".join(keys.for_flow(f"c{number}", "acme", "li.wei").secret for number in range(80)))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        drawn = pipe.read()
    os.waitpid(child, 0)
    theirs = {drawn[at : at + 44] for at in range(0, len(drawn), 44)}
    mine = {keys.for_flow(f"p{number}", "acme", "li.wei").secret for number in range(80)}
    assert len(theirs) == len(mine) == 80
    assert not theirs & mine
