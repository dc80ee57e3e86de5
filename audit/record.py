"""From a draft to a sealed leaf: commitments, ciphertext, search row. The byte format is ADR 0002.

A leaf of the log is a canonical JSON entry that holds no content, only salted commitments to *groups*. The groups
themselves stand beside it: `pub` and `meter` in plain, `subj`, `facts`, `digest` and `content` encrypted under the
flow's key. Each group can be disclosed alone (value and salt) or erased, and the leaf still verifies.
"""

from __future__ import annotations

import struct
from binascii import b2a_base64
from collections.abc import Mapping, Sequence
from enum import StrEnum
from hashlib import blake2b, sha256
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from audit.canonical import Group, Prepared, Rendered, RenderedGroups, RenderedRows, canonical, dump
from audit.datakeys import KEY_ID, WRAPPED_FLOW_KEY, FlowKey, UserKey
from audit.errors import RecordInvalid
from audit.merkle import Tree, leaf_hash
from audit.projection import Row, row_of
from audit.sealing import (
    cipher,
    commitments,
    flow_commitments,
    grow,
    leaf_hashes,
    native_leaf,
    native_settlement,
    root,
)

if TYPE_CHECKING:
    from audit.keys import Keyring

OPEN_GROUPS = frozenset({"pub", "meter"})
"""Stored in plain: they hold no personal data. Their salts come from the log's salt key."""
ERASABLE_GROUPS = frozenset({"subj", "facts", "digest", "content"})
"""Stored encrypted. Their salts come from the flow's key, so that destroying it also hides what was committed to."""
GROUPS = OPEN_GROUPS | ERASABLE_GROUPS
MEMBERS = {name: b'"%b":' % name.encode() for name in GROUPS}
"""The beginnings of the groups in a JSON object that holds them."""
MAX_ENTRY = 65_535  # bytes; C2SP tlog-tiles entry bundles carry the length in 16 bits
MAX_SETTLED = 1_000  # flows in one settle leaf: 39 bytes each in the entry
_SHORT = 256  # bytes
_NONCE = struct.Struct(">IHIH")
PREFIX = KEY_ID + WRAPPED_FLOW_KEY


class LeafKind(StrEnum):
    """What a leaf says. The log itself writes OPEN, CLOSE, VOID, LOSS and outcomes of interrupted flows."""

    INTENT = "intent"  # one attempt of a flow is about to leave
    OUTCOME = "outcome"  # how the flow ended; exactly one
    SETTLE = "settle"  # recount, price, fingerprints of flows that ended
    REFUSALS = "refusals"  # strangers turned away, aggregated
    POLICY = "policy"
    KEY = "key"
    ERASE = "erase"
    HOLD = "hold"
    OPEN = "open"  # the log writer started
    CLOSE = "close"  # a stream (writer, epoch) has ended with so many leaves
    VOID = "void"  # stands in place of a leaf that was refused, so that its stream stays dense
    LOSS = "loss"  # leaves known to have existed are gone; a new generation begins


class LeafDraft(NamedTuple):
    """What is to be recorded. `time_us` is Unix time in microseconds; `plain` becomes part of the public entry.

    `plain_json`: whoever made the groups answers for them (strings, integers, booleans, None, lists, objects with ASCII
    keys), so that they are not walked again before they are written.
    """

    kind: LeafKind
    flow: str
    time_us: int
    tenant: str
    user: str
    groups: Mapping[str, Group] | RenderedGroups
    attempt: int = 0
    flows: tuple[str, ...] = ()
    plain: Mapping[str, Any] | None = None
    plain_json: bool = False

    def __repr__(self) -> str:
        """Without the groups: they tell of persons."""
        return f"LeafDraft({self.kind}, {self.flow!r}, {sorted(self.apart())})"

    def apart(self) -> Mapping[str, Group]:
        """Its groups, each under its name."""
        groups = self.groups
        return groups.apart() if isinstance(groups, RenderedGroups) else groups


class SealedLeaf(NamedTuple):
    """A leaf ready for the log. `disclosed` are the open groups, `sealed` and `content` the encrypted ones."""

    kind: LeafKind
    flow: str
    flows: tuple[str, ...]
    time_us: int
    entry: bytes
    disclosed: bytes
    sealed: bytes
    content: bytes
    row: Row | None
    user_keys: tuple[UserKey, ...]

    def __repr__(self) -> str:
        """Without what it holds."""
        return f"SealedLeaf({self.kind}, {self.flow!r})"

    @property
    def hash(self) -> bytes:
        return leaf_hash(self.entry)


def seal(draft: LeafDraft, keyring: Keyring, writer: str, epoch: int, n: int) -> SealedLeaf:
    """Seal `draft` as leaf `n` of the stream (writer, epoch); RecordInvalid when it cannot be one."""
    groups = draft.apart()
    if not groups.keys() <= GROUPS:
        raise RecordInvalid(f"unknown group {min(groups.keys() - GROUPS)!r}")
    sealing = _Sealing(draft, groups, keyring, writer, epoch, n)
    return sealing.settle() if draft.flows else sealing.single()


_Settlement = tuple[dict[str, tuple[bytes, bytes]], bytes, bytes]


class _Sealing:
    """One leaf while it is being sealed."""

    __slots__ = ("draft", "epoch", "groups", "keyring", "n", "place", "writer")

    def __init__(
        self, draft: LeafDraft, groups: Mapping[str, Group], keyring: Keyring, writer: str, epoch: int, n: int
    ) -> None:
        self.draft = draft
        self.groups = groups
        self.keyring = keyring
        self.writer = writer
        self.epoch = epoch
        self.n = n
        self.place = place_of(writer, epoch, n)

    def single(self) -> SealedLeaf:
        """A leaf of one flow, or of none."""
        draft = self.draft
        groups = self.groups
        if native_leaf is None or draft.plain is not None or "content" in groups:
            return self.piece_by_piece()
        rows = rows_of(draft, groups)
        key = own_key(draft, self.keyring) if hides(rows) else None
        secret, prefix, encrypt = (b"", b"", None) if key is None else (key.key, key.prefix, AESGCM(key.key).encrypt)
        kind, epoch, n = draft.kind, self.epoch, self.n
        made = native_leaf(
            self.place, rows, self.keyring.salt_key, secret, prefix, encrypt, nonce_of(epoch, n, 0),
            kind._value_, draft.flow, self.writer, draft.time_us, epoch, n, draft.attempt,
        )  # fmt: skip
        if made is None:
            return self.piece_by_piece()
        entry, disclosed, sealed = made
        row = row_of(kind._value_, draft.tenant, draft.user, groups)
        users = (key.user,) if key is not None else ()
        return SealedLeaf(kind, draft.flow, (), draft.time_us, entry, disclosed, sealed, b"", row, users)

    def piece_by_piece(self) -> SealedLeaf:
        """The same for any leaf of one flow or of none, and where the C extension was not built."""
        draft, open_salt, plain = self.draft, self.keyring.salt_key, self.draft.plain_json
        key: FlowKey | None = None
        rows: list[tuple[str, bytes, bytes]] = []
        shown: list[bytes] = []
        hidden: list[bytes] = []
        content = b""
        for name in sorted(self.groups):
            value = self.groups[name]
            body = body_of(value, plain=plain)
            if name in OPEN_GROUPS:
                rows.append((name, body, open_salt))
                shown.append(MEMBERS[name] + body)
                continue
            if key is None:
                key = own_key(draft, self.keyring)
            rows.append((name, body, key.key))
            if name == "content":
                content = self._encrypt(key, body, 1, draft.flow)
            else:
                hidden.append(MEMBERS[name] + body)
        hashes = {}
        sealed = b""
        if key is not None:
            if content:
                hashes["x"] = sha256(content).digest()
            if hidden:
                sealed = self._encrypt(key, b"{%b}" % b",".join(hidden), 0, draft.flow)
                hashes["s"] = sha256(sealed).digest()
                sealed = _segment(sealed)
        return self._leaf(
            commitments(self.place, rows),
            hashes,
            disclosed=b"{%b}" % b",".join(shown),
            sealed=sealed,
            content=content,
            user_keys=(key.user,) if key is not None else (),
        )

    def _by_flow(self, name: str, group: Group) -> list[bytes]:
        """What a settle group says of each flow, in their order."""
        draft = self.draft
        if isinstance(group, RenderedRows):
            if group.flows != draft.flows or len(group.bodies) != len(draft.flows):
                raise RecordInvalid(f"group {name!r} settles other flows than the leaf names")
            return group.bodies
        return [body_of(item, plain=draft.plain_json) for item in _by_flow(name, group, draft.flows)]

    def settle(self) -> SealedLeaf:
        """A leaf of many flows: each group's commitment is the Merkle root over one commitment per flow."""
        draft = self.draft
        if len(draft.flows) > MAX_SETTLED or len(set(draft.flows)) != len(draft.flows):
            raise RecordInvalid(f"a settle leaf names at most {MAX_SETTLED} flows, each once")
        if "content" in self.groups:
            raise RecordInvalid("a settle leaf has no content")
        items = {name: self._by_flow(name, self.groups[name]) for name in sorted(self.groups)}
        keys = [self._known(flow) for flow in draft.flows] if items.keys() & ERASABLE_GROUPS else []
        made = (
            self._settlement_at_once
            if native_settlement is not None and items and draft.flows and self._is_short()
            else self._settlement
        )
        commitments_of, sealed, over = made(items, keys)
        disclosed = {name: b"[%b]" % b",".join(bodies) for name, bodies in items.items() if name in OPEN_GROUPS}
        # Kept beside the leaf: when one flow's key is destroyed, the others still need its commitment to prove theirs.
        kept = {name: canonical(_b64(its)) for name, (_, its) in commitments_of.items() if name in ERASABLE_GROUPS}
        leaf = self._leaf(
            canonical({name: _b64(its_root) for name, (its_root, _) in commitments_of.items()}),
            {"s": over} if over else {},
            disclosed=_compose(({"commitments": _compose(kept)} if kept else {}) | disclosed),
            sealed=sealed,
            content=b"",
            user_keys=tuple({key.user.id: key.user for key in keys}.values()),
        )
        self.keyring.data_keys.settled(draft.flows)
        return leaf

    def _is_short(self) -> bool:
        """Whether the names of a settle leaf are as short as C takes them."""
        return len(self.place) <= _SHORT and max(map(len, self.draft.flows)) <= _SHORT // 4

    def _settlement_at_once(self, items: Mapping[str, list[bytes]], keys: list[FlowKey]) -> _Settlement:
        """`_settlement` in one call of C."""
        if native_settlement is None:
            raise RuntimeError("the C extension was not built")
        rows = [(name, bodies, name in OPEN_GROUPS) for name, bodies in items.items()]
        pairs, sealed, over = native_settlement(
            self.place, self.draft.flows, rows, [(secret, user.key, user.id) for user, secret, _ in keys],
            self.keyring.salt_key, self.epoch, self.n, cipher,
        )  # fmt: skip
        return dict(zip(items, pairs, strict=True)), sealed, over

    def _settlement(self, items: Mapping[str, list[bytes]], keys: list[FlowKey]) -> _Settlement:
        """For each group its root and its commitments; the ciphertexts with their lengths, and the root over them."""
        flows = self.draft.flows
        open_salts, secrets = [self.keyring.salt_key] * len(flows), [key.key for key in keys]
        pairs: dict[str, tuple[bytes, bytes]] = {}
        hidden: list[dict[str, bytes]] = [{} for _ in flows]
        for name, bodies in items.items():
            hashes = flow_commitments(self.place, name, flows, bodies, open_salts if name in OPEN_GROUPS else secrets)
            pairs[name] = root(hashes), hashes
            if name in ERASABLE_GROUPS:
                for position, body in enumerate(bodies):
                    hidden[position][name] = body
        segments = [self._encrypt(key, _compose(hidden[i]), 2 + i, flows[i]) for i, key in enumerate(keys)]
        over = sealed_hash(segments, settle=True) if segments else b""
        return pairs, b"".join(map(_segment, segments)), over

    def _known(self, flow: str) -> FlowKey:
        key = self.keyring.data_keys.known_flow(flow)
        if key is None:
            raise RecordInvalid(f"flow {flow} was not recorded by this process: its key is not here")
        return key

    def _encrypt(self, key: FlowKey, body: bytes, part: int, flow: str) -> bytes:
        return key.prefix + AESGCM(key.key).encrypt(
            nonce_of(self.epoch, self.n, part), body, self.place + flow.encode()
        )

    def _leaf(
        self,
        committed: bytes,
        hashes: dict[str, bytes],
        *,
        disclosed: bytes,
        sealed: bytes,
        content: bytes,
        user_keys: tuple[UserKey, ...],
    ) -> SealedLeaf:
        draft = self.draft
        entry: dict[str, Any] = {
            "v": 1,
            "k": draft.kind.value,
            "t": draft.time_us,
            "w": self.writer,
            "e": self.epoch,
            "n": self.n,
            "c": orjson.Fragment(committed),
        }
        if draft.flow:
            entry["id"] = draft.flow
        if draft.attempt:
            entry["a"] = draft.attempt
        if draft.flows:
            entry["f"] = draft.flows
        if draft.plain:
            entry["x"] = orjson.Fragment(canonical(draft.plain))
        if hashes:
            entry["d"] = {name: _b64(value) for name, value in hashes.items()}
        data = dump(entry)
        if len(data) > MAX_ENTRY:
            raise RecordInvalid(f"the leaf is {len(data)} bytes, at most {MAX_ENTRY} fit")
        row = row_of(draft.kind.value, draft.tenant, draft.user, self.groups)
        return SealedLeaf(
            draft.kind, draft.flow, draft.flows, draft.time_us, data, disclosed, sealed, content, row, user_keys
        )


def rows_of(draft: LeafDraft, groups: Mapping[str, Group]) -> list[tuple[str, bytes, bool]]:
    """The groups as (name, canonical bytes, whether it is open)."""
    write = dump if draft.plain_json else canonical
    rows: list[tuple[str, bytes, bool]] = []
    for name in sorted(groups):
        value = groups[name]
        kind = type(value)
        written = value.data if kind is Rendered or kind is Prepared else write(value)  # type: ignore[union-attr]
        rows.append((name, written, name in OPEN_GROUPS))
    return rows


def hides(rows: Sequence[tuple[str, bytes, bool]]) -> bool:
    """Whether one of the rows is not open. In the order of names the open ones stand between the others."""
    return bool(rows) and not (rows[0][2] and rows[-1][2])


def own_key(draft: LeafDraft, keyring: Keyring) -> FlowKey:
    """The key of the leaf's flow."""
    return keyring.data_keys.for_flow(draft.flow, draft.tenant, draft.user)


def body_of(value: Any, *, plain: bool) -> bytes:
    """The canonical bytes of a group; `plain` as in `LeafDraft.plain_json`."""
    kind = type(value)
    if kind is Rendered or kind is Prepared:
        written: bytes = value.data
        return written
    return dump(value) if plain else canonical(value)


def place_of(writer: str, epoch: int, n: int) -> bytes:
    """Where a leaf stands, as bytes for key derivation: unique in the life of a log."""
    return f"{writer}/{epoch}/{n}/".encode()


def salt_of(secret: bytes, place: bytes, group: str, flow: str = "") -> bytes:
    """16 bytes: keyed BLAKE2b (RFC 7693) of place, group and, in settle leaves, flow."""
    return blake2b(place + group.encode() + b"/" + flow.encode(), key=secret, digest_size=16).digest()


def commit(salt: bytes, body: bytes) -> bytes:
    """The commitment to one group: SHA-256(salt || canonical bytes)."""
    return sha256(salt + body).digest()


def nonce_of(epoch: int, n: int, part: int) -> bytes:
    """The AES-GCM nonce of one ciphertext of a leaf. A flow key lives in one process, whose (epoch, n) never recur."""
    return _NONCE.pack(epoch, n >> 32, n & 0xFFFFFFFF, part)


def decrypt(flow_key: bytes, entry: Mapping[str, Any], ciphertext: bytes, part: int, flow: str) -> bytes | None:
    """The plaintext behind the prefix of `ciphertext`, None when it does not open."""
    place = place_of(entry["w"], entry["e"], entry["n"])
    try:
        nonce = nonce_of(entry["e"], entry["n"], part)
        return AESGCM(flow_key).decrypt(nonce, ciphertext[PREFIX:], place + flow.encode())
    except (InvalidTag, ValueError):
        return None


def segments_of(sealed: bytes) -> list[bytes]:
    """The ciphertexts in a leaf's `sealed` bytes: one, or in settle leaves one per flow. ValueError when cut short."""
    segments, at = [], 0
    while at < len(sealed):
        length = int.from_bytes(sealed[at : at + 4], "big")
        segments.append(sealed[at + 4 : at + 4 + length])
        at += 4 + length
    if at != len(sealed):
        raise ValueError("the lengths of ciphertexts are not those of their bytes")
    return segments


def sealed_hash(segments: Sequence[bytes], *, settle: bool) -> bytes:
    """What `d.s` of the entry says of the ciphertexts."""
    if not settle:
        return sha256(segments[0]).digest()
    tree = Tree()
    tree.resume(len(segments), grow(b"", 0, leaf_hashes([*segments])))
    return tree.root()


def _by_flow(name: str, group: Mapping[str, Any] | Rendered, flows: tuple[str, ...]) -> list[Mapping[str, Any]]:
    """The items of a settle group in the order of `flows`; a flow that has none gets one that says only its id."""
    if isinstance(group, Rendered):
        group = group.value()
    items = group.get("flows")
    if set(group) != {"flows"} or not isinstance(items, (list, tuple)):
        raise RecordInvalid(f'group {name!r} of a settle leaf must be {{"flows": [...]}}')
    found = {item.get("flow"): item for item in items}
    if not found.keys() <= set(flows):
        raise RecordInvalid(f"group {name!r} settles a flow that the leaf does not name")
    return [found.get(flow) or {"flow": flow} for flow in flows]


def _compose(bodies: Mapping[str, bytes]) -> bytes:
    """A canonical JSON object out of canonical members in sorted order."""
    return b"{" + b",".join(b'"' + name.encode() + b'":' + body for name, body in bodies.items()) + b"}"


def _segment(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def _b64(data: bytes) -> str:
    return b2a_base64(data, newline=False).decode()
