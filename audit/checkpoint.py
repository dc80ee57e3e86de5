"""Checkpoints: C2SP tlog-checkpoint in a C2SP signed note, signed with Ed25519.

The note's first line, the origin, names the log; a log that was restored with a recorded loss goes on as
`<origin>/<generation>`, because it is another log from then on. The key name stays the origin of generation 1.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from audit.errors import ProofInvalid

_ED25519 = b"\x01"  # C2SP signed-note: algorithm byte of Ed25519


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head: which log, how many leaves, which root."""

    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A C2SP vkey: name, 4-byte key hash, Ed25519 public key (32 bytes)."""

    name: str
    key_hash: bytes
    public: bytes

    def __str__(self) -> str:
        return f"{self.name}+{self.key_hash.hex()}+{base64.b64encode(_ED25519 + self.public).decode()}"

    @classmethod
    def of(cls, name: str, public: bytes) -> VerifierKey:
        """The vkey of a public key; ProofInvalid for a name that the note format cannot carry."""
        if not name or "+" in name or any(c.isspace() for c in name):
            raise ProofInvalid("a log's origin has no spaces and no plus sign")
        return cls(name, sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:4], public)

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Read `name+hash+base64`; ProofInvalid when it is not one or its hash is wrong."""
        parts = text.strip().split("+", 2)
        try:
            name, hash_hex, data = parts[0], parts[1], base64.b64decode(parts[2], validate=True)
        except (IndexError, ValueError) as error:  # binascii.Error is a ValueError
            raise ProofInvalid("not a verifier key (name+hash+base64)") from error
        if data[:1] != _ED25519 or len(data) != 33:
            raise ProofInvalid("the verifier key is not an Ed25519 key")
        key = cls.of(name, data[1:])
        if key.key_hash.hex() != hash_hex:
            raise ProofInvalid("the verifier key's hash does not fit its key")
        return key


def sign(checkpoint: Checkpoint, key: VerifierKey, signer: Ed25519PrivateKey) -> str:
    """The signed note over `checkpoint`."""
    body = checkpoint.body()
    signature = base64.b64encode(key.key_hash + signer.sign(body.encode())).decode()
    return f"{body}\n\u2014 {key.name} {signature}\n"


def parse(note: str) -> Checkpoint:
    """The checkpoint of a note, its signature unchecked; ProofInvalid when malformed."""
    body, separator, _ = note.partition("\n\n")
    lines = body.split("\n")
    try:
        origin, size, root = lines[0], lines[1], base64.b64decode(lines[2], validate=True)
        if not separator or not origin or not size.isdecimal() or str(int(size)) != size or len(root) != 32:
            raise ProofInvalid("not a checkpoint")
    except (IndexError, ValueError) as error:  # binascii.Error is a ValueError
        raise ProofInvalid("not a checkpoint") from error
    return Checkpoint(origin, int(size), root)


def verify(note: str, key: VerifierKey) -> Checkpoint:
    """The checkpoint of a note that `key` signed; ProofInvalid when it did not, or when it is of another log."""
    checkpoint = parse(note)
    base, _, generation = checkpoint.origin.rpartition("/")
    if checkpoint.origin != key.name and not (base == key.name and generation.isdecimal()):
        raise ProofInvalid("the checkpoint is of another log")
    body, _, signatures = note.partition("\n\n")
    for line in signatures.splitlines():
        mark, _, rest = line.partition(" ")
        name, _, data = rest.partition(" ")
        if mark != "\u2014" or name != key.name:
            continue
        try:
            raw = base64.b64decode(data, validate=True)
            if raw[:4] == key.key_hash:
                Ed25519PublicKey.from_public_bytes(key.public).verify(raw[4:], (body + "\n").encode())
                return checkpoint
        except (ValueError, InvalidSignature) as error:
            raise ProofInvalid("the checkpoint's signature is wrong") from error
    raise ProofInvalid("the checkpoint is not signed by this key")
