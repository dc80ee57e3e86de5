"""What arrives in the usual form is cut, packed and hashed by C as by Python, and means what a frame by itself means."""

from __future__ import annotations

import struct

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit import intake_python as python
from audit.keys import Keyring
from audit.merkle import leaf_hash
from audit.record import LeafDraft, LeafKind, SealedLeaf, seal
from audit.store import batch
from audit.wire import Frame, pack, pack_append, pack_json, unpack_append

native = pytest.importorskip("audit._intake", reason="the C extension was not built")

ROW = ("acme", "li.wei", "", "", "", "completed", "", "", "", "", ["PERSON"], [], [], [])
FLOW = "0199aaaa-0000-7000-8000-000000000001"
blobs = st.binary(max_size=300)
flows = st.one_of(st.just(FLOW), st.text(st.sampled_from('ab-9 é"\\\n\x7f'), max_size=8))
times = st.one_of(st.integers(0, 2**53 + 1), st.just(10**16), st.just(True), st.just(1.5), st.just("7"))


def entry_of(kind: str, n: int, rest: bytes = b"") -> bytes:
    return b'{%b"k":"%b","n":%d,"t":7,"v":1,"w":"w0"}' % (rest, kind.encode(), n)


@st.composite
def frames(draw) -> bytes:
    """Appends of the usual form, and everything that is not quite one."""
    n, kind = draw(st.integers(0, 2**64 - 1)), draw(st.sampled_from(["intent", "outcome", "settle", "other"]))
    said = [
        kind,
        draw(flows),
        draw(st.sampled_from([[], ["x"]])),
        draw(times),
        draw(st.sampled_from([ROW, None, [], "x"])),
    ]
    said += [draw(st.sampled_from([[], [["00", "a", "b", "c"]]])), draw(st.sampled_from(["", "r"]))]
    said.append(draw(st.sampled_from([None, {}])))
    head = draw(st.one_of(st.just(orjson.dumps(said)), blobs))
    entry = entry_of(kind, draw(st.sampled_from([n, n, 1])))
    sizes = [len(head), len(entry), *draw(st.sampled_from([(0, 0), (2, 3), (2**32 - 1, 0)]))]
    body = struct.pack(">QIIII", n, *sizes) + head + entry + draw(blobs)
    whole = pack(draw(st.sampled_from([Frame.APPEND, Frame.BYE])), body)
    return whole[: draw(st.sampled_from([len(whole)] * 9 + [len(whole) // 2]))]


@given(st.lists(st.one_of(frames(), blobs), max_size=4), st.integers(0, 3), st.booleans())
def test_c_takes_what_python_takes(pieces, before, known):
    buffer, asked = bytes(before) + b"".join(pieces), []

    def read(json: bytes):
        asked.append(json)
        return ROW if json.startswith(b'["acme"') else None

    rows = {orjson.dumps(ROW): ROW} if known else {}
    said = native.take(buffer, before, dict(rows), read)
    by_c, asked[:] = list(asked), []
    assert said == python.take(buffer, before, dict(rows), read)
    assert by_c == asked
    assert before <= said[1] <= len(buffer)


@given(st.binary(max_size=200), st.integers(-2, 210))
def test_any_bytes_are_taken_apart_alike(buffer, at):
    outcomes = []
    for take in (native.take, python.take):
        try:
            outcomes.append(take(buffer, at, {}, lambda _: None))
        except ValueError as error:
            outcomes.append(type(error))
    assert outcomes[0] == outcomes[1]


def test_what_is_taken_is_what_the_frame_by_itself_says(tmp_path):
    keyring = Keyring.create(tmp_path / "keys")
    groups = {"pub": {"status": "completed", "decision": "allow"}, "subj": {"user": "li.wei"}}
    leaves: list[SealedLeaf] = []
    for n, kind in enumerate((LeafKind.INTENT, LeafKind.OUTCOME)):
        leaves.append(seal(LeafDraft(kind, FLOW, 7, "acme", "li.wei", groups), keyring, "w0", 1, n))
    whole = [pack_append(n, leaf, [], "", None) for n, leaf in enumerate(leaves)]
    other = pack_json(Frame.RELEASE, {"flow": FLOW})
    taken, at = native.take(b"".join(whole) + other, 0, {}, lambda json: tuple(orjson.loads(json)))
    assert at == sum(map(len, whole))
    for frame, leaf, (n, outcome, flow, time_us, row, stored) in zip(whole, leaves, taken, strict=True):
        said = unpack_append(frame[5:])
        assert (n, flow, time_us, list(row)) == (said[0], said[1][1], said[1][3], said[1][4])
        assert outcome is (leaf.kind is LeafKind.OUTCOME)
        assert batch.pieces_of(stored) == said[2:] == (leaf.entry, leaf.disclosed, leaf.sealed, leaf.content)


@pytest.mark.parametrize("changed", [(5, [["00", "a", "b", "c"]]), (6, "r"), (7, {}), (2, [FLOW]), (0, "policy")])
def test_a_head_that_says_more_is_left_to_others(changed):
    said = ["intent", FLOW, [], 7, ROW, [], "", None]
    said[changed[0]] = changed[1]
    head, entry = orjson.dumps(said), entry_of("intent", 3)
    frame = pack(Frame.APPEND, struct.pack(">QIIII", 3, len(head), len(entry), 0, 0) + head + entry)
    assert native.take(frame, 0, {}, lambda _: ROW) == ([], 0)


def test_what_reading_a_row_raises_is_raised():
    head, entry = orjson.dumps(["intent", FLOW, [], 7, ROW, [], "", None]), entry_of("intent", 3)
    frame = pack(Frame.APPEND, struct.pack(">QIIII", 3, len(head), len(entry), 0, 0) + head + entry)

    def read(_: bytes):
        raise MemoryError

    with pytest.raises(MemoryError):
        native.take(frame, 0, {}, read)


@given(st.lists(st.tuples(blobs, blobs, blobs, blobs), max_size=40))
def test_rows_are_packed_and_hashed_alike(leaves):
    ones = [batch.one(*leaf) for leaf in leaves]
    data = native.join(ones)
    assert data == python.join(ones)
    assert [leaf[1:] for leaf in batch.unpack(0, len(leaves), data)] == leaves if leaves else data == b""
    hashes = b"".join(leaf_hash(leaf[0]) for leaf in leaves)
    assert native.entry_hashes(len(leaves), data) == python.entry_hashes(len(leaves), data) == hashes


@pytest.mark.parametrize("sizes", [range(200), [0, 5000, 1, 54, 55, 56, 63, 64, 119, 120] * 5, [9000], [70] * 16])
def test_entries_of_every_length_beside_one_another(sizes):
    leaves = [batch.one(bytes([size % 251]) * size, b"d", b"", b"") for size in sizes]
    data = native.join(leaves)
    assert native.entry_hashes(len(leaves), data) == python.entry_hashes(len(leaves), data)


@given(st.binary(max_size=120), st.integers(-1, 8))
def test_rows_that_are_none_are_refused_alike(data, count):
    outcomes = []
    for hashes in (native.entry_hashes, python.entry_hashes):
        try:
            outcomes.append(hashes(count, data))
        except ValueError as error:
            outcomes.append(type(error))
    assert outcomes[0] == outcomes[1]
    with pytest.raises(ValueError, match="leaves"):
        native.join([data[:15]])
    with pytest.raises(ValueError, match="leaves"):
        python.join([data[:15]])
