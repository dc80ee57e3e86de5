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
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from audit.sealing import encrypt

WRAPPED_FLOW_KEY = 60  # bytes: 12 nonce, 32 key, 16 tag
KEY = 32  # bytes of a key
KEY_ID = 8  # bytes of a user key's id
_USERS = 50_000  # user keys remembered, about 500 B each: one that is forgotten is minted anew, which costs a row
_SECRET = KEY + 12
_DRAWN = 64  # secrets drawn at a time: the system call is half of what one costs
_FLOWS = 32_768  # flow keys remembered, about 400 B each: calls that wait for their answer or to be settled


class UserKey(NamedTuple):
    """A key of one (tenant, user). `wrapped` is what the store keeps."""

    id: bytes
    tenant: str
    user: str
    wrapped: bytes
    key: bytes

    def __repr__(self) -> str:
        """Without the key."""
        return f"UserKey({self.id.hex()}, {self.tenant!r}, {self.user!r})"


class FlowKey(NamedTuple):
    """A flow's data key. `secret`: the key itself, and the nonce under which the user's key wraps it."""

    user: UserKey
    secret: bytes
    flow: str

    @property
    def key(self) -> bytes:
        """32 bytes."""
        return self.secret[:KEY]

    @property
    def prefix(self) -> bytes:
        """What goes in front of each ciphertext: user key id, wrapped flow key."""
        return encrypt(self.user.key, self.secret[KEY:], self.key, self.flow.encode(), self.user.id)

    def __repr__(self) -> str:
        """Without the key."""
        return f"FlowKey({self.user!r})"


class DataKeys:
    """Mints, wraps and unwraps data keys. One per process; plaintext keys live here only.

    A flow's key is remembered until the flow is settled: intent, outcome and settlement share it.
    """

    __slots__ = ("_drawn", "_drawn_by", "_flows", "_kek", "_users")

    def __init__(self, kek: bytes) -> None:
        self._kek = AESGCM(kek)
        self._users: OrderedDict[tuple[str, str], UserKey] = OrderedDict()
        self._flows: OrderedDict[str, FlowKey] = OrderedDict()
        self._drawn: list[bytes] = []  # secrets that no flow has yet
        self._drawn_by = 0  # the process that drew them: another one that was forked from it draws its own

    def for_flow(self, flow: str, tenant: str, user: str) -> FlowKey:
        """The flow's key, minted on first use under its user's key. A leaf of no flow gets a key of its own."""
        flows = self._flows
        known = flows.get(flow)
        if known is not None:
            return known
        owner = self._for_user(tenant, user)
        if not self._drawn or self._drawn_by != os.getpid():
            self._draw()
        made = tuple.__new__(FlowKey, (owner, self._drawn.pop(), flow))
        if flow:
            flows[flow] = made
            if len(flows) > _FLOWS:
                flows.popitem(last=False)
        return made

    def known_flow(self, flow: str) -> FlowKey | None:
        """The key of a flow this process has sealed a leaf for, None when it never did, or the flow is settled."""
        return self._flows.get(flow)

    def settled(self, flows: Iterable[str]) -> None:
        """Nothing more will be sealed of these flows: their keys leave the memory."""
        for flow in flows:
            self._flows.pop(flow, None)

    def _draw(self) -> None:
        random = os.urandom(_DRAWN * _SECRET)
        self._drawn = [random[at : at + _SECRET] for at in range(0, len(random), _SECRET)]
        self._drawn_by = os.getpid()

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
