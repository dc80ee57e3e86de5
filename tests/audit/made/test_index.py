"""Entries are found by marks, digests, payloads and prints that are near; of other tenants and after erasure they are not."""

from __future__ import annotations

import random
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.made import marks
from audit.made.index import FORMAT, MOST_ALIKE, MOST_OWNERS, Entry, Made, MadeIndex, connect_index, erase, put, put_all
from audit.store.sqlite import driver

TOP = (1 << 64) - 1


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lexgate.made.db"


def fill(path: Path, *entries: Entry) -> None:
    with closing(connect_index(path)) as connection:
        connection.execute("begin immediate")
        for entry in entries:
            put(connection, entry)
        connection.execute("commit")


def entry(flow: str, tenant: str = "acme", output: int = 0, user: bytes = b"userkey1", **known: object) -> Entry:
    return Entry(Made(flow, output, tenant), user, **known)


def flip(print_: bytes, bits: int, seed: int = 1) -> bytes:
    value = int.from_bytes(print_)
    for bit in random.Random(seed).sample(range(256), bits):
        value ^= 1 << bit
    return value.to_bytes(32)


def test_the_text_that_shares_most_marks_comes_first(path: Path) -> None:
    fill(path, entry("a", marks=[1, 2, 3, TOP]), entry("b", marks=[3, TOP, 7]), entry("c", marks=[3]))
    found = MadeIndex(path).by_marks([1, 2, 3, TOP, 99])
    assert [(made.flow, shared) for made, shared in found] == [("a", 4), ("b", 2)]


def test_digests_payloads_and_flows_lead_to_their_outputs(path: Path) -> None:
    fill(
        path,
        entry("a", exact=[b"d" * 32], payload=TOP),
        entry("a", output=1, payload=5),
        entry("b", exact=[b"d" * 32]),
    )
    index = MadeIndex(path)
    assert [made.flow for made in index.by_exact(b"d" * 32)] == ["b", "a"]
    assert index.by_payload(TOP) == [Made("a", 0, "acme")]
    assert index.by_payload(5) == [Made("a", 1, "acme")]
    assert index.by_flow("a") == [Made("a", 0, "acme"), Made("a", 1, "acme")]
    assert index.by_exact(b"x" * 32) == index.by_payload(6) == index.by_flow("z") == []


def test_other_tenants_entries_do_not_exist(path: Path) -> None:
    known = {"marks": [1, 2, 3], "exact": [b"d" * 32], "payload": 9, "prints": [bytes(32)]}
    fill(path, entry("a", "acme", **known))
    globex = MadeIndex(path, frozenset({"globex"}))
    assert globex.by_marks([1, 2, 3]) == globex.by_exact(b"d" * 32) == globex.by_payload(9) == []
    assert globex.by_flow("a") == globex.by_prints([bytes(32)], 31, "acme") == []
    assert MadeIndex(path, frozenset({"acme"})).by_payload(9)


def test_others_outputs_that_look_the_same_hide_none_of_ones_own(path: Path) -> None:
    fill(path, *(entry(f"b{n}", "globex", prints=[bytes(32)]) for n in range(MOST_ALIKE + 8)))
    fill(path, entry("a", "acme", prints=[bytes(32)]))
    found = MadeIndex(path, frozenset({"acme"})).by_prints([flip(bytes(32), 3)], 31, "acme")
    assert [made.flow for made, _ in found] == ["a"]
    assert MadeIndex(path, frozenset()).by_prints([bytes(32)], 31, "acme") == []
    assert len(MadeIndex(path).by_prints([bytes(32)], 31, "globex")) == 8


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 31), st.integers(0, 10**6))
def test_every_print_within_31_bits_is_found(tmp_path_factory, bits: int, seed: int) -> None:
    path = tmp_path_factory.mktemp("index") / "made.db"
    stored = random.Random(seed).randbytes(32)
    fill(path, entry("a", prints=[random.Random(seed + 1).randbytes(32), stored]))
    assert MadeIndex(path).by_prints([flip(stored, bits, seed)], 31, "acme") == [(Made("a", 0, "acme"), bits)]


def test_a_print_further_away_is_not_found(path: Path) -> None:
    fill(path, entry("a", prints=[bytes(32)]))
    assert MadeIndex(path).by_prints([flip(bytes(32), 32)], 31, "acme") == []


def test_erasing_a_user_or_a_flow_leaves_nothing_in_the_file(path: Path) -> None:
    gone = {
        "marks": [0x1122334455667788],
        "exact": [b"GONEGONEGONEGONE"],
        "payload": 77,
        "prints": [b"PRINTGONE" + bytes(23)],
    }
    fill(path, entry("flow-of-hers", user=b"hers", **gone), entry("flow-erased", user=b"his", exact=[b"ALSOGONE"]))
    fill(path, entry("flow-kept", user=b"his", exact=[b"KEPT"]))
    with closing(connect_index(path)) as connection:
        assert erase(connection, key_ids=[b"hers"], flows=["flow-erased", "unknown"]) == 2
        assert erase(connection, key_ids=[b"hers"]) == 0
        for table in ("run", "chunk", "payload", "print", "band"):
            assert connection.execute(f"select count(*) from {table}").fetchone() == (0,)
    assert [made.flow for made in MadeIndex(path).by_exact(b"KEPT")] == ["flow-kept"]
    raw = b"".join(file.read_bytes() for file in path.parent.glob("lexgate.made.db*"))
    mark = bytes.fromhex("1122334455667788")
    for trace in (b"flow-of-hers", b"flow-erased", b"GONEGONE", b"PRINTGONE", mark, mark[::-1]):
        assert trace not in raw
    assert b"flow-kept" in raw


def test_a_phrase_that_everybody_shares_costs_no_more_and_the_latest_are_looked_at(path: Path) -> None:
    fill(path, *(entry(f"flow{number}", marks=[1, 2]) for number in range(MOST_OWNERS + 20)))
    found = MadeIndex(path).by_marks([1, 2], most=500)
    assert len(found) == MOST_OWNERS
    assert f"flow{MOST_OWNERS + 19}" in {made.flow for made, _ in found}
    assert "flow0" not in {made.flow for made, _ in found}


def told(path: Path) -> list[tuple[object, ...]]:
    """What the tables say of outputs, without the numbers of their rows."""
    texts = "select m.flow, m.output, m.tenant, t.tenant, t.digest from made m left join text t on t.id = m.text"
    exact = "select m.flow, m.output, e.digest from made m join exact e on e.n = m.n"
    with closing(connect_index(path)) as connection:
        rows = [row for query in (texts, exact) for row in sorted(connection.execute(query).fetchall(), key=repr)]
        owners = connection.execute("select text, flow, output from made where text is not null").fetchall()
        marked = [
            (flow, output, mark) for mark, text in marks.all_of(connection) for of, flow, output in owners if of == text
        ]
        return [*rows, *sorted(marked)]


def test_many_put_at_once_stand_as_if_put_one_by_one(tmp_path: Path) -> None:
    same = {"marks": [1, 2], "exact": [b"t" * 32]}
    known = [entry("a", exact=[b"x" * 32]), entry("b", **same)]
    more = [
        entry("c", **same),
        entry("a", marks=[5, 6], exact=[b"u" * 32]),  # its text becomes known later than the output
        entry("b", payload=7),
        entry("c", tenant="other", output=1, **same),
        entry("d", marks=[8, 9]),
        entry("d", output=1, exact=[b"y" * 32]),
        entry("d", output=1, exact=[b"z" * 32]),
    ]
    one, many = tmp_path / "one.db", tmp_path / "many.db"
    fill(one, *known, *more)
    fill(many, *known)
    with closing(connect_index(many)) as connection:
        connection.execute("begin immediate")
        put_all(connection, more)
        put_all(connection, ())
        connection.execute("commit")
    assert told(one) == told(many)
    assert MadeIndex(many).by_payload(7) == [Made("b", 0, "acme")]


def test_what_is_put_twice_stands_once(path: Path) -> None:
    fill(path, entry("a", marks=[1, 2]), entry("a", marks=[1, 2], exact=[b"late"]))
    assert MadeIndex(path).by_marks([1, 2]) == [(Made("a", 0, "acme"), 2)]
    assert MadeIndex(path).by_exact(b"late") == [Made("a", 0, "acme")]


def test_outputs_of_one_text_share_its_marks_and_each_is_found_until_the_last_is_erased(path: Path) -> None:
    same = {"marks": [1, 2], "exact": [b"one text"]}
    fill(
        path,
        entry("hers", user=b"hers", **same),
        entry("his", user=b"his", **same),
        entry("x", tenant="globex", **same),
    )
    with closing(connect_index(path)) as connection:
        assert len(marks.all_of(connection)) == 4  # of two tenants
        assert {made.flow for made, _ in MadeIndex(path).by_marks([1, 2])} == {"hers", "his", "x"}
        erase(connection, key_ids=[b"hers"])
        assert {made.flow for made, _ in MadeIndex(path).by_marks([1, 2])} == {"his", "x"}
        erase(connection, flows=["his", "x"])
        assert marks.all_of(connection) == []
    assert MadeIndex(path).by_marks([1, 2]) == []


OF_THE_FIRST_FORMAT = """
create table meta (key text primary key, value text not null) without rowid;
create table made (
    n integer primary key, flow text not null, output integer not null, tenant text not null, key_id blob not null,
    unique (flow, output));
create index made_key on made (key_id);
create table mark (mark integer not null, n integer not null, primary key (mark, n)) without rowid;
insert into meta values ('format', '1'), ('leaves', '9');
insert into made values (1, 'old', 0, 'acme', x'00');
"""


def test_a_file_of_an_older_version_is_made_anew(path: Path) -> None:
    with closing(driver.connect(str(path))) as old:
        old.executescript(OF_THE_FIRST_FORMAT)
    fill(path, entry("a", marks=[1, 2], exact=[b"d" * 32]))
    assert MadeIndex(path).by_flow("old") == []
    assert [made.flow for made in MadeIndex(path).by_exact(b"d" * 32)] == ["a"]
    with closing(connect_index(path)) as connection:
        assert dict(connection.execute("select * from meta")) == {"format": FORMAT, "leaves": "0"}
        assert connection.execute("select count(*) from made").fetchone() == (1,)
