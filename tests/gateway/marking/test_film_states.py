"""What is known of films: under names that tell nothing, by one process at a time, and of deleted jobs nothing."""

from __future__ import annotations

import multiprocessing
import os
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from audit.keys import Keyring
from gateway.marking import film_states
from gateway.marking.film_states import FilmState, FilmStates

READY = FilmState("ready", "0199-flow", 1_800_000_000.0)
FAILED = FilmState("failed", "0199-flow", 1_800_000_000.0, 2, False, "lexgate_unavailable", "the worker died")


def states_in(folder: Path) -> FilmStates:
    if not (folder / "keys").exists():
        Keyring.create(folder / "keys")
    return FilmStates(folder / "films", Keyring.open(folder / "keys").derive)


def test_what_is_known_is_known_to_every_worker(tmp_path: Path) -> None:
    states, name = states_in(tmp_path), "ab" * 16 + "-" + "cd" * 8
    assert states.get(name) is None
    for state in (FAILED, READY):
        states.put(name, state)
        assert states_in(tmp_path).get(name) == state
    (tmp_path / "films" / name).write_bytes(b"torn")
    assert states.get(name) is None


def test_a_name_tells_nothing_and_differs_by_tenant_principal_and_job(tmp_path: Path) -> None:
    states = states_in(tmp_path)
    whose = [("acme", "crm/li", "v1"), ("globex", "crm/li", "v1"), ("acme", "crm/max", "v1"), ("acme", "crm/li", "v2"),
             ("acme", "crm/l", "iv1")]  # fmt: skip
    names = {states.job(*each) for each in whose}
    assert len(names) == len(whose)
    assert all(len(name) == 32 and set(name) <= set("0123456789abcdef") for name in names)
    assert states.job(*whose[0]) == states_in(tmp_path).job(*whose[0])


def test_of_a_deleted_job_nothing_is_known_whatever_marks_were_asked_for(tmp_path: Path) -> None:
    states, job, other = states_in(tmp_path), "ab" * 16, "cd" * 16
    names = [f"{job}-{mark * 16}" for mark in "12"]
    for name in (*names, f"{other}-{'1' * 16}"):
        states.put(name, READY)
    assert sorted(states.films_of(job)) == names
    states.forget(job)
    assert (states.films_of(job), states.is_gone(job)) == ([], True)
    assert (len(states.films_of(other)), states.is_gone(other)) == (1, False)


def _hold(folder: Path, name: str, said: Connection) -> None:
    said.send(states_in(folder).lock(name))
    said.recv()


def test_one_process_at_a_time_marks_a_film_and_one_that_dies_lets_go(tmp_path: Path) -> None:
    mine, name = states_in(tmp_path), "ab" * 16 + "-" + "cd" * 8
    ours, theirs = multiprocessing.Pipe()
    holder = multiprocessing.get_context("fork").Process(target=_hold, args=(tmp_path, name, theirs), daemon=True)
    holder.start()
    assert ours.recv() is True
    assert not mine.lock(name)
    assert mine.lock(f"{'ef' * 16}-{'cd' * 8}")  # another film is another one's
    holder.kill()
    holder.join()
    assert mine.lock(name)
    mine.unlock(name)


def test_the_oldest_are_forgotten_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(film_states, "MOST", 3)
    states, now = states_in(tmp_path), 1_800_000_000.0
    states.clock = lambda: now
    for number in range(6):
        states.put(f"{number:032x}-{'0' * 16}", READY)
        os.utime(tmp_path / "films" / f"{number:032x}-{'0' * 16}", (now + number, now + number))
    known = [number for number in range(6) if states.get(f"{number:032x}-{'0' * 16}") is not None]
    assert known == [3, 4, 5]
    states.clock = lambda: now + 31 * 86_400
    states.put(f"{9:032x}-{'0' * 16}", READY)
    assert [path.name[:32] for path in (tmp_path / "films").glob("*-*")] == [f"{9:032x}"]
