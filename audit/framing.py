"""From a draft to the frame that appends it: sealed and framed in one call of C, where the leaf is of the usual kind.

`framed` says byte for byte what `record.seal` and `wire.pack_append` say one after the other; they are its oracle in the
tests, and make what is unusual: settle leaves, content, names that have to be escaped.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import orjson

from audit.canonical import Rendered, RenderedGroups
from audit.projection import row_of
from audit.record import GROUPS, LeafDraft, own_key, rows_of, seal
from audit.sealing import native_frame
from audit.wire import APPEND, pack_append, pack_key

if TYPE_CHECKING:
    from audit.datakeys import FlowKey, UserKey
    from audit.keys import Keyring

Keep = Mapping[str, Collection[str]]


class Framer:
    """Frames the leaves of one stream (writer, epoch). Remembers which user keys the log writer has been sent."""

    __slots__ = ("_epoch", "_keyring", "_registered", "_writer")

    def __init__(self, keyring: Keyring, writer: str, epoch: int) -> None:
        self._keyring = keyring
        self._writer = writer
        self._epoch = epoch
        self._registered: set[bytes] = set()

    def framed(self, draft: LeafDraft, n: int, reservation: str = "", keep: Keep | None = None) -> tuple[bytes, bytes]:
        """Entry and frame of `draft` as leaf `n`; RecordInvalid when it cannot be one.

        `reservation` and `keep` as in `Appender.append`.
        """
        groups = draft.groups
        if native_frame is None or draft.flows or draft.plain is not None:
            return self._sealed(draft, n, reservation, keep)
        key: FlowKey | None
        if isinstance(groups, RenderedGroups):
            rows, said, row_json = groups
            key = own_key(draft, self._keyring)
        else:
            if "content" in groups or not groups.keys() <= GROUPS:
                return self._sealed(draft, n, reservation, keep)
            rows, key = rows_of(draft, groups, self._keyring)
            pub = groups.get("pub")
            said, row_json = None, pub.row_json if type(pub) is Rendered else b""
        new: tuple[UserKey, ...] = ()
        secret, prefix, encrypt = b"", b"", None
        if key is not None:
            secret, prefix, encrypt = key.key, key.prefix, key.cipher.encrypt
            if key.user.id not in self._registered:
                new = (key.user,)
        kind, flow, time_us = draft.kind._value_, draft.flow, draft.time_us
        row: object = orjson.Fragment(row_json) if row_json else said
        if row is None:
            row = row_of(kind, draft.tenant, draft.user, draft.apart())
        keys = [pack_key(each.id, each.tenant, each.user, each.wrapped) for each in new] if new else ()
        kept = {counter: list(subjects) for counter, subjects in keep.items()} if keep else None
        made = native_frame(
            rows, self._keyring.salt_key, secret, prefix, encrypt, kind, flow, self._writer, time_us, self._epoch, n,
            draft.attempt, APPEND, orjson.dumps([kind, flow, (), time_us, row, keys, reservation, kept]),
        )  # fmt: skip
        if made is None:
            return self._sealed(draft, n, reservation, keep)
        if new:
            self._registered.add(new[0].id)
        return made

    def _sealed(self, draft: LeafDraft, n: int, reservation: str, keep: Keep | None) -> tuple[bytes, bytes]:
        """The same for any leaf, piece by piece."""
        leaf = seal(draft, self._keyring, self._writer, self._epoch, n)
        keys = []
        for key in leaf.user_keys:
            if key.id not in self._registered:
                self._registered.add(key.id)
                keys.append(pack_key(key.id, key.tenant, key.user, key.wrapped))
        return leaf.entry, pack_append(n, leaf, keys, reservation, keep)
