"""Whatever is done to a stored log, its verification or the log writer's start finds it."""

from __future__ import annotations

import asyncio
import copy
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pysqlite3.dbapi2 as sqlite
import pytest

from audit.checkpoint import Checkpoint, sign
from audit.errors import LogForked, StoreUnusable
from audit.head import head_path
from audit.keys import Keyring
from audit.merkle import leaf_hash, root_of
from audit.record import seal
from audit.sequencer import Log
from audit.store.inspect import verify_store
from audit.verify import verify_proof
from tests.audit.lab import ORIGIN, Lab, entries_of, intent, new_flow, outcome, rewrite, settle


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """A log of a few hundred leaves, ended in good order."""
    lab = Lab(tmp_path_factory.mktemp("finished"))
    lab.start()

    async def fill() -> None:
        log = await lab.connect()
        flows = [new_flow() for _ in range(150)]
        await asyncio.gather(*(log.append(intent(flow)) for flow in flows))
        await asyncio.gather(*(log.append(outcome(flow)) for flow in flows))
        await log.append(settle(tuple(flows[:50])))
        await log.close()

    asyncio.run(fill())
    lab.stop()
    return lab


@pytest.fixture
def copied(finished: Lab, tmp_path: Path) -> Lab:
    """A copy of it to do harm to."""
    lab = copy.copy(finished)
    lab.folder = tmp_path
    lab.store = tmp_path / "lexgate.db"
    lab.keys = tmp_path / "keys"
    shutil.copytree(finished.keys, lab.keys)
    shutil.copyfile(finished.store, lab.store)
    lab.keyring = Keyring.open(lab.keys)
    return lab


Leaves = list[list[Any]]
Harm = str | Callable[[Leaves], object]
ENTRY, DISCLOSED, SEALED = 1, 2, 3


def change(lab: Lab, *harm: Harm) -> None:
    """Statements on the tables, and functions on the leaves."""
    connection = sqlite.connect(str(lab.store), isolation_level=None)
    connection.create_function("flip", 2, flipped)
    for one in harm:
        if isinstance(one, str):
            connection.execute(one)
        else:
            rewrite(connection, one)
    connection.close()


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def flip(index: int, piece: int, at: int) -> Harm:
    def harm(leaves: Leaves) -> None:
        leaves[index][piece] = flipped(leaves[index][piece], at)

    return harm


def put(index: int, piece: int, make: Callable[[bytes], bytes]) -> Harm:
    def harm(leaves: Leaves) -> None:
        leaves[index][piece] = make(leaves[index][piece])

    return harm


def cut(first: int, last: int | None = None) -> Harm:
    def harm(leaves: Leaves) -> None:
        del leaves[first:last]

    return harm


def exchange(*pieces: int) -> Harm:
    """Leaves 7 and 8 have these of each other."""

    def harm(leaves: Leaves) -> None:
        for piece in pieces:
            leaves[7][piece], leaves[8][piece] = leaves[8][piece], leaves[7][piece]

    return harm


def test_untouched_it_verifies(copied: Lab) -> None:
    change(copied, lambda leaves: leaves)
    assert verify_store(copied.store, copied.keyring).problems == []


HARM: dict[str, tuple[Harm, ...]] = {
    "an entry flipped": (flip(7, ENTRY, 40),),
    "the last entry flipped": (flip(-1, ENTRY, 40),),
    "an open group rewritten": (put(7, DISCLOSED, lambda data: data.replace(b"redact", b"allowd")),),
    "ciphertext flipped": (flip(7, SEALED, 100),),
    "ciphertext removed": (put(7, SEALED, lambda _: b""),),
    "a leaf deleted": (cut(7, 8),),
    "the first leaf deleted": (cut(0, 1),),
    "the tail cut off": (cut(200),),
    "the last leaf cut off": (cut(-1),),
    "the tail and its checkpoints cut off": (cut(200), "delete from checkpoint"),
    "two leaves exchanged": (exchange(1, 2, 3, 4),),
    "two bodies exchanged": (exchange(SEALED),),
    "a row of leaves cut short": ("update batch set data = substr(data, 1, length(data) - 1) where first > 7",),
    "a row of leaves that claims fewer": ("update batch set leaves = leaves - 1 where leaves > 1",),
    "a row of leaves deleted": ("delete from batch where first = (select max(first) from batch where first < 150)",),
    "a tile altered": ("update tile set hashes = flip(hashes, 64) where level = 0",),
    "a tile deleted": ("delete from tile",),
    "a checkpoint altered": ("update checkpoint set note = replace(note, char(10) || '3', char(10) || '2')",),
    "a search row edited": ("update flow set decision = 'allow' where seq = 7",),
    "a search row deleted": ("delete from flow where seq = 7",),
    "a user exchanged in search": ("update flow set usr = 'somebody' where seq = 7",),
    "a tag deleted": ("delete from tag where seq = 7",),
}


@pytest.mark.parametrize("harm", HARM)
def test_it_is_found(copied: Lab, harm: str) -> None:
    change(copied, *HARM[harm])
    result = verify_store(copied.store, copied.keyring)
    assert not result.ok, result.steps


def test_another_key_signed(copied: Lab, tmp_path: Path) -> None:
    other = Keyring.create(tmp_path / "other")
    assert not verify_store(copied.store, copied.keyring, str(other.verifier_key(ORIGIN))).ok


def rewritten(lab: Lab, keyring: Keyring) -> None:
    """The whole log forged anew after an edit, with whatever key the forger has."""
    change(lab, put(7, ENTRY, lambda entry: entry.replace(b'"a":1', b'"a":2')), "delete from tile")
    connection = sqlite.connect(str(lab.store), isolation_level=None)
    hashes = [leaf_hash(entry) for entry in entries_of(connection)]
    connection.execute("insert into tile values (0, 0, ?)", (b"".join(hashes[:256]),))
    note = sign(Checkpoint(ORIGIN, len(hashes), root_of(hashes)), keyring.verifier_key(ORIGIN), keyring.signer)
    connection.execute("delete from checkpoint")
    connection.execute("insert into checkpoint values (1, ?, ?, ?)", (len(hashes), len(hashes), note))
    connection.close()


def test_a_forked_tree_signed_with_the_real_key_is_found_by_the_mark(copied: Lab) -> None:
    rewritten(copied, copied.keyring)
    result = verify_store(copied.store, copied.keyring)
    assert any("another root" in problem for problem in result.problems)


def test_a_forked_tree_signed_with_another_key(copied: Lab, tmp_path: Path) -> None:
    rewritten(copied, Keyring.create(tmp_path / "other"))
    assert not verify_store(copied.store, copied.keyring).ok


@pytest.mark.parametrize("harm", ["the tail cut off", "an entry flipped", "a leaf deleted", "the last leaf cut off"])
def test_the_log_writer_does_not_start_on_what_disagrees_with_the_mark(copied: Lab, harm: str) -> None:
    done = (flip(-3, ENTRY, 40),) if harm == "an entry flipped" else HARM[harm]
    change(copied, *done, "delete from tile")
    with pytest.raises(LogForked):
        Log.open(copied.store, copied.keyring, ORIGIN)


def test_a_mark_that_was_altered_is_not_believed(copied: Lab) -> None:
    path = head_path(copied.keys, ORIGIN)
    path.write_bytes(path.read_bytes().replace(b'"checkpoint":"lexgate/test\\n3', b'"checkpoint":"lexgate/test\\n1'))
    with pytest.raises(LogForked):
        Log.open(copied.store, copied.keyring, ORIGIN)


def _first_group(document: dict[str, Any]) -> dict[str, Any]:
    group: dict[str, Any] = document["leaves"][0]["groups"]["pub"]
    return group


PROOF_HARM: dict[str, Callable[[dict[str, Any]], Any]] = {
    "value": lambda d: _first_group(d).update(value=_first_group(d)["value"].replace("redact", "allowd")),
    "salt": lambda d: _first_group(d).update(salt="AAAAAAAAAAAAAAAAAAAAAA=="),
    "entry": lambda d: d["leaves"][0].update(entry=d["leaves"][0]["entry"].replace('"a":1', '"a":2')),
    "index": lambda d: d["leaves"][0].update(index=d["leaves"][0]["index"] + 1),
    "path": lambda d: d["leaves"][0]["path"].pop(),
    "flow": lambda d: d.update(flow=new_flow()),
    "settle position": lambda d: d["leaves"][2]["groups"]["meter"].update(position=1),
    "settle value": lambda d: d["leaves"][2]["groups"]["meter"].update(
        value=d["leaves"][2]["groups"]["meter"]["value"].replace("0.000012", "0.000001")
    ),
    "checkpoint size": lambda d: d.update(checkpoint=d["checkpoint"].replace("\n3", "\n4", 1)),
    "a second outcome": lambda d: d["leaves"].append(d["leaves"][1]),
}


@pytest.mark.parametrize("harm", PROOF_HARM)
def test_an_altered_proof_does_not_verify(finished: Lab, harm: str) -> None:
    records = finished.records()
    flow = records.find("", limit=150).records[-1]["flow"]
    document = records.proof(flow)
    assert document is not None
    assert verify_proof(document, finished.vkey).ok
    PROOF_HARM[harm](document)
    assert not verify_proof(document, finished.vkey).ok


def test_a_flipped_bit_is_found_wherever_it_is(tmp_path: Path) -> None:
    """Bytes all over the leaves, with a bit that keeps text ASCII and with one that does not: found, and said in words."""
    lab = Lab(tmp_path)
    log, flow = Log.open(lab.store, lab.keyring, ORIGIN), new_flow()
    stream = ("w0", log.open_stream("w0"))
    for n, draft in enumerate((intent(flow), outcome(flow), settle((flow,)))):
        leaf = seal(draft, lab.keyring, *stream, n)
        for key in leaf.user_keys:
            log.add_user_key((key.id, key.tenant, key.user, key.wrapped))
        log.append(stream, n, leaf)
    log.close()
    with closing(sqlite.connect(str(lab.store), isolation_level=None)) as connection:
        rows = connection.execute("select first, data from batch").fetchall()
        connection.execute("pragma synchronous=off")
        places = [(first, data, at) for first, data in rows for at in range(first % 17, len(data), 17)]
        for count, (first, data, at) in enumerate(places):
            bit = 0x80 if count % 2 else 1
            bad = data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :]
            connection.execute("update batch set data = ? where first = ?", (bad, first))
            assert verify_store(lab.store, lab.keyring).problems, (first, at, bit)
            connection.execute("update batch set data = ? where first = ?", (data, first))
    assert verify_store(lab.store, lab.keyring).problems == []


@pytest.mark.parametrize("count", [-1, 0, 1 << 40])
def test_a_row_of_leaves_that_claims_an_impossible_number(copied: Lab, count: int) -> None:
    change(copied, f"update batch set leaves = {count} where first = (select min(first) from batch)")
    assert verify_store(copied.store, copied.keyring).problems


def test_a_store_that_sqlite_cannot_read_is_said_to_be_so(copied: Lab) -> None:
    data = copied.store.read_bytes()
    copied.store.write_bytes(data[: 2 * 16_384] + b"\xff" * (len(data) - 2 * 16_384))
    with pytest.raises(StoreUnusable):
        verify_store(copied.store, copied.keyring)
