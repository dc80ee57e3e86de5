"""The journal: what is durable and not yet in the store is neither lost nor doubled, whatever happens to the file."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pysqlite3.dbapi2 as sqlite
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.counters import CounterUse
from audit.errors import LogForked, StoreLocked
from audit.keys import Keyring
from audit.merkle import EMPTY_ROOT
from audit.record import seal
from audit.sequencer import FOLD_EVERY_US, Log
from audit.store import journal as journals
from audit.store.backup import accept_loss, backup, restore
from audit.store.batch import INSERT, leaves_from, pack, size_of, unpack
from audit.store.inspect import verify_store
from audit.store.journal import Journal, journal_path, read_journal
from audit.store.sqlite import connect_reader, only_writer
from tests.audit.lab import ORIGIN, Lab, intent, new_flow, outcome, settle

NOW = 1_790_000_000_000_000
Pieces = tuple[bytes, bytes, bytes, bytes]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journals, "SIZE", 64 * 1024)


leaves = st.tuples(*[st.binary(max_size=300)] * 4)
batches = st.lists(st.lists(leaves, min_size=1, max_size=5), min_size=1, max_size=6)


def written(store: Path, base: int, root: bytes, batches: list[list[Pieces]]) -> list[tuple[int, int, bytes]]:
    """A journal with these batches; what was written."""
    journal, first, rows = Journal(store), base, []
    journal.restart(base, root)
    for batch in batches:
        row = (first, len(batch), pack([(first + i, *pieces) for i, pieces in enumerate(batch)]))
        assert journal.write(*row, [("acme", "cn_pi", "2026", f"s{first}", 0)])
        rows.append(row)
        first += len(batch)
    journal.close()
    return rows


def read(store: Path) -> list[tuple[int, int, bytes]]:
    left = read_journal(journal_path(store))
    return [(frame.first, frame.leaves, frame.data) for frame in left.frames] if left else []


@given(st.lists(leaves, min_size=1, max_size=20))
def test_leaves_are_packed_and_unpacked(batch: list[Pieces]) -> None:
    rows = [(7 + i, *pieces) for i, pieces in enumerate(batch)]
    assert unpack(7, len(rows), pack(rows)) == rows


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(batches, st.data())
def test_a_journal_ends_where_it_was_cut_or_altered(
    small: None, tmp_path_factory: pytest.TempPathFactory, made: list[list[Pieces]], data: st.DataObject
) -> None:
    store = tmp_path_factory.mktemp("j") / "l.db"
    rows = written(store, 5, b"r" * 32, made)
    assert read(store) == rows
    whole = journal_path(store).read_bytes()
    at = data.draw(st.integers(0, 4096 * len(rows)))
    journal_path(store).write_bytes(whole[:at])
    assert read(store) == rows[: len(read(store))]
    journal_path(store).write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    assert read(store) == rows[: len(read(store))]


def test_what_was_written_before_it_began_anew_does_not_count(small: None, tmp_path: Path) -> None:
    store = tmp_path / "l.db"
    written(store, 0, EMPTY_ROOT, [[(b"a", b"", b"", b"")]] * 4)
    rows = written(store, 4, b"r" * 32, [[(b"b", b"", b"", b"")]] * 2)
    assert read(store) == rows


def test_a_batch_that_does_not_fit_is_not_written(small: None, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "l.db")
    journal.restart(0, EMPTY_ROOT)
    assert journal.write(0, 1, bytes(40_000), [])
    assert not journal.write(1, 1, bytes(40_000), [])
    journal.restart(1, b"r" * 32)
    assert journal.write(1, 1, bytes(40_000), [])
    journal.close()
    assert read(tmp_path / "l.db") == [(1, 1, bytes(40_000))]


@pytest.mark.parametrize("refused", ["open", "pwrite"])
def test_a_file_system_that_knows_no_direct_writes(
    small: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: str
) -> None:
    def direct(handle: int) -> bool:
        return bool(fcntl.fcntl(handle, fcntl.F_GETFL) & os.O_DIRECT)

    class Refusing:
        """The system's calls, one of which refuses."""

        def __getattr__(self, name: str) -> object:
            return getattr(os, name)

        def open(self, path: Path, flags: int, mode: int = 0o777) -> int:
            if refused == "open" and flags & os.O_DIRECT:
                raise OSError(errno.EINVAL, "no")
            return os.open(path, flags, mode)

        def pwrite(self, handle: int, data: bytes, at: int) -> int:
            if refused == "pwrite" and direct(handle):
                raise OSError(errno.EINVAL, "no")
            return os.pwrite(handle, data, at)

    monkeypatch.setattr(journals, "os", Refusing())
    rows = written(tmp_path / "l.db", 0, EMPTY_ROOT, [[(b"a", b"b", b"", b"")]] * 3)
    assert read(tmp_path / "l.db") == rows


def test_there_is_nothing_in_a_file_that_is_no_journal(tmp_path: Path) -> None:
    for content in (b"", b"x" * 10, bytes(10_000), b"LXGJRNL1" + bytes(100)):
        (tmp_path / "j").write_bytes(content)
        assert read_journal(tmp_path / "j") is None
    assert read_journal(tmp_path / "none") is None


class Writer:
    """A log in this process whose batches go into the journal."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.log = Log.open(lab.store, lab.keyring, ORIGIN)
        self.stream = ("w0", self.log.open_stream("w0"))
        self.n = 0
        self.call(journal=False)  # the user's key goes into the store

    def append(self, draft, **more) -> int:  # type: ignore[no-untyped-def]
        leaf = seal(draft, self.lab.keyring, *self.stream, self.n)
        for key in leaf.user_keys:
            if not self.n:
                self.log.add_user_key((key.id, key.tenant, key.user, key.wrapped))
        self.n += 1
        return self.log.append(self.stream, self.n - 1, leaf, **more)

    def call(self, *, ended: bool = True, journal: bool = True) -> str:
        flow = new_flow()
        self.append(intent(flow))
        if ended:
            self.append(outcome(flow))
        self.log.commit(journal=journal)
        return flow


@pytest.fixture
def writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Writer]:
    monkeypatch.setattr("audit.sequencer.FOLD_EVERY_US", 10**12)
    writer = Writer(Lab(tmp_path / "lab"))
    yield writer
    writer.log.abandon()


def stored(lab: Lab) -> int:
    with closing(connect_reader(lab.store)) as connection:
        return size_of(connection)


def test_readers_see_it_once_it_is_in_the_store(writer: Writer) -> None:
    before = stored(writer.lab)
    flow = writer.call()
    assert writer.log.behind
    assert (stored(writer.lab), writer.lab.records().get(flow)) == (before, None)
    assert "2 more leaves are durable in the journal" in str(verify_store(writer.lab.store, writer.lab.keyring).steps)
    writer.log.sign_now()
    assert not writer.log.behind
    assert (writer.lab.records().get(flow) or {})["status"] == "completed"
    assert verify_store(writer.lab.store, writer.lab.keyring).problems == []


def test_streams_and_user_keys_go_into_the_store_at_once(writer: Writer) -> None:
    writer.log.open_stream("w1")
    writer.log.commit(journal=True)
    assert not writer.log.behind
    writer.log.add_user_key((b"12345678", "acme", "new", b"wrapped"))
    writer.call()
    assert not writer.log.behind
    assert not journal_path(writer.lab.store).exists()


def test_a_log_that_ended_in_good_order_leaves_no_journal(writer: Writer) -> None:
    writer.call()
    assert journal_path(writer.lab.store).exists()
    writer.log.close()
    assert not journal_path(writer.lab.store).exists()
    assert verify_store(writer.lab.store, writer.lab.keyring).problems == []


def test_after_a_death_everything_acknowledged_is_there(writer: Writer) -> None:
    lab, log = writer.lab, writer.log
    folded = writer.call()
    log.sign_now()
    ended = [writer.call() for _ in range(150)]  # tiles become full in the journal
    flow = new_flow()
    log.counters.reserve(flow, "acme", [CounterUse("cn_pi", "2026", frozenset({"s1", "s2"}))], NOW)
    index = writer.append(intent(flow), reservation=flow, keep={"cn_pi": ["s1"]})
    log.commit(journal=True)
    writer.append(settle((folded, ended[0])))
    log.commit(journal=True)
    lost = writer.append(intent(new_flow()))  # nobody has heard of it
    assert log.behind
    log.abandon()

    again = Log.open(lab.store, lab.keyring, ORIGIN)
    (state,) = again.counters.reserve("x", "acme", [CounterUse("cn_pi", "2026", frozenset({"s1", "s3"}))], NOW)
    assert (state.before, state.new) == (1, 1)
    again.close()
    records = lab.records()
    assert {(records.get(one) or {})["status"] for one in ended} == {"completed"}
    assert (records.get(flow) or {})["intents"] == [{"attempt": 1, "leaf": index}]
    assert (records.get(flow) or {})["status"] == "interrupted"
    assert (records.get(folded) or {})["settle"] is not None
    with closing(connect_reader(lab.store)) as connection:
        kinds = [leaf[1] for leaf in leaves_from(connection, lost)]
    assert b'"k":"open"' in kinds[0]
    assert verify_store(lab.store, lab.keyring).problems == []


def test_what_the_store_has_taken_is_not_taken_again(writer: Writer) -> None:
    lab = writer.lab
    writer.call()
    kept = journal_path(lab.store).read_bytes()
    writer.log.close()
    size = stored(lab)
    journal_path(lab.store).write_bytes(kept)  # its removal did not survive a power cut
    Log.open(lab.store, lab.keyring, ORIGIN).close()
    assert stored(lab) == size + 2
    assert verify_store(lab.store, lab.keyring).problems == []


def test_a_journal_of_a_later_state_is_refused_until_the_loss_is_accepted(writer: Writer) -> None:
    lab = writer.lab
    older = lab.folder / "older.db"
    backup(lab.store, lab.keys, lab.folder / "b")
    shutil.copyfile(lab.folder / "b" / "lexgate.db", older)
    writer.call()
    writer.log.sign_now()
    writer.call()
    writer.log.abandon()
    for suffix in ("", "-wal", "-shm"):
        lab.store.with_name(lab.store.name + suffix).unlink(missing_ok=True)
    shutil.copyfile(older, lab.store)
    with pytest.raises(LogForked, match="journal beside the store"):
        Log.open(lab.store, lab.keyring, ORIGIN)
    accept_loss(lab.store, lab.keyring, ORIGIN, "the disk died")
    Log.open(lab.store, lab.keyring, ORIGIN).close()
    assert verify_store(lab.store, lab.keyring).problems == []


def test_a_backup_of_a_store_whose_writer_died_has_what_was_in_the_journal(writer: Writer, tmp_path: Path) -> None:
    lab, flow = writer.lab, writer.call()
    writer.log.abandon()
    backup(lab.store, lab.keys, tmp_path / "b.tar", with_keys=True)
    other = tmp_path / "other"
    restore(tmp_path / "b.tar", other / "lexgate.db", other / "keys")
    lab.store, lab.keys = other / "lexgate.db", other / "keys"
    Log.open(lab.store, lab.keyring, ORIGIN).close()
    assert (lab.records().get(flow) or {})["status"] == "completed"
    assert verify_store(lab.store, lab.keyring).problems == []


def test_a_backup_made_while_the_store_is_behind_holds_in_itself(writer: Writer, tmp_path: Path) -> None:
    lab = writer.lab
    writer.call()
    writer.log.sign_now()
    behind = writer.call()
    made = backup(lab.store, lab.keys, tmp_path / "b", with_keys=True)
    assert made.size == stored(lab) < writer.log.size
    other = tmp_path / "other"
    assert restore(tmp_path / "b", other / "lexgate.db", other / "keys").behind == 0
    lab.store, lab.keys = other / "lexgate.db", other / "keys"
    Log.open(lab.store, lab.keyring, ORIGIN).close()
    assert (lab.records().get(behind) or {})["status"] == "completed"
    assert verify_store(lab.store, lab.keyring).problems == []


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def test_a_flipped_byte_is_found_wherever_a_later_batch_proves_that_it_counted(small: None, tmp_path: Path) -> None:
    store = tmp_path / "l.db"
    written(store, 0, EMPTY_ROOT, [[(b"left", b"over", b"", b"")]] * 6)
    rows = written(
        store, 9, b"r" * 32, [[(b"a" * 5_000, b"", b"", b"")], [(b"b", b"", b"", b"")] * 3, [(b"c", b"", b"", b"")]]
    )
    whole = journal_path(store).read_bytes()
    ends = [64 + 32 + 20 + 16 + 5_000, 2 * 4096 + 32 + 20 + 3 * 16 + 3]
    counted = [range(ends[0] + 50), range(2 * 4096, ends[1] + 50)]  # and some subjects that were counted
    for places, lost in zip(counted, (9, 10), strict=True):
        for at in places:
            left = journals._left(flipped(whole, at))
            assert left is not None
            unreadable = left.unreadable(9)
            if left.frames == [] and lost == 9:
                assert unreadable == 9, at
            elif len(left.frames) < len(rows):
                assert unreadable == lost, at
            assert left.unreadable(14) is None  # the store has them all: nothing is lost
    last = 3 * 4096
    for at in range(last, last + 32 + 20 + 16 + 1):
        left = journals._left(flipped(whole, at))
        assert left is not None
        assert (len(left.frames), left.unreadable(9)) == (2, None)
        said = at - last - 32
        assert said in range(20) or left.unwritten == (13, 1)


def test_a_journal_that_ends_in_the_middle_of_a_batch_says_so(small: None, tmp_path: Path) -> None:
    store = tmp_path / "l.db"
    rows = written(store, 0, EMPTY_ROOT, [[(b"a", b"", b"", b"")], [(b"b" * 9_000, b"", b"", b"")] * 2])
    whole = journal_path(store).read_bytes()
    for end in range(4096 + 512, 4096 + 18_000, 512):
        journal_path(store).write_bytes(whole[:end] + bytes(len(whole) - end))
        left = read_journal(journal_path(store))
        assert left is not None
        assert (len(left.frames), left.beyond, left.unwritten) == (1, (), (1, 2))
    assert len(rows) == 2


def test_a_batch_that_was_not_written_whole_is_told_of_in_the_log(writer: Writer) -> None:
    lab = writer.lab
    kept = writer.call()
    writer.call()
    writer.log.abandon()
    path = journal_path(lab.store)
    path.write_bytes(flipped(path.read_bytes(), 4096 + 1_000))
    assert "was not written whole" in str(verify_store(lab.store, lab.keyring).steps)
    Log.open(lab.store, lab.keyring, ORIGIN).close()
    assert (lab.records().get(kept) or {})["status"] == "completed"
    with closing(connect_reader(lab.store)) as connection:
        assert any(b'"unwritten":2' in leaf[1] for leaf in leaves_from(connection))
    assert verify_store(lab.store, lab.keyring).problems == []


def test_a_journal_that_is_being_written_is_not_taken_for_a_damaged_one(
    small: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "l.db"
    written(store, 0, EMPTY_ROOT, [[(b"a", b"", b"", b"")]] * 4)
    whole = journal_path(store).read_bytes()
    moments = iter(range(1, 1_000))
    monkeypatch.setattr(journals, "_read", lambda _: flipped(whole, 64 + 60) + bytes([next(moments) % 251]))
    left = read_journal(journal_path(store))
    assert left is not None
    assert left.unreadable(0) is None


def test_a_damaged_journal_is_refused_until_the_loss_is_accepted(writer: Writer) -> None:
    lab = writer.lab
    kept, lost = writer.call(), writer.call()
    writer.call()
    writer.log.abandon()
    path = journal_path(lab.store)
    path.write_bytes(flipped(path.read_bytes(), 4096 + 1_000))
    with pytest.raises(LogForked, match="journal beside the store was damaged"):
        Log.open(lab.store, lab.keyring, ORIGIN)
    assert any("journal was damaged" in problem for problem in verify_store(lab.store, lab.keyring).problems)
    generation, _ = accept_loss(lab.store, lab.keyring, ORIGIN, "the disk rots")
    assert generation == 2
    Log.open(lab.store, lab.keyring, ORIGIN).close()
    assert (lab.records().get(kept) or {})["status"] == "completed"
    assert lab.records().get(lost) is None
    with closing(connect_reader(lab.store)) as connection:
        assert any(b'"reason":"the disk rots"' in leaf[1] for leaf in leaves_from(connection))
    assert verify_store(lab.store, lab.keyring).problems == []


def test_a_backup_of_a_damaged_journal_takes_it_along(writer: Writer, tmp_path: Path) -> None:
    lab = writer.lab
    for _ in range(3):
        writer.call()
    writer.log.abandon()
    path = journal_path(lab.store)
    path.write_bytes(flipped(path.read_bytes(), 1_000))
    backup(lab.store, lab.keys, tmp_path / "b", with_keys=True)
    other = tmp_path / "other"
    restore(tmp_path / "b", other / "lexgate.db", other / "keys")
    with pytest.raises(LogForked, match="damaged"):
        Log.open(other / "lexgate.db", Keyring.open(other / "keys"), ORIGIN)


def test_an_accepted_loss_of_what_only_the_journal_had_is_recorded(writer: Writer) -> None:
    """The mark agrees with the older store; what the journal tells of is lost all the same."""
    lab = writer.lab
    backup(lab.store, lab.keys, lab.folder / "b")
    marks = {path: path.read_bytes() for path in lab.keys.glob("head-*")}
    writer.call(journal=False)
    writer.call()
    writer.log.abandon()
    for path, mark in marks.items():
        path.write_bytes(mark)  # it is renewed each second only
    for suffix in ("-wal", "-shm"):
        lab.store.with_name(lab.store.name + suffix).unlink(missing_ok=True)
    shutil.copyfile(lab.folder / "b" / "lexgate.db", lab.store)
    generation, _ = accept_loss(lab.store, lab.keyring, ORIGIN, "the disk died")
    assert generation == 2
    with closing(connect_reader(lab.store)) as connection:
        assert any(b'"k":"loss"' in leaf[1] for leaf in leaves_from(connection))


def test_a_store_that_was_cut_within_a_batch_of_its_journal_is_refused(writer: Writer) -> None:
    lab = writer.lab
    writer.call()
    kept = journal_path(lab.store).read_bytes()
    writer.log.sign_now()
    writer.log.abandon()
    journal_path(lab.store).write_bytes(kept)
    with closing(sqlite.connect(str(lab.store), isolation_level=None)) as connection:
        leaves = list(leaves_from(connection))
        connection.execute("delete from batch where first = (select max(first) from batch)")
        connection.execute(INSERT, (leaves[-2][0], 1, pack(leaves[-2:-1])))
    for path in lab.keys.glob("head-*"):
        path.unlink()
    with pytest.raises(LogForked, match="within a batch"):
        Log.open(lab.store, lab.keyring, ORIGIN)


def test_a_clock_that_is_set_back_keeps_nothing_from_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = Writer(Lab(tmp_path / "lab"))
    monkeypatch.setattr("audit.sequencer._now_us", lambda: NOW - 10**13)
    monkeypatch.setattr("audit.sequencer._running_us", iter(range(10**13, 10**15, FOLD_EVERY_US * 4 // 5)).__next__)
    behind = []
    for _ in range(6):
        writer.call()
        behind.append(writer.log.behind)
    writer.log.close()
    assert behind == [False, True] * 3 or behind == [True, False] * 3
    assert verify_store(writer.lab.store, writer.lab.keyring).problems == []


def test_one_store_has_one_journal_and_one_writer_whatever_leads_to_it(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "link.db").symlink_to(tmp_path / "a" / "lexgate.db")
    assert journal_path(tmp_path / "link.db") == journal_path(tmp_path / "a" / "lexgate.db")
    with only_writer(tmp_path / "a" / "lexgate.db"), pytest.raises(StoreLocked), only_writer(tmp_path / "link.db"):
        pass
