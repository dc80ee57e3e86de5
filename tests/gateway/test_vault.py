"""The vault: found again by its own principal and by nobody else, sealed, bounded, shared by processes."""

from __future__ import annotations

import hashlib
import multiprocessing
import sqlite3

import pytest

from gateway import vault as module
from gateway.redaction.placeholder import Restorable
from gateway.vault import FILE, Earlier, Vault

NAME = "⟦PERSON_7f3a9c0d12e4b658⟧"
EARLIER = Earlier("abroad", "f1", {NAME: Restorable("PERSON", "Maria Schneider")})


def key(purpose: str, tenant: str) -> bytes:
    return hashlib.sha256(f"{purpose}/{tenant}".encode()).digest()


@pytest.fixture
def vault(tmp_path):
    opened = Vault(tmp_path, key)
    yield opened
    opened.close()


def test_what_was_kept_is_found_by_its_principal(vault):
    vault.keep("acme", "crm/u", "resp_1", EARLIER)
    assert vault.find("acme", "crm/u", "resp_1") == EARLIER
    vault.keep("acme", "crm/u", "resp_1", Earlier("home", "f2", {}))
    assert vault.find("acme", "crm/u", "resp_1") == Earlier("home", "f2", {})


@pytest.mark.parametrize(
    "who",
    [
        ("acme", "crm/u", "resp_2"), ("acme", "crm/v", "resp_1"), ("globex", "crm/u", "resp_1"),
        ("acmec", "rm/u", "resp_1"), ("acme", "crm", "/uresp_1"), ("acme", "crm/u", ""),
    ],
)  # fmt: skip
def test_for_anybody_else_it_was_never_there(vault, who):
    vault.keep("acme", "crm/u", "resp_1", EARLIER)
    assert vault.find(*who) is None


def test_nothing_stands_in_the_file_in_the_clear_and_changed_rows_are_none(vault, tmp_path):
    vault.keep("acme", "crm/u", "resp_1", EARLIER)
    vault.keep("acme", "crm/v", "resp_1", Earlier("home", "f2", {}))
    for file in tmp_path.glob(f"{FILE}*"):
        content = file.read_bytes()
        assert file.stat().st_mode & 0o077 == 0
        for text in (b"Maria", b"PERSON", b"resp_1", b"acme", b"crm"):
            assert text not in content
    with sqlite3.connect(tmp_path / FILE) as database:  # one principal's row under another's name
        (first, _), (_, other) = database.execute("SELECT name, sealed FROM vault").fetchall()
        database.execute("UPDATE vault SET sealed = ? WHERE name = ?", (other, first))
    found = [vault.find("acme", user, "resp_1") for user in ("crm/u", "crm/v")]
    assert sorted(found, key=str).count(None) == 1


def test_it_is_bounded_for_each_principal_by_number_age_and_size(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST", 3)
    now = [1_000_000_000.0]
    vault = Vault(tmp_path, key, clock=lambda: now[0])
    vault.keep("acme", "other/u", "resp_0", EARLIER)
    for number in range(5):
        now[0] += 1
        vault.keep("acme", "crm/u", f"resp_{number}", EARLIER)
    found = [vault.find("acme", "crm/u", f"resp_{number}") is not None for number in range(5)]
    assert found == [False, False, True, True, True]
    assert vault.find("acme", "other/u", "resp_0") is not None, "one principal's calls push out nobody else's"
    now[0] += module.DAYS * 86_400 + 1
    assert vault.find("acme", "crm/u", "resp_4") is None
    many = {f"⟦PERSON_{number:016x}⟧": Restorable("PERSON", "x" * 100_000) for number in range(9)}
    vault.keep("acme", "crm/u", "resp_9", Earlier("home", "f2", many))
    kept = vault.find("acme", "crm/u", "resp_9")
    assert list(kept.placeholders) == list(many)[-2:]
    vault.close()


def _open(folder, gate):
    gate.wait(60)
    Vault(folder, key).close()


def test_workers_that_start_together_make_one_file(tmp_path):
    context = multiprocessing.get_context("spawn")
    gate = context.Barrier(4)
    workers = [context.Process(target=_open, args=(tmp_path, gate)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0] * 4


def _keep_many(folder, start):
    vault = Vault(folder, key)
    for number in range(start, start + 40):
        vault.keep("acme", "crm/u", f"resp_{number}", EARLIER)
    vault.close()


def test_workers_share_it(vault, tmp_path):
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_keep_many, args=(tmp_path, start)) for start in (0, 100)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert all(
        vault.find("acme", "crm/u", f"resp_{n}") == EARLIER for start in (0, 100) for n in range(start, start + 40)
    )
