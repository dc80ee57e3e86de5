"""What `native/seal.c` does, with hashlib and `cryptography`: its oracle in the tests, and what runs where it was not built."""

from __future__ import annotations

from binascii import b2a_base64
from hashlib import blake2b, sha256

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from audit.merkle import Tree, leaf_hash, root_of

__all__ = ["aes_gcm", "commitments", "encrypt", "flow_commitments", "grow", "leaf_hash", "leaf_hashes", "root"]


def aes_gcm(key: bytes, nonce: bytes, text: bytes, bound: bytes) -> bytes:
    """Ciphertext and tag of AES-256-GCM."""
    return AESGCM(key).encrypt(nonce, text, bound)


def encrypt(key: bytes, nonce: bytes, text: bytes, bound: bytes, before: bytes) -> bytes:
    """See `sealing`."""
    return before + nonce + aes_gcm(key, nonce, text, bound)


def commitments(place: bytes, rows: list[tuple[str, bytes, bytes]]) -> bytes:
    """See `sealing`."""
    pieces = []
    for name, body, secret in rows:
        hash_ = sha256(_salt(secret, place, name, "") + body).digest()
        pieces.append(b'"%s":"%s"' % (name.encode(), b2a_base64(hash_, newline=False)))
    return b"{" + b",".join(pieces) + b"}"


def flow_commitments(
    place: bytes, name: str, flows: tuple[str, ...], bodies: list[bytes], secrets: list[bytes]
) -> bytes:
    """See `sealing`."""
    return b"".join(
        sha256(_salt(secret, place, name, flow) + body).digest()
        for flow, body, secret in zip(flows, bodies, secrets, strict=True)
    )


def root(hashes: bytes) -> bytes:
    """See `sealing`."""
    if len(hashes) % 32:
        raise ValueError("whole hashes of 32 bytes expected")
    return root_of(leaf_hash(hashes[at : at + 32]) for at in range(0, len(hashes), 32))


def leaf_hashes(entries: list[bytes]) -> bytes:
    """See `sealing`."""
    return b"".join(map(leaf_hash, entries))


def grow(roots: bytes, size: int, hashes: bytes) -> bytes:
    """See `sealing`."""
    tree = Tree()
    tree.resume(size, roots)
    for at in range(0, len(hashes), 32):
        tree.append(hashes[at : at + 32])
    return tree.roots()


def _salt(secret: bytes, place: bytes, group: str, flow: str) -> bytes:
    return blake2b(place + group.encode() + b"/" + flow.encode(), key=secret, digest_size=16).digest()
