"""The commitments of leaves: salts, hashes and their Merkle root. The byte format is ADR 0002.

`commitments(place, [(name, body, secret), …])`: the JSON object of base64 that an entry carries. `flow_commitments(place,
name, flows, bodies, secrets)`: 32 bytes for each flow of a settle leaf. `root(hashes)`: their Merkle root (RFC 6962).
`leaf_hash(entry)`: SHA-256(0x00 || entry); `leaf_hashes([entry, …])`: of many. `grow(roots, size, hashes)`: the roots of a
tree's complete subtrees once these leaves were added to its `size`.

`encrypt(key, nonce, text, bound, before)`: before ‖ nonce ‖ ciphertext ‖ tag, AES-256-GCM.

The C extensions `native/seal.c` and `native/frames.c` do it without a Python object for each hash or key; where they were not
built, `sealing_python` does the same with hashlib and `cryptography`.
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
encrypt: Callable[[bytes, bytes, bytes, bytes, bytes], bytes]

native_leaf: Callable[..., tuple[bytes, bytes, bytes] | None] | None
"""All of a leaf without content at once: (entry, disclosed, sealed), None for one that is unusual. See `audit.record`."""

native_frames: Callable[..., tuple[bytes, list[bytes]]] | None
"""The same of many leaves, and the frames that append them. See `audit.framing`."""

native_settlement: Callable[..., tuple[list[tuple[bytes, bytes]], bytes, bytes]] | None
"""What a settle leaf says of its flows: for each group its root and its commitments, then the ciphertexts and their root."""

Cipher = Callable[[bytes, bytes, bytes, bytes], bytes]
cipher: Cipher | None
"""How these two encrypt: None where they have the interpreter's libcrypto, `cryptography` otherwise."""

try:
    from audit._frames import frames as native_frames
    from audit._frames import has_cipher
    from audit._frames import settlement as native_settlement
    from audit._seal import commitments, flow_commitments, grow, leaf_hash, leaf_hashes, root
    from audit._seal import leaf as native_leaf
except ImportError:  # no compiler was there when this was installed
    from audit.sealing_python import commitments, flow_commitments, grow, leaf_hash, leaf_hashes, root

    native_leaf = native_frames = native_settlement = None
    has_cipher = False

if has_cipher:
    from audit._frames import encrypt

    cipher = None
else:
    from audit.sealing_python import aes_gcm as cipher
    from audit.sealing_python import encrypt

__all__ = [
    "cipher",
    "commitments",
    "encrypt",
    "flow_commitments",
    "grow",
    "leaf_hash",
    "leaf_hashes",
    "native_frames",
    "native_leaf",
    "native_settlement",
    "root",
]
