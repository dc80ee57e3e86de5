"""The commitments of leaves: the C extension says what hashlib says."""

from __future__ import annotations

from hashlib import sha256

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit import record
from audit import sealing_python as python
from audit.keys import Keyring
from audit.merkle import Tree, root_of
from audit.record import OPEN_GROUPS, LeafDraft, LeafKind, seal

native = pytest.importorskip("audit._seal", reason="the C extension was not built")


@pytest.fixture(scope="module")
def keyring(tmp_path_factory) -> Keyring:
    return Keyring.create(tmp_path_factory.mktemp("keys") / "keys")


blobs = st.binary(max_size=700)
keys = st.binary(min_size=1, max_size=64)
names = st.sampled_from(["pub", "facts", "subj", "digest", "meter", "content"])
flows = st.text("0123456789abcdef-", max_size=36)


@given(blobs, st.lists(st.tuples(names, blobs, keys), max_size=6, unique_by=lambda row: row[0]))
def test_commitments_of_groups(place, rows):
    said = native.commitments(place, rows)
    assert said == python.commitments(place, rows)
    assert set(orjson.loads(said)) == {name for name, _, _ in rows}


@given(blobs, names, st.lists(st.tuples(flows, blobs, keys), max_size=20))
def test_commitments_of_flows_and_their_root(place, name, rows):
    its = (tuple(row[0] for row in rows), [row[1] for row in rows], [row[2] for row in rows])
    said = native.flow_commitments(place, name, *its)
    assert said == python.flow_commitments(place, name, *its)
    assert native.root(said) == python.root(said)


@pytest.mark.parametrize("size", [0, 1, 54, 55, 56, 62, 63, 64, 65, 119, 120, 127, 128, 1000, 65_535])
def test_leaf_hash_at_every_edge_of_a_block(size):
    entry = bytes(index % 251 for index in range(size))
    assert native.leaf_hash(entry) == python.leaf_hash(entry) == sha256(b"\x00" + entry).digest()


@pytest.mark.parametrize("count", range(70))
def test_root_of_trees_of_every_shape(count):
    hashes = b"".join(sha256(bytes([index])).digest() for index in range(count))
    assert native.root(hashes) == python.root(hashes)


@given(st.lists(blobs, max_size=12))
def test_leaf_hashes_of_many(entries):
    assert native.leaf_hashes(entries) == python.leaf_hashes(entries) == b"".join(map(python.leaf_hash, entries))


@given(st.lists(st.integers(0, 40), max_size=8))
def test_a_tree_grows_the_same_however_many_leaves_come_at_once(batches):
    roots, size, hashes = b"", 0, b""
    for batch in batches:
        more = b"".join(sha256(bytes([size, index])).digest() for index in range(batch))
        grown = native.grow(roots, size, more)
        assert grown == python.grow(roots, size, more)
        roots, size, hashes = grown, size + batch, hashes + more
    tree = Tree()
    tree.resume(size, roots)
    assert tree.root() == root_of(hashes[at : at + 32] for at in range(0, len(hashes), 32))


@pytest.mark.parametrize("module", [native, python])
@pytest.mark.parametrize(("roots", "size"), [(b"", 1), (bytes(32), 0), (bytes(32), 3), (bytes(31), 1), (bytes(64), 2)])
def test_roots_that_are_not_of_such_a_tree_are_refused(module, roots, size):
    with pytest.raises(ValueError, match="complete subtree"):
        module.grow(roots, size, bytes(32))


@pytest.mark.parametrize("module", [native, python])
def test_half_a_hash_has_no_root(module):
    with pytest.raises(ValueError, match="whole hashes"):
        module.root(bytes(33))


def test_a_cipher_that_fails_makes_no_leaf():
    rows, flow = [("facts", b"{}", False)], "0199aaaa-0000-7000-8000-000000000001"

    def failing(*_of: bytes) -> bytes:
        raise OverflowError("too long")

    for encrypt, error in ((failing, OverflowError), (None, TypeError), (lambda *_of: 3, TypeError)):
        with pytest.raises(error):
            native.leaf(
                b"w/1/1/", rows, b"s" * 32, b"k" * 32, b"p", encrypt, bytes(12), "intent", flow, "w", 1, 1, 1, 0
            )


def test_what_is_no_leaf_is_refused():
    with pytest.raises(ValueError, match="key"):
        native.commitments(b"w/1/1/", [("pub", b"{}", b"")])
    with pytest.raises(ValueError, match="key"):
        native.commitments(b"w/1/1/", [("pub", b"{}", b"k" * 65)])
    with pytest.raises(TypeError):
        native.commitments(b"w/1/1/", [("pub", b"{}")])
    with pytest.raises(ValueError, match="as many"):
        native.flow_commitments(b"w/1/1/", "pub", ("a", "b"), [b"{}"], [b"k"])


words = st.text(st.sampled_from('abc"\\é⟦ 9'), max_size=20)
groups = st.dictionaries(
    st.sampled_from(["pub", "facts", "subj", "digest", "meter"]),
    st.dictionaries(st.sampled_from(["a", "b", "c"]), st.one_of(words, st.integers(0, 2**50), st.none()), max_size=3),
    max_size=5,
)
ids = st.one_of(st.just(""), st.just("0199aaaa-0000-7000-8000-000000000001"), words)


@given(groups, ids, ids.filter(bool), st.integers(0, 3), st.integers(1, 2**31), st.integers(0, 2**40))
def test_a_leaf_made_at_once_is_the_leaf_made_piece_by_piece(keyring, groups, flow, writer, attempt, epoch, n):
    draft = LeafDraft(LeafKind.INTENT, flow, 1_763_000_000_000_000, "acme", "li.wei", groups, attempt=attempt)
    if not flow:  # a leaf of no flow gets a key of its own each time
        groups = {name: value for name, value in groups.items() if name in OPEN_GROUPS}
        draft = draft._replace(groups=groups)
    at_once = seal(draft, keyring, writer, epoch, n)
    assert at_once == record._Sealing(draft, groups, keyring, writer, epoch, n).piece_by_piece()
    assert orjson.loads(at_once.entry)["k"] == "intent"
