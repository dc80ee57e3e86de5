"""RFC 6962 trees: equal to pymerkle's, provable at every position, refuting what is altered."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from audit.merkle import (
    EMPTY_ROOT,
    Tree,
    consistency_path,
    inclusion_path,
    leaf_hash,
    root_from_path,
    root_of,
    subtree_of,
    verify_consistency,
)

entries = st.lists(st.binary(max_size=20), min_size=1, max_size=70)


def test_the_empty_tree() -> None:
    assert (
        Tree().root() == EMPTY_ROOT == bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    )


def test_the_vectors_of_certificate_transparency() -> None:
    leaves = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    hashes = [leaf_hash(bytes.fromhex(leaf)) for leaf in leaves]
    assert root_of(hashes).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    assert root_of(hashes[:3]).hex() == "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"


@given(entries)
def test_root_equals_pymerkle(leaves: list[bytes]) -> None:
    oracle = InmemoryTree(algorithm="sha256")
    for leaf in leaves:
        oracle.append_entry(leaf)
    assert root_of(map(leaf_hash, leaves)) == oracle.get_root()


@given(entries, st.data())
def test_every_leaf_has_a_proof_and_no_other_leaf_does(leaves: list[bytes], data: st.DataObject) -> None:
    hashes = [leaf_hash(leaf) for leaf in leaves]
    index = data.draw(st.integers(0, len(hashes) - 1))
    path = inclusion_path(index, len(hashes), subtree_of(hashes))
    root = root_of(hashes)
    assert root_from_path(hashes[index], index, len(hashes), path) == root
    assert root_from_path(leaf_hash(b"something else!" * 3), index, len(hashes), path) != root
    assert root_from_path(hashes[index], index, len(hashes), [*path, root]) != root
    if path:
        assert root_from_path(hashes[index], index, len(hashes), path[:-1]) != root


@given(entries, st.data())
def test_every_earlier_tree_is_proven_a_prefix(leaves: list[bytes], data: st.DataObject) -> None:
    hashes = [leaf_hash(leaf) for leaf in leaves]
    first = data.draw(st.integers(1, len(hashes)))
    path = consistency_path(first, len(hashes), subtree_of(hashes))
    old, new = root_of(hashes[:first]), root_of(hashes)
    assert verify_consistency(first, len(hashes), old, new, path)
    if first < len(hashes):
        assert not verify_consistency(first, len(hashes), leaf_hash(b"fork"), new, path)
        assert not verify_consistency(first, len(hashes), old, leaf_hash(b"fork"), path)


@settings(max_examples=30)
@given(st.integers(0, 700))
def test_a_tree_grown_by_subtrees_is_the_same_tree(size: int) -> None:
    hashes = [leaf_hash(i.to_bytes(4, "big")) for i in range(size)]
    tree, subtree = Tree(), subtree_of(hashes)
    while tree.size < size:
        level = (size - tree.size).bit_length() - 1
        tree.append_subtree(level, subtree(level, tree.size >> level))
    assert tree.root() == root_of(hashes)
