"""Leaves out of the store with their groups opened as far as the keys allow."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson

from audit.canonical import dump
from audit.datakeys import KEY_ID, unwrap_flow
from audit.keys import Keyring
from audit.merkle import inclusion_path, leaf_hash, subtree_of
from audit.record import ERASABLE_GROUPS, OPEN_GROUPS, PREFIX, decrypt, place_of, salt_of, segments_of
from audit.sealing import flow_commitments
from audit.store.batch import leaf_at
from audit.store.sqlite import Connection

_FLOWS = 4_096
"""Keys of flows that a reader keeps, some 200 bytes each."""


@dataclass(frozen=True)
class Opened:
    """One group of one flow in one leaf: canonical body and salt, both None when it cannot be read any more."""

    body: bytes | None
    salt: bytes | None

    @property
    def value(self) -> dict[str, Any]:
        return dict(orjson.loads(self.body)) if self.body is not None else {}


@dataclass(frozen=True)
class StoredLeaf:
    """A leaf as the store has it."""

    index: int
    data: bytes
    disclosed: bytes
    sealed: bytes
    content: bytes

    @cached_property
    def entry(self) -> dict[str, Any]:
        return dict(orjson.loads(self.data))

    @cached_property
    def shown(self) -> dict[str, Any]:
        """The open groups; of a settle leaf a list each, in the order of the entry's flows, and `commitments` to the others."""
        return dict(orjson.loads(self.disclosed))

    @cached_property
    def segments(self) -> list[bytes]:
        """The ciphertexts of `sealed`, in the order of the entry's flows."""
        return segments_of(self.sealed)

    @property
    def is_settle(self) -> bool:
        return "f" in self.entry


class LeafReader:
    """Reads leaves over one connection. Caches the keys it has unwrapped while it lives: one request long."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring
        self._users: dict[bytes, tuple[str, str, bytes | None] | None] = {}
        self._flows: dict[tuple[bytes, str], bytes] = {}

    def leaf(self, index: int) -> StoredLeaf:
        return StoredLeaf(*leaf_at(self._connection, index))

    def open(self, leaf: StoredLeaf, flow: str) -> dict[str, Opened]:
        """Every group that the leaf commits to, as far as it concerns `flow`."""
        settle = leaf.is_settle
        position = leaf.entry["f"].index(flow) if settle else 0
        disclosed = leaf.shown
        key, hidden = self.hidden(leaf, flow, position)
        place = place_of(leaf.entry["w"], leaf.entry["e"], leaf.entry["n"])
        groups: dict[str, Opened] = {}
        for name in leaf.entry["c"]:
            secret = self._keyring.salt_key if name in OPEN_GROUPS else key
            value = disclosed.get(name) if name in OPEN_GROUPS else hidden.get(name)
            if settle and name in OPEN_GROUPS and value is not None:
                value = value[position]
            if value is None or secret is None:
                groups[name] = Opened(None, None)
            else:
                salt = salt_of(secret, place, name, flow if settle else "")
                groups[name] = Opened(dump(value), salt)
        return groups

    def owner(self, leaf: StoredLeaf) -> tuple[str, str]:
        """Tenant and user by whose key the leaf's erasable groups are sealed; the user is empty once erased."""
        if not leaf.sealed or leaf.is_settle:
            return "", ""
        user = self._user(leaf.segments[0][:KEY_ID])
        return (user[0], user[1]) if user else ("", "")

    def tenant_of(self, key_id: bytes) -> str:
        """Whose user key this is; empty once it is destroyed."""
        user = self._user(key_id)
        return user[0] if user and user[2] else ""

    def commitments(self, leaf: StoredLeaf, name: str) -> list[bytes]:
        """The commitments, one per flow, under the root that a settle leaf states for a group."""
        disclosed = leaf.shown
        if name not in OPEN_GROUPS:
            kept = base64.b64decode(disclosed["commitments"][name])
        else:
            flows, items = tuple(leaf.entry["f"]), disclosed[name]
            if len(items) != len(flows):
                raise ValueError("a settle leaf says something else of each of its flows")
            place = place_of(leaf.entry["w"], leaf.entry["e"], leaf.entry["n"])
            kept = flow_commitments(place, name, flows, list(map(dump, items)), [self._keyring.salt_key] * len(flows))
        return [kept[i : i + 32] for i in range(0, len(kept), 32)]

    def group_path(self, leaf: StoredLeaf, flow: str, name: str) -> tuple[int, int, list[bytes]]:
        """Where the flow's item stands under a settle group's root: position, size, path."""
        hashes = [leaf_hash(commitment) for commitment in self.commitments(leaf, name)]
        position = leaf.entry["f"].index(flow)
        return position, len(hashes), inclusion_path(position, len(hashes), subtree_of(hashes))

    def hidden(self, leaf: StoredLeaf, flow: str, position: int) -> tuple[bytes | None, dict[str, Any]]:
        """The flow key and the decrypted erasable groups; None and nothing when the user's key is destroyed."""
        if not leaf.sealed and not leaf.content:
            return None, {}
        segment = leaf.segments[position] if leaf.sealed else leaf.content
        owner = flow if leaf.is_settle else leaf.entry.get("id", "")
        key = self._flow_key(segment[:PREFIX], owner)
        if key is None:
            return None, {}
        groups: dict[str, Any] = {}
        if leaf.sealed:
            body = decrypt(key, leaf.entry, segment, 2 + position if leaf.is_settle else 0, owner)
            groups |= orjson.loads(body) if body is not None else {}
        if leaf.content:
            body = decrypt(key, leaf.entry, leaf.content, 1, owner)
            groups |= {"content": orjson.loads(body)} if body is not None else {}
        return key, groups

    def _flow_key(self, prefix: bytes, flow: str) -> bytes | None:
        """Intent, outcome and settlement of a flow share a key, and mostly lie near one another."""
        known = self._flows.get((prefix, flow))
        if known is None:
            user = self._user(prefix[:KEY_ID])
            known = unwrap_flow(user[2], prefix, flow) if user and user[2] else None
            if known is not None:
                if len(self._flows) >= _FLOWS:
                    self._flows.clear()
                self._flows[prefix, flow] = known
        return known

    def _user(self, id_: bytes) -> tuple[str, str, bytes | None] | None:
        """Tenant, user and key; the key is None when it is destroyed. None when there is no such row."""
        if id_ not in self._users:
            row = self._connection.execute("select tenant, usr, wrapped from user_key where id = ?", (id_,)).fetchone()
            key = self._keyring.data_keys.unwrap_user(id_, row[0], row[1], bytes(row[2])) if row else None
            self._users[id_] = (row[0], row[1], key) if row else None
        return self._users[id_]


def erased_of(groups: Mapping[str, Opened]) -> list[str]:
    """The groups that were committed to and cannot be read."""
    return sorted(name for name, opened in groups.items() if opened.body is None and name in ERASABLE_GROUPS)
