"""The file of issued keys, and who may call by it."""

from __future__ import annotations

import errno
import json
import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import BadRequest, ConfigurationError
from gateway.identity.directory import Directory
from gateway.identity.issued_keys import Issued, IssuedKeysFile, new_key, pruned, read, write
from gateway.settings import Settings

CRM = {"application": "crm", "user": "li.wei", "country": "DE"}
SETTINGS = Settings.model_validate({"applications": [{"name": "crm", "tenant": "acme"}]})
NOW = 1_790_000_000.0


def test_the_file_holds_no_key_and_only_its_owner_reads_it(tmp_path):
    file = tmp_path / "issued.json"
    value, made = new_key(NOW, **CRM)
    write(file, Issued().with_key(made))
    assert value not in file.read_text()
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
    assert read(file) == Issued((made,), {})
    assert [path.name for path in tmp_path.iterdir()] == ["issued.json"]


def test_an_issued_key_opens_the_gateway_until_it_ends():
    value, made = new_key(NOW, **CRM)
    assert Directory(SETTINGS, Issued().with_key(made)).find(value.encode()).principal.tenant == "acme"
    assert Directory(SETTINGS, Issued().with_key(made, ends=NOW * 2)).find(value.encode())
    assert Directory(SETTINGS, Issued().with_key(made, ends=1.0)).find(value.encode()) is None


def test_a_key_whose_end_comes_while_the_directory_lives(monkeypatch):
    value, made = new_key(NOW, **CRM)
    now = NOW
    monkeypatch.setattr("time.time", lambda: now)
    directory = Directory(SETTINGS, Issued().with_key(made, ends=NOW + 10))
    assert directory.find(value.encode())
    now += 10
    assert directory.find(value.encode()) is None


def test_a_key_of_the_configuration_can_be_ended_too():
    value, made = new_key(NOW, **CRM)
    configured = Settings.model_validate(
        {"applications": [{"name": "crm", "tenant": "acme"}], "principals": [CRM | {"key_sha256": made.key_sha256}]}
    )
    assert Directory(configured).find(value.encode())
    assert Directory(configured, Issued().ending(made.key_sha256[:16], 1.0)).find(value.encode()) is None


def test_a_key_of_an_application_that_is_gone_opens_nothing():
    value, made = new_key(NOW, application="gone", user="u", country="DE")
    assert Directory(SETTINGS, Issued().with_key(made)).find(value.encode()) is None


@given(st.lists(st.floats(0, 1e10), min_size=1, max_size=8))
def test_an_end_is_never_put_off(ends):
    issued = Issued()
    for end in ends:
        issued = issued.ending("k", end)
    assert issued.ends["k"] == min(ends)


def test_keys_that_ended_long_ago_are_left_out_but_no_end_of_another_key_is():
    old, fresh = new_key(NOW, **CRM)[1], new_key(NOW, **CRM)[1]
    issued = Issued().with_key(old, ends=1.0).with_key(fresh, ends=NOW).ending("c" * 16, 1.0)
    kept = pruned(issued, NOW + 1)
    assert kept.keys == (fresh,)
    assert set(kept.ends) == {fresh.key_sha256[:16], "c" * 16}


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"version": 2}', '{"keys": [{}]}', '{"ends": {"a": "never"}}', '{"more": 1}', "\0"]
)
def test_an_odd_file_is_an_error_that_quotes_nothing(tmp_path, text):
    file = tmp_path / "issued.json"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match="not a file of issued keys"):
        read(file)


def test_a_file_that_has_gone_is_no_change_and_what_it_said_last_holds(tmp_path):
    file = tmp_path / "issued.json"
    watched = IssuedKeysFile(file)
    assert (watched.has_changed(), watched.read()) == (False, Issued())
    write(file, Issued().ending("k", 1.0))
    assert watched.has_changed()
    assert watched.read().ends == {"k": 1.0}
    assert not watched.has_changed()
    file.unlink()
    assert not watched.has_changed()
    assert watched.read().ends == {"k": 1.0}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_file_that_root_makes_belongs_to_whom_its_folder_belongs(tmp_path):
    os.chown(tmp_path, 12345, 12346)
    write(tmp_path / "issued.json", Issued())
    made = (tmp_path / "issued.json").stat()
    assert (made.st_uid, made.st_gid) == (12345, 12346)


@pytest.mark.parametrize("odd", [{"country": "de"}, {"user": ""}, {"application": "a b"}, {"region": "x" * 65}])
def test_a_principal_that_cannot_be_one(odd):
    with pytest.raises(BadRequest, match=next(iter(odd))):
        new_key(NOW, **CRM | odd)


def test_the_file_is_plain_json(tmp_path):
    write(tmp_path / "f", Issued().with_key(new_key(NOW, **CRM)[1]))
    assert set(json.loads((tmp_path / "f").read_text())) == {"version", "keys", "ends"}


def test_a_file_that_cannot_be_written_leaves_the_old_one_and_nothing_beside_it(tmp_path, monkeypatch):
    _, first = new_key(NOW, **CRM)
    path = tmp_path / "issued.json"
    write(path, Issued((first,)))

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="full"):
        write(path, Issued())
    assert read(path).keys == (first,)
    assert [file.name for file in tmp_path.iterdir()] == ["issued.json"]
