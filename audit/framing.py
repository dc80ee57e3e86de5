"""From drafts to the frames that append them: sealed and framed in one call of C, where the leaves are of the usual kind.

`frames` says byte for byte what `record.seal` and `wire.pack_append` say one after the other; they are its oracle in the
tests, and make what is unusual: settle leaves, content, names that have to be escaped.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import orjson

from audit.canonical import Rendered, RenderedGroups
from audit.projection import row_of
from audit.record import GROUPS, LeafDraft, hides, rows_of, seal
from audit.sealing import cipher, native_frames
from audit.wire import APPEND, kept_json, pack_append, pack_key

if TYPE_CHECKING:
    from audit.keys import Keyring

Keep = Mapping[str, Collection[str]]
Written = tuple[LeafDraft, RenderedGroups, str, Keep | None]
"""A draft, all its groups as bytes, reservation and keep as in `Appender.append`."""
Parts = tuple[list[tuple[str, bytes, bool]], bytes, bytes, bytes, str, str, int, int, bytes, bytes]
"""A leaf as C takes it, see `_frames.pyi`."""
_TAIL = b',[],"",null]'
"""How the head of an append ends that has no keys, reservation, or anything to keep."""


class Framer:
    """Frames the leaves of one stream (writer, epoch). Remembers which user keys the log writer has been sent."""

    __slots__ = ("_epoch", "_keyring", "_registered", "_writer")

    def __init__(self, keyring: Keyring, writer: str, epoch: int) -> None:
        self._keyring = keyring
        self._writer = writer
        self._epoch = epoch
        self._registered: set[bytes] = set()

    def written(self, draft: LeafDraft) -> RenderedGroups | None:
        """The groups as bytes, as `frames` takes them; None where the leaf must be `sealed`. RecordInvalid as `framed`."""
        groups = draft.groups
        if native_frames is None or draft.flows or draft.plain is not None:
            return None
        if isinstance(groups, RenderedGroups):
            return groups
        if "content" in groups or not groups.keys() <= GROUPS:
            return None
        rows, pub = rows_of(draft, groups), groups.get("pub")
        row = row_of(draft.kind.value, draft.tenant, draft.user, groups)
        row_json = pub.row_json if type(pub) is Rendered else b""
        return RenderedGroups(rows, row, row_json or orjson.dumps(row))

    def frames(self, leaves: Sequence[Written], n: int) -> tuple[bytes, list[bytes]]:
        """Frames of these leaves as `n`, n + 1, ..., and their entries; of none from one on that has to be `sealed`."""
        if native_frames is None:
            raise RuntimeError("the C extension was not built")
        for_flow, registered = self._keyring.data_keys.for_flow, self._registered
        parts: list[Parts] = []
        new: list[tuple[int, bytes]] = []
        for draft, groups, reservation, keep in leaves:
            kind, flow, time_us, tenant, user, _, attempt, _, _, _ = draft
            rows, row, row_json = groups
            secret, user_key, user_id, tail = b"", b"", b"", _TAIL
            if hides(rows):
                its_user, secret, _ = for_flow(flow, tenant, user)
                user_id, _, _, wrapped, user_key = its_user
                if reservation or keep or user_id not in registered:
                    keys = [] if user_id in registered else [pack_key(user_id, its_user.tenant, its_user.user, wrapped)]
                    new += [(len(parts), user_id)] if keys else ()
                    tail = b"," + orjson.dumps([keys, reservation, kept_json(keep)])[1:]
            elif reservation or keep:
                tail = b"," + orjson.dumps([(), reservation, kept_json(keep)])[1:]
            if not row_json:
                row_json = orjson.dumps(row_of(kind.value, tenant, user, groups.apart()) if row is None else row)
            parts.append((rows, secret, user_key, user_id, kind, flow, time_us, attempt, row_json, tail))
        frames, entries = native_frames(parts, n, self._keyring.salt_key, self._writer, self._epoch, APPEND, cipher)
        registered.update([user_id for at, user_id in new if at < len(entries)])
        return frames, entries

    def framed(self, draft: LeafDraft, n: int, reservation: str = "", keep: Keep | None = None) -> tuple[bytes, bytes]:
        """Entry and frame of `draft` as leaf `n`; RecordInvalid when it cannot be one.

        `reservation` and `keep` as in `Appender.append`.
        """
        written = self.written(draft)
        if written is not None:
            frame, entries = self.frames([(draft, written, reservation, keep)], n)
            if entries:
                return entries[0], frame
        return self.sealed(draft, n, reservation, keep)

    def sealed(self, draft: LeafDraft, n: int, reservation: str, keep: Keep | None) -> tuple[bytes, bytes]:
        """The same for any leaf, piece by piece."""
        leaf = seal(draft, self._keyring, self._writer, self._epoch, n)
        new = [key for key in leaf.user_keys if key.id not in self._registered]
        keys = [pack_key(key.id, key.tenant, key.user, key.wrapped) for key in new]
        frame = pack_append(n, leaf, keys, reservation, keep)
        # Not before: a leaf that cannot be packed brings no key to the log writer.
        self._registered.update([key.id for key in new])
        return leaf.entry, frame
