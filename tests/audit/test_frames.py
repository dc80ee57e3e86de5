"""Many leaves at once, settle leaves, and the keys of flows: the C extension says what the pieces say one by one."""

from __future__ import annotations

import orjson
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from audit import framing, record
from audit import sealing_python as python
from audit.framing import Framer
from audit.keys import Keyring
from audit.record import LeafDraft, LeafKind, seal, segments_of
from audit.wire import pack_append, unpack_append

native = pytest.importorskip("audit._frames", reason="the C extension was not built")

CIPHERS = [pytest.param(None, id="libcrypto", marks=pytest.mark.skipif(not native.has_cipher, reason="none here"))]
CIPHERS += [pytest.param(python.aes_gcm, id="cryptography")]
FLOWS = tuple(f"0199aaaa-0000-7000-8000-{number:012x}" for number in range(70))
words = st.text(st.sampled_from('abc"\\é⟦ 9'), max_size=300)
groups = st.dictionaries(
    st.sampled_from(["pub", "facts", "subj", "digest", "meter"]),
    st.dictionaries(st.sampled_from("ab"), words),
    max_size=5,
)


@pytest.fixture(scope="module")
def keyring(tmp_path_factory) -> Keyring:
    return Keyring.create(tmp_path_factory.mktemp("keys") / "keys")


@pytest.mark.parametrize("cipher", CIPHERS)
@given(
    leaves=st.lists(
        st.tuples(groups, st.one_of(st.sampled_from(FLOWS), words), st.sampled_from(["", "r"])), max_size=12
    ),
    n=st.integers(0, 2**40),
)
def test_frames_of_many_are_those_of_each(keyring, cipher, leaves, n):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(framing, "cipher", cipher)
        framer = Framer(keyring, "w0", 3)
        drafts = [
            LeafDraft(LeafKind.INTENT, flow or FLOWS[0], 7, "acme", "li.wei", said, attempt=1)
            for said, flow, _ in leaves
        ]
        many = [
            (draft, framer.written(draft), reservation, None)
            for draft, (_, _, reservation) in zip(drafts, leaves, strict=True)
        ]
        frames, entries = framer.frames(many, n)
    at = 0
    for i, (entry, draft) in enumerate(zip(entries, drafts, strict=False)):
        leaf = seal(draft, keyring, "w0", 3, n + i)
        end = at + 4 + int.from_bytes(frames[at : at + 4])
        keys = unpack_append(frames[at + 5 : end])[1][5]
        assert entry == leaf.entry
        assert frames[at:end] == pack_append(n + i, leaf, keys, leaves[i][2], None)
        at = end
    assert at == len(frames)
    if len(entries) < len(drafts):  # only a flow that JSON would escape, or a long one, has to be sealed by itself
        flow = drafts[len(entries)].flow
        assert len(flow.encode()) > 256 or not flow.isascii() or {'"', "\\"} & set(flow)


@pytest.mark.parametrize("cipher", CIPHERS)
@pytest.mark.parametrize("count", [1, 2, 3, 64, 70])
@pytest.mark.parametrize("names", [("digest", "meter", "pub"), ("digest", "facts", "subj"), ("meter",)])
def test_a_settle_leaf_made_at_once_is_the_one_made_piece_by_piece(keyring, monkeypatch, cipher, count, names):
    monkeypatch.setattr(record, "cipher", cipher)
    flows = FLOWS[:count]
    keys = [keyring.data_keys.for_flow(flow, "acme", "li.wei") for flow in flows]
    draft = LeafDraft(LeafKind.SETTLE, "", 5, "", "", {}, flows=flows)
    sealing = record._Sealing(draft, {}, keyring, "w0", 3, 9)
    items = {
        name: [b'{"%b":"%b"}' % (name.encode(), b"x" * (index * 7 % 200)) for index in range(count)] for name in names
    }
    keys = keys if "digest" in names else []
    made = sealing._settlement_at_once(items, keys)
    assert made == sealing._settlement(items, keys)
    assert len(segments_of(made[1])) == len(keys)


@pytest.mark.parametrize(("writer", "flow"), [("w" * 300, FLOWS[0]), ("w0", "é" * 200), ("w" * 256, "é" * 64)])
def test_a_settle_leaf_of_long_names_is_sealed_as_any(keyring, writer, flow):
    intent = LeafDraft(LeafKind.INTENT, flow, 1, "acme", "li.wei", {"subj": {"user": "li.wei"}})
    settled = LeafDraft(LeafKind.SETTLE, "", 2, "", "", {"digest": {"flows": [{"flow": flow}]}}, flows=(flow,))
    framer = Framer(keyring, writer, 1)
    framer.framed(intent, 0)
    assert flow in orjson.loads(framer.framed(settled, 1)[0])["f"]


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=900), st.binary(max_size=90), st.binary(max_size=9))
def test_what_is_encrypted_is_aes_gcm_under_that_key(key, text, bound, before):
    nonce = bytes(range(12))
    if not native.has_cipher:
        pytest.skip("the interpreter has no libcrypto of its own")
    said = native.encrypt(key, nonce, text, bound, before)
    assert said == python.encrypt(key, nonce, text, bound, before)
    assert AESGCM(key).decrypt(nonce, said[len(before) + 12 :], bound) == text
    with pytest.raises(InvalidTag):
        AESGCM(key).decrypt(nonce, said[len(before) + 12 :], bound + b"x")


ROW = ("facts", b"{}", False)
LEAF = ([ROW], b"k" * 44, b"u" * 32, b"i" * 8, "intent", FLOWS[0], 1, 0, b"null", b',[],"",null]')


@pytest.mark.parametrize(
    ("leaf", "error"),
    [
        (LEAF[:-1], TypeError),
        (([ROW[:2]], *LEAF[1:]), TypeError),
        ((LEAF[0], b"k" * 32, *LEAF[2:]), ValueError),
        ((*LEAF[:2], b"u", *LEAF[3:]), ValueError),
        ((*LEAF[:3], b"i", *LEAF[4:]), ValueError),
        ("leaf", TypeError),
    ],
)
def test_what_is_no_leaf_is_refused(leaf, error):
    assert len(native.frames([LEAF], 1, b"s" * 32, "w", 1, 2, python.aes_gcm)[1]) == 1
    with pytest.raises(error):
        native.frames([LEAF, leaf], 1, b"s" * 32, "w", 1, 2, python.aes_gcm)


def test_a_cipher_that_fails_makes_no_leaf():
    def failing(*_of: bytes) -> bytes:
        raise OverflowError("too long")

    for cipher, error in ((failing, OverflowError), (lambda *_of: 3, TypeError), (lambda *_of: b"short", TypeError)):
        with pytest.raises(error):
            native.frames([LEAF], 1, b"s" * 32, "w", 1, 2, cipher)
        with pytest.raises(error):
            native.settlement(b"w/1/1/", FLOWS[:1], [("digest", [b"{}"], False)], [LEAF[1:4]], b"s" * 32, 1, 1, cipher)


@pytest.mark.parametrize(
    ("groups", "keys", "error"),
    [
        ([("pub", [b"{}"], True)], [], ValueError),
        ([("digest", [b"{}", b"{}"], False)], [LEAF[1:4]], ValueError),
        ([("digest", [b"{}", b"{}"], False)], [LEAF[1:4], (b"", b"", b"")], ValueError),
        ([("digest", [b"{}", "{}"], False)], [LEAF[1:4]] * 2, TypeError),
        ([("digest", [b"{}", b"{}"], False)], [LEAF[1:4], 3], TypeError),
    ],
)
def test_what_is_no_settle_leaf_is_refused(groups, keys, error):
    with pytest.raises(error):
        native.settlement(b"w/1/1/", FLOWS[:2], groups, keys, b"s" * 32, 1, 1, python.aes_gcm)
