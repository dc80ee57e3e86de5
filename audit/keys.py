"""The keys of one log, in a folder: what signs it, what encrypts it, what keyed hashes are derived from.

    keys/log-signing.key   Ed25519 seed; signs checkpoints
    keys/kek.key           key-encryption key; wraps one key per (tenant, user), which wraps one key per flow
    keys/root.key          HKDF input for everything derived: placeholders, subjects, digests, salts of public groups
    keys/log.vkey          the public verifier key, for auditors (written by the log writer, which knows the origin)

Private files are 0600 in a 0700 folder, made once under a lock. A passphrase seals them with scrypt and AES-256-GCM.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from audit.checkpoint import VerifierKey
from audit.datakeys import DataKeys
from audit.errors import KeysUnusable

_FORMAT = "lexgate-key/1"
_NAMES = ("log-signing", "kek", "root")
_SCRYPT_N = 1 << 15  # RFC 7914 cost: about 100 ms, 32 MiB


class Keyring:
    """The open keys. Holds secrets: no repr of its contents, never pickled, never logged."""

    __slots__ = ("_root", "data_keys", "folder", "kek", "salt_key", "signer")

    def __init__(self, folder: Path, seed: bytes, kek: bytes, root: bytes) -> None:
        self.folder = folder
        self.kek = kek
        self.signer = Ed25519PrivateKey.from_private_bytes(seed)
        self._root = root
        self.salt_key = self.derive("salt")
        self.data_keys = DataKeys(kek)

    def __repr__(self) -> str:
        return f"Keyring({str(self.folder)!r})"

    @classmethod
    def create(cls, folder: Path, passphrase: str = "") -> Keyring:
        """Make new keys in `folder`; KeysUnusable when there are some already."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(folder):
            taken = [name for name in _NAMES if _file(folder, name).exists()]
            if taken:
                raise KeysUnusable(f"{folder} already holds keys; they are never overwritten")
            for name in _NAMES:
                _write_private(_file(folder, name), _wrap(name, os.urandom(32), passphrase))
        return cls.open(folder, passphrase)

    @classmethod
    def open(cls, folder: Path, passphrase: str = "") -> Keyring:
        """Read the keys of `folder`; KeysUnusable when missing, damaged or the passphrase is wrong."""
        seed, kek, root = (_unwrap(_file(folder, name), name, passphrase) for name in _NAMES)
        return cls(folder, seed, kek, root)

    def derive(self, purpose: str, context: str = "") -> bytes:
        """32 bytes for `purpose` (placeholder, subject, cache, digest, fingerprint, salt, ...), HKDF-SHA256."""
        info = b"lexgate/1\x00" + purpose.encode() + b"\x00" + context.encode()
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(self._root)

    def verifier_key(self, origin: str) -> VerifierKey:
        """The public key by which anybody checks the checkpoints of the log named `origin`; str() is the C2SP vkey."""
        return VerifierKey.of(origin, self.signer.public_key().public_bytes_raw())


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.key"


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One process at a time makes keys: two that start together must not each write half of a set."""
    handle = os.open(folder / ".lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _write_private(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _wrap(name: str, secret: bytes, passphrase: str) -> bytes:
    document: dict[str, object] = {"format": _FORMAT, "kind": name, "protection": "none", "key": _b64(secret)}
    if passphrase:
        salt, nonce = os.urandom(16), os.urandom(12)
        sealed = AESGCM(_stretch(passphrase, salt)).encrypt(nonce, secret, name.encode())
        document |= {"protection": "scrypt", "n": _SCRYPT_N, "salt": _b64(salt), "nonce": _b64(nonce)}
        document["key"] = _b64(sealed)
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _unwrap(path: Path, name: str, passphrase: str) -> bytes:
    try:
        document = orjson.loads(path.read_bytes())
        key = base64.b64decode(document["key"], validate=True)
        if document["format"] != _FORMAT or document["kind"] != name:
            raise KeysUnusable(f"{path} is not a {name} key of this format")
        if document["protection"] == "scrypt":
            if not passphrase:
                raise KeysUnusable(f"{path} needs a passphrase")
            nonce, salt = base64.b64decode(document["nonce"]), base64.b64decode(document["salt"])
            key = AESGCM(_stretch(passphrase, salt, int(document["n"]))).decrypt(nonce, key, name.encode())
    except FileNotFoundError as error:
        raise KeysUnusable(f"{path} is missing; `lexgate init` makes keys") from error
    except InvalidTag as error:
        raise KeysUnusable(f"{path}: wrong passphrase, or the file is damaged") from error
    except (OSError, ValueError, KeyError, TypeError, binascii.Error) as error:
        raise KeysUnusable(f"{path} cannot be read: {type(error).__name__}") from error
    if len(key) != 32:
        raise KeysUnusable(f"{path} holds a key of the wrong length")
    return key


def _stretch(passphrase: str, salt: bytes, n: int = _SCRYPT_N) -> bytes:
    return Scrypt(salt=salt, length=32, n=n, r=8, p=1).derive(passphrase.encode())


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
