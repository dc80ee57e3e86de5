"""The commitments of leaves: salts, hashes and their Merkle root. The byte format is ADR 0002.

`commitments(place, [(name, body, secret), …])`: the JSON object of base64 that an entry carries. `flow_commitments(place,
name, flows, bodies, secrets)`: 32 bytes for each flow of a settle leaf. `root(hashes)`: their Merkle root (RFC 6962).
`leaf_hash(entry)`: SHA-256(0x00 || entry); `leaf_hashes([entry, …])`: of many. `grow(roots, size, hashes)`: the roots of a
tree's complete subtrees once these leaves were added to its `size`.

The C extension `native/seal.c` does it without a Python object for each hash; where it was not built, `sealing_python`
does the same with hashlib.
"""

from __future__ import annotations

from collections.abc import Callable

Commitments = Callable[[bytes, list[tuple[str, bytes, bytes]]], bytes]
FlowCommitments = Callable[[bytes, str, tuple[str, ...], list[bytes], list[bytes]], bytes]

commitments: Commitments
flow_commitments: FlowCommitments
root: Callable[[bytes], bytes]
leaf_hash: Callable[[bytes], bytes]
leaf_hashes: Callable[[list[bytes]], bytes]
grow: Callable[[bytes, int, bytes], bytes]

native_leaf: Callable[..., tuple[bytes, bytes, bytes] | None] | None
"""All of a leaf without content at once: (entry, disclosed, sealed), None for one that is unusual. See `audit.record`."""

native_frame: Callable[..., tuple[bytes, bytes] | None] | None
"""The same and the frame that appends it: (entry, frame). See `audit.framing`."""

try:
    from audit._seal import append_frame as native_frame
    from audit._seal import commitments, flow_commitments, grow, leaf_hash, leaf_hashes, root
    from audit._seal import leaf as native_leaf
except ImportError:  # no compiler was there when this was installed
    from audit.sealing_python import commitments, flow_commitments, grow, leaf_hash, leaf_hashes, root

    native_leaf = native_frame = None

__all__ = [
    "commitments",
    "flow_commitments",
    "grow",
    "leaf_hash",
    "leaf_hashes",
    "native_frame",
    "native_leaf",
    "root",
]
