"""The frame of a leaf made in one call: byte for byte what sealing and packing it one after the other say."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.canonical import Rendered, RenderedGroups, RenderedRows, Template, canonical
from audit.errors import RecordInvalid
from audit.framing import Framer
from audit.keys import Keyring
from audit.projection import row_of
from audit.record import LeafDraft, LeafKind, seal, segments_of
from audit.wire import pack_append, unpack_append

words = st.text(st.sampled_from('abc"\\é⟦ 9'), max_size=20)
members = st.one_of(words, st.integers(0, 2**50), st.none(), st.lists(words, max_size=3))
groups = st.dictionaries(
    st.sampled_from(["pub", "facts", "subj", "digest", "meter", "content"]),
    st.dictionaries(st.sampled_from(["a", "application", "grade", "model", "status"]), words, max_size=4),
    max_size=5,
)
ids = st.one_of(st.just("0199aaaa-0000-7000-8000-000000000001"), words.filter(bool))
keeps = st.one_of(st.none(), st.dictionaries(st.sampled_from(["pi", "spi"]), st.lists(words, max_size=2), max_size=2))


@pytest.fixture(scope="module")
def keyring(tmp_path_factory) -> Keyring:
    return Keyring.create(tmp_path_factory.mktemp("keys") / "keys")


@given(
    groups, st.sampled_from([LeafKind.INTENT, LeafKind.OUTCOME, LeafKind.POLICY]), ids, ids, st.integers(0, 3),
    st.integers(1, 2**32 - 1), st.integers(0, 2**40), st.integers(0, 2**50), words, keeps, st.booleans(),
)  # fmt: skip
def test_a_frame_made_at_once_is_that_of_the_sealed_leaf(
    keyring, groups, kind, flow, writer, attempt, epoch, n, time_us, reservation, keep, plain
):
    draft = LeafDraft(kind, flow, time_us, "acme", "li.wei", groups, attempt=attempt, plain_json=plain)
    framer = Framer(keyring, writer, epoch)
    entry, frame = framer.framed(draft, n, reservation, keep)
    leaf = seal(draft, keyring, writer, epoch, n)
    assert entry == leaf.entry
    keys = unpack_append(frame[5:])[1][5]
    assert frame == pack_append(n, leaf, keys, reservation, keep)
    assert len(keys) == len(leaf.user_keys)
    again = unpack_append(framer.framed(draft, n, reservation, keep)[1][5:])
    assert again[1][5] == []  # the log writer has the user's key already


@given(
    st.dictionaries(st.sampled_from(["pub", "facts", "subj", "meter"]), st.dictionaries(st.just("a"), words)),
    st.sampled_from([LeafKind.INTENT, LeafKind.OUTCOME]), ids, ids, st.booleans(),
)  # fmt: skip
def test_groups_that_are_all_written_already_make_the_frame_of_the_groups(keyring, groups, kind, flow, writer, known):
    draft = LeafDraft(kind, flow, 7, "acme", "li.wei", groups | {"digest": {"received": "r"}})
    row = row_of(kind, "acme", "li.wei", draft.apart()) if known else None
    rows = [(name, canonical(said), name in {"pub", "meter"}) for name, said in sorted(draft.apart().items())]
    written = RenderedGroups(rows, row, orjson.dumps(row) if known else b"")
    framer = Framer(keyring, writer, 9)
    first, later = framer.framed(draft, 3), framer.framed(draft._replace(groups=written), 3)
    assert unpack_append(later[1][5:])[1][5] == [] != unpack_append(first[1][5:])[1][5]  # its key went with the first
    assert later == framer.framed(draft, 3)
    assert "received" not in repr(written)


def test_what_cannot_be_a_leaf_is_refused_and_registers_no_key(keyring):
    framer = Framer(keyring, "w", 1)
    draft = LeafDraft(LeafKind.INTENT, "0199aaaa-0000-7000-8000-00000000000f", 1, "acme", "zoe", {"subj": {"a": "b"}})
    with pytest.raises(RecordInvalid, match="unknown group"):
        framer.framed(draft._replace(groups={"subj": {}, "other": {}}), 0)
    with pytest.raises(RecordInvalid):
        framer.framed(draft._replace(groups={"subj": {"a": 0.5}}), 0)
    assert len(unpack_append(framer.framed(draft, 0)[1][5:])[1][5]) == 1


def test_a_leaf_that_cannot_be_packed_registers_no_key(keyring):
    """Its frame was to bring the user's key: the next one must, or nobody could ever read what that user did."""
    framer = Framer(keyring, "w", 1)
    draft = LeafDraft(LeafKind.INTENT, "0199aaaa-0000-7000-8000-00000000000e", 1, "acme", "mei", {"subj": {"a": "b"}})
    with pytest.raises(TypeError):
        framer.sealed(draft, 0, "", {"pi": [object()]})
    assert len(unpack_append(framer.sealed(draft, 0, "", None)[1][5:])[1][5]) == 1


def test_a_group_that_is_written_already_is_sealed_and_found_as_if_it_were_not(keyring):
    pub = {
        "status": "open",
        "grade": "L3",
        "decision": "allow",
        "entities": {"PERSON": 2},
        "parents": ["x"],
        "rules": [],
    }
    subj = {"application": "app", "tenant": "acme"}
    draft = LeafDraft(
        LeafKind.INTENT, "0199aaaa-0000-7000-8000-000000000002", 7, "acme", "li.wei", {"pub": pub, "subj": subj}
    )
    row = row_of("intent", "acme", "li.wei", draft.groups)
    written = {"pub": Rendered(canonical(pub)), "subj": Rendered(canonical(subj))}
    known = {"pub": Rendered(canonical(pub), row, orjson.dumps(row)), "subj": Rendered(canonical(subj))}
    frames = {
        Framer(keyring, "w", 9).framed(draft._replace(groups=groups), 3)[1] for groups in (draft.groups, written, known)
    }
    assert len(frames) == 1
    assert "PERSON" not in repr(written["pub"])


@given(
    st.dictionaries(st.text("abcdfgh_", min_size=1, max_size=4), members, max_size=6),
    st.sets(st.sampled_from("aceiz"), max_size=4),
    st.data(),
)
def test_a_template_with_its_holes_filled_is_the_object(fixed, holes, data):
    names = tuple(sorted(holes))
    fixed = {name: value for name, value in fixed.items() if name not in holes}
    values = {name: data.draw(members) for name in names}
    filled = Template(fixed, names).fill(*map(canonical, values.values()))
    assert filled == canonical(fixed | values)


def test_a_settle_leaf_of_written_items_is_that_of_the_items(keyring):
    flows = ("0199aaaa-0000-7000-8000-00000000000a", "0199aaaa-0000-7000-8000-00000000000b")
    framer = Framer(keyring, "w", 3)
    for flow in flows:
        framer.framed(LeafDraft(LeafKind.INTENT, flow, 1, "acme", "li.wei", {"subj": {"user": "li.wei"}}), 0)
    items = {
        name: [{"flow": flow, "a": number, "text": "é"} for number, flow in enumerate(flows)]
        for name in ("pub", "meter", "digest")
    }
    draft = LeafDraft(
        LeafKind.SETTLE, "", 5, "", "", {name: {"flows": its} for name, its in items.items()}, flows=flows
    )
    rows = {name: RenderedRows(flows, [canonical(item) for item in its]) for name, its in items.items()}
    with pytest.raises(RecordInvalid, match="other flows"):
        framer.framed(draft._replace(groups=rows | {"pub": RenderedRows(flows[:1], rows["pub"].bodies[:1])}), 1)
    written = seal(draft._replace(groups=rows), keyring, "w", 3, 1)
    assert "é" not in repr(rows)
    for flow in flows:  # settled flows have no key any more: they get new ones, so only what is open can be compared
        framer.framed(LeafDraft(LeafKind.INTENT, flow, 1, "acme", "li.wei", {"subj": {"user": "li.wei"}}), 0)
    plain = seal(draft, keyring, "w", 3, 1)
    assert plain.disclosed.partition(b',"meter"')[2] == written.disclosed.partition(b',"meter"')[2] != b""
    said, before = orjson.loads(written.entry), orjson.loads(plain.entry)
    assert {name: said["c"][name] for name in ("pub", "meter")} == {
        name: before["c"][name] for name in ("pub", "meter")
    }
    assert said["f"] == before["f"] == list(flows)
    assert len(segments_of(written.sealed)) == 2
