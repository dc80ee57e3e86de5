"""The key hierarchy of erasable groups: KEK -> one key per (tenant, user) -> one key per flow -> salts and ciphertext.

Destroying the wrapped keys of a user makes every erasable group of that user unreadable and its commitments
unguessable, in O(1), while leaves, proofs and the log stay as they are. A process mints the user key that it needs
and sends it, wrapped, with the first leaf that uses it; so a user may have several keys (one per process that
served them), all filed under (tenant, user) and destroyed together.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

WRAPPED_FLOW_KEY = 60  # bytes: 12 nonce, 32 key, 16 tag
KEY_ID = 8  # bytes of a user key's id
_USERS = 50_000  # user keys remembered, about 500 B each: one that is forgotten is minted anew, which costs a row
_AWAKE_USERS = 1_024  # of them with a cipher ready: OpenSSL's takes 2.5 KiB each, and 3 us to make
_AWAKE_FLOWS = 2_048  # flow keys with a cipher ready
_RESTING_FLOWS = 32_768  # flow keys beyond, about 400 B each: calls that wait for their answer or to be settled


@dataclass(frozen=True, slots=True)
class UserKey:
    """A key of one (tenant, user). `wrapped` is what the store keeps."""

    id: bytes
    tenant: str
    user: str
    wrapped: bytes = field(repr=False)
    key: bytes = field(repr=False)


class FlowKey(NamedTuple):
    """A flow's data key: `prefix` is what goes in front of each ciphertext (user key id, wrapped flow key)."""

    user: UserKey
    prefix: bytes
    key: bytes
    cipher: AESGCM

    def __repr__(self) -> str:
        """Without the key."""
        return f"FlowKey({self.user!r})"


class DataKeys:
    """Mints, wraps and unwraps data keys. One per process; plaintext keys live here only.

    A flow's key is remembered until the flow is settled: intent, outcome and settlement share it.
    """

    __slots__ = ("_ciphers", "_flows", "_kek", "_resting", "_users")

    def __init__(self, kek: bytes) -> None:
        self._kek = AESGCM(kek)
        self._users: OrderedDict[tuple[str, str], UserKey] = OrderedDict()
        self._ciphers: OrderedDict[bytes, AESGCM] = OrderedDict()  # of user keys, by id
        self._flows: OrderedDict[str, FlowKey] = OrderedDict()
        self._resting: OrderedDict[str, tuple[UserKey, bytes, bytes]] = OrderedDict()

    def for_flow(self, flow: str, tenant: str, user: str, *, last: bool = False) -> FlowKey:
        """The flow's key, minted on first use under its user's key. A leaf of no flow gets a key of its own.

        `last`: hardly another leaf will need it, so one that is minted now rests at once.
        """
        flows = self._flows
        known = flows.get(flow) or (self.known_flow(flow) if flow in self._resting else None)
        if known is not None:
            return known
        owner = self._for_user(tenant, user)
        random = os.urandom(44)
        key, nonce = random[:32], random[32:]
        prefix = owner.id + nonce + self._cipher_of(owner).encrypt(nonce, key, flow.encode())
        made = tuple.__new__(FlowKey, (owner, prefix, key, AESGCM(key)))
        if flow and last:
            self._rest(flow, made)
        elif flow:
            flows[flow] = made
            if len(flows) > _AWAKE_FLOWS:
                self._rest(*flows.popitem(last=False))
        return made

    def known_flow(self, flow: str) -> FlowKey | None:
        """The key of a flow this process has sealed a leaf for, None when it never did, or the flow is settled."""
        known = self._flows.get(flow)
        if known is not None:
            return known
        rested = self._resting.pop(flow, None)
        if rested is None:
            return None
        owner, prefix, key = rested
        woken = FlowKey(owner, prefix, key, AESGCM(key))
        self._remember(flow, woken)
        return woken

    def settled(self, flows: Iterable[str]) -> None:
        """Nothing more will be sealed of these flows: their keys leave the memory."""
        for flow in flows:
            if self._flows.pop(flow, None) is None:
                self._resting.pop(flow, None)

    def _remember(self, flow: str, key: FlowKey) -> None:
        self._flows[flow] = key
        if len(self._flows) > _AWAKE_FLOWS:
            self._rest(*self._flows.popitem(last=False))

    def _rest(self, flow: str, key: FlowKey) -> None:
        self._resting[flow] = (key.user, key.prefix, key.key)
        if len(self._resting) > _RESTING_FLOWS:
            self._resting.popitem(last=False)

    def _cipher_of(self, owner: UserKey) -> AESGCM:
        known = self._ciphers.get(owner.id)
        if known is not None:
            self._ciphers.move_to_end(owner.id)
            return known
        made = self._ciphers[owner.id] = AESGCM(owner.key)
        if len(self._ciphers) > _AWAKE_USERS:
            self._ciphers.popitem(last=False)
        return made

    def _for_user(self, tenant: str, user: str) -> UserKey:
        known = self._users.get((tenant, user))
        if known is not None:
            self._users.move_to_end((tenant, user))
            return known
        id_, key, nonce = os.urandom(KEY_ID), os.urandom(32), os.urandom(12)
        wrapped = nonce + self._kek.encrypt(nonce, key, _owner(id_, tenant, user))
        made = UserKey(id_, tenant, user, wrapped, key)
        self._users[tenant, user] = made
        if len(self._users) > _USERS:
            self._users.popitem(last=False)
        return made

    def forget(self, tenant: str, user: str) -> None:
        """Drop the user's keys from memory, those of their flows too (erasure)."""
        known = self._users.pop((tenant, user), None)
        if known is not None:
            self._ciphers.pop(known.id, None)
        for flow in [f for f, k in self._flows.items() if (k.user.tenant, k.user.user) == (tenant, user)]:
            del self._flows[flow]
        for flow in [f for f, (k, _, _) in self._resting.items() if (k.tenant, k.user) == (tenant, user)]:
            del self._resting[flow]

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
