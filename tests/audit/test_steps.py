"""Killed between any two steps, or refused by the disk at any of them: what was acknowledged is there, and all is closed."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pysqlite3.dbapi2 as sqlite
import pytest

from audit.counters import CounterUse
from audit.record import seal
from audit.sequencer import Log
from audit.store import journal as journals
from audit.store import sqlite as store_sqlite
from audit.store.batch import leaves_from
from audit.store.inspect import verify_store
from audit.store.sqlite import connect_reader
from tests.audit.lab import ORIGIN, Lab, intent, new_flow, outcome, settle

NOW = 1_790_000_000_000_000
SYNCS = ("fdatasync", "fsync")


class Steps:
    """Every call that changes a file, in order; `at` hears of each before it is done. Nothing waits for the disk: a process
    that is killed takes nothing with it that the kernel has.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at: Callable[[str], None] = lambda _: None
        steps = self

        class Connection(sqlite.Connection):
            def execute(self, sql: str, *more: Any) -> Any:
                steps.at(sql)
                return super().execute("pragma synchronous=off" if sql == "pragma synchronous=full" else sql, *more)

            def executemany(self, sql: str, *more: Any) -> Any:
                steps.at(sql)
                return super().executemany(sql, *more)

        class Driver:
            def __getattr__(self, name: str) -> Any:
                return getattr(sqlite, name)

            def connect(self, *given: Any, **more: Any) -> Any:
                return sqlite.connect(*given, factory=Connection, **more)

        class System:
            def __getattr__(self, name: str) -> Any:
                if name == "pwrite":
                    return lambda *given: (steps.at(name), os.pwrite(*given))[1]
                return (lambda _: steps.at(name)) if name in SYNCS else getattr(os, name)

        monkeypatch.setattr(store_sqlite, "driver", Driver())
        monkeypatch.setattr(journals, "os", System())
        monkeypatch.setattr(journals, "SIZE", 64 * 1024)
        monkeypatch.setattr("audit.sequencer.FOLD_EVERY_US", 10**12)
        monkeypatch.setattr("audit.sequencer.SIGN_EVERY_US", 0)
        monkeypatch.setattr("audit.sequencer.HEAD_EVERY_US", 0)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    return Steps(monkeypatch)


class Session:
    """A log that is written through the store, the journal, and both; what it has acknowledged so far."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.acknowledged: dict[int, bytes] = {}
        self.begun: list[str] = []
        self.ended: list[str] = []
        self.counted: set[str] = set()

    def run(self) -> None:
        log = Log.open(self.lab.store, self.lab.keyring, ORIGIN)
        try:
            self._write(log)
        except BaseException:
            log.abandon()
            raise
        log.close()

    def _write(self, log: Log) -> None:
        stream, n = ("w0", log.open_stream("w0")), 0
        for batch, journal in enumerate((False, True, True, False, True, True)):
            flows = [new_flow() for _ in range(3)]
            subject = f"s{batch}"
            log.counters.reserve(flows[0], "acme", [CounterUse("cn_pi", "2026", frozenset({subject}))], NOW)
            drafts = [intent(flows[0]), intent(flows[1]), outcome(flows[1]), outcome(flows[2], "denied")]
            if self.ended:
                drafts.append(settle((self.ended[-2],)))
            staged: dict[int, bytes] = {}
            for i, draft in enumerate(drafts):
                leaf = seal(draft, self.lab.keyring, *stream, n)
                for key in leaf.user_keys if not n else ():
                    log.add_user_key((key.id, key.tenant, key.user, key.wrapped))
                kept = {"reservation": flows[0], "keep": {"cn_pi": [subject]}} if i == 0 else {}
                staged[log.append(stream, n, leaf, **kept)] = leaf.entry
                n += 1
            log.commit(journal=journal)
            self.acknowledged |= staged
            self.begun.append(flows[0])
            self.ended += flows[1:]
            self.counted.add(subject)
            log._file() if batch % 2 else log.file()  # as when enough rests in the journal, and when not


def check(lab: Lab, session: Session, acknowledged: int, counted: int) -> None:
    """A log writer starts on these files, and they have the first so many acknowledged leaves and batches."""
    log = Log.open(lab.store, lab.keyring, ORIGIN)
    uses = [CounterUse("cn_pi", "2026", frozenset(session.counted))]
    (state,) = log.counters.reserve("x", "acme", uses, NOW)
    log.close()
    with closing(connect_reader(lab.store)) as connection:
        entries = {leaf[0]: leaf[1] for leaf in leaves_from(connection)}
        statuses = dict(connection.execute("select flow, status from flow"))
    for index, entry in list(session.acknowledged.items())[:acknowledged]:
        assert entries[index] == entry
    assert counted <= state.before <= counted + 1
    for flow in session.begun[:counted]:
        assert statuses[flow] == "interrupted"
    for flow in session.ended[: 2 * counted]:
        assert statuses[flow] in ("completed", "denied")
    assert "open" not in statuses.values()
    assert verify_store(lab.store, lab.keyring).problems == []


def test_killed_between_any_two_steps(steps: Steps, tmp_path: Path) -> None:
    lab = Lab(tmp_path / "lab")
    session = Session(lab)
    taken: list[tuple[str, Path, int, int]] = []

    def keep(step: str) -> None:
        """A process that is killed leaves what the kernel has of its files: a copy is what the next one finds."""
        if step.startswith(("select", "pragma")):
            return
        copy = tmp_path / f"{len(taken)}"
        shutil.copytree(lab.folder, copy)
        taken.append((step, copy, len(session.acknowledged), len(session.counted)))

    steps.at = keep
    session.run()
    steps.at = lambda _: None
    assert {"pwrite", "fdatasync", "fsync", "commit"} <= {step for step, *_ in taken}
    for _, folder, acknowledged, counted in taken:
        copied = Lab.__new__(Lab)
        copied.folder, copied.store, copied.keys = folder, folder / "lexgate.db", folder / "keys"
        copied.keyring = lab.keyring.__class__.open(copied.keys)
        check(copied, session, acknowledged, counted)


def test_the_disk_refuses_any_of_the_steps(steps: Steps, tmp_path: Path) -> None:
    """Whatever cannot be written ends the log writer; nothing of that batch was acknowledged, all before is there."""
    for refused in range(1_000):
        lab = Lab(tmp_path / f"{refused}")
        Log.open(lab.store, lab.keyring, ORIGIN).close()
        session, count = Session(lab), 0

        def refuse(step: str) -> None:
            nonlocal count
            if step.startswith(("select", "pragma")):
                return
            count += 1
            if count - 1 == refused:  # noqa: B023 - it is gone before the next round
                if step in ("pwrite", *SYNCS):
                    raise OSError(errno.ENOSPC, "no space")
                raise sqlite.OperationalError("database or disk is full")

        steps.at = refuse
        with suppress(OSError, sqlite.Error):  # of one the journal thinks nothing: it is how it asks for direct writes
            session.run()
        steps.at = lambda _: None
        if count <= refused:
            break
        check(lab, session, len(session.acknowledged), len(session.counted))
        shutil.rmtree(lab.folder)
    assert refused > 50
