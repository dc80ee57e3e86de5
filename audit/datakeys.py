"""The key hierarchy of erasable groups: KEK -> one key per (tenant, user) -> one key per flow -> salts and ciphertext.

Destroying the wrapped keys of a user makes every erasable group of that user unreadable and its commitments
unguessable, in O(1), while leaves, proofs and the log stay as they are. A process mints the user key that it needs
and sends it, wrapped, with the first leaf that uses it; so a user may have several keys (one per process that
served them), all filed under (tenant, user) and destroyed together.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

WRAPPED_FLOW_KEY = 60  # bytes: 12 nonce, 32 key, 16 tag
KEY_ID = 8  # bytes of a user key's id
_USERS = 50_000  # user keys kept in memory, about 250 B each
_FLOWS = 65_536  # flow keys kept in memory, about 600 B each: intent, outcome and settle of a flow share one


@dataclass(frozen=True, slots=True)
class UserKey:
    """A key of one (tenant, user). `wrapped` is what the store keeps."""

    id: bytes
    tenant: str
    user: str
    wrapped: bytes = field(repr=False)
    key: bytes = field(repr=False)
    cipher: AESGCM = field(repr=False)


@dataclass(frozen=True, slots=True)
class FlowKey:
    """A flow's data key: `prefix` is what goes in front of each ciphertext (user key id, wrapped flow key)."""

    user: UserKey
    prefix: bytes = field(repr=False)
    key: bytes = field(repr=False)
    cipher: AESGCM = field(repr=False)


class DataKeys:
    """Mints, wraps and unwraps data keys. One per process; plaintext keys live here only."""

    __slots__ = ("_flows", "_kek", "_users")

    def __init__(self, kek: bytes) -> None:
        self._kek = AESGCM(kek)
        self._users: OrderedDict[tuple[str, str], UserKey] = OrderedDict()
        self._flows: OrderedDict[str, FlowKey] = OrderedDict()

    def for_flow(self, flow: str, tenant: str, user: str) -> FlowKey:
        """The flow's key, minted on first use under its user's key. A leaf of no flow gets a key of its own."""
        known = self._flows.get(flow) if flow else None
        if known is not None:
            return known
        owner = self._for_user(tenant, user)
        random = os.urandom(44)
        key, nonce = random[:32], random[32:]
        prefix = owner.id + nonce + owner.cipher.encrypt(nonce, key, flow.encode())
        made = FlowKey(owner, prefix, key, AESGCM(key))
        if flow:
            self._flows[flow] = made
            if len(self._flows) > _FLOWS:
                self._flows.popitem(last=False)
        return made

    def known_flow(self, flow: str) -> FlowKey | None:
        """The key of a flow this process has sealed a leaf for, None when it never did or it was long ago."""
        return self._flows.get(flow)

    def _for_user(self, tenant: str, user: str) -> UserKey:
        known = self._users.get((tenant, user))
        if known is not None:
            self._users.move_to_end((tenant, user))
            return known
        id_, key, nonce = os.urandom(KEY_ID), os.urandom(32), os.urandom(12)
        wrapped = nonce + self._kek.encrypt(nonce, key, _owner(id_, tenant, user))
        made = UserKey(id_, tenant, user, wrapped, key, AESGCM(key))
        self._users[tenant, user] = made
        if len(self._users) > _USERS:
            self._users.popitem(last=False)
        return made

    def forget(self, tenant: str, user: str) -> None:
        """Drop the user's keys from memory, those of their flows too (erasure)."""
        self._users.pop((tenant, user), None)
        for flow in [f for f, k in self._flows.items() if (k.user.tenant, k.user.user) == (tenant, user)]:
            del self._flows[flow]

    def unwrap_user(self, id_: bytes, tenant: str, user: str, wrapped: bytes) -> bytes | None:
        """The plaintext user key, None when the wrapping does not open (erased, replaced, wrong KEK)."""
        try:
            return self._kek.decrypt(wrapped[:12], wrapped[12:], _owner(id_, tenant, user))
        except (InvalidTag, ValueError):
            return None


def unwrap_flow(user_key: bytes, prefix: bytes, flow: str) -> bytes | None:
    """The flow key out of the prefix of a ciphertext, None when it does not open."""
    nonce, sealed = prefix[KEY_ID : KEY_ID + 12], prefix[KEY_ID + 12 : KEY_ID + WRAPPED_FLOW_KEY]
    try:
        return AESGCM(user_key).decrypt(nonce, sealed, flow.encode())
    except (InvalidTag, ValueError):
        return None


def _owner(id_: bytes, tenant: str, user: str) -> bytes:
    """Binds a wrapped key to whom it is filed under, so that rows cannot be exchanged unnoticed."""
    return id_ + len(tenant.encode()).to_bytes(4, "big") + tenant.encode() + user.encode()
